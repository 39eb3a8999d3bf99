"""All SQL: one repository per model file; `database.py` owns transactions, `blobs.py` owns files."""
