"""What the command line needs beside the services: the way to a running server, and the product in its own process."""
