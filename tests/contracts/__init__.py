"""The shipped contract suites run against the shipped implementations."""
