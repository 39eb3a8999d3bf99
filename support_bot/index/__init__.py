"""Finding chunks by meaning and by words; derived from SQL and rebuilt from it at any time."""
