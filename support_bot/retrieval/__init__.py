"""From a question to the passages most likely to answer it."""
