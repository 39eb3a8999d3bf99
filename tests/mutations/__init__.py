"""Seeded faults: small changes that break a promise, each of which some test must notice."""
