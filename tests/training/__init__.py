"""Tests of what needs PyTorch: `pytest tests/training/*.py` with the extra `distill`; no other run collects them."""
