"""A running server as its users meet it: browser, HTTP and command line."""
