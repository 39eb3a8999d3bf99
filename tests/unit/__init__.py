"""One module at a time, without weights, server or browser."""
