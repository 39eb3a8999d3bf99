"""The test suite: a test is a sentence about behaviour."""
