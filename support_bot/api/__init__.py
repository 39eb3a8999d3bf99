"""HTTP in, HTTP out: every route calls one service and nothing behind it."""
