"""The rules of the house that run: layout, size, names, imports, docs and migrations."""
