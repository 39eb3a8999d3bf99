"""Everything that runs weights; it knows prompts and numbers, never customers or documents."""

import os

# Read when llama.cpp's thread library is loaded, so set before any module here imports it. By default a thread that
# waits for the other spins for milliseconds; with other work on the same cores, writing became up to 20 times slower.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")
