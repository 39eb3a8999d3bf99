"""Several parts together over a real database."""
