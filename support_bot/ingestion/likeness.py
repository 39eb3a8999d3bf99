"""Tell near copies: a fingerprint that hardly changes with a few words, and an exact comparison. Pure functions."""

from __future__ import annotations

import hashlib
import re

import numpy as np

NEAR_COPY = 0.8
"""Texts that share this part of their word triples are copies with small changes."""
_BITS_APART = 16
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]|\w+")  # in scripts without spaces each sign counts
_MOST_WORDS = 200_000


def fingerprint(text: str) -> str:
    """SimHash of 64 bits (Charikar 2002) over word triples, 16 hexadecimal digits; empty where there are no words."""
    found = shingles(text)
    if not found:
        return ""
    hashed = b"".join(hashlib.blake2b(each.encode(), digest_size=8).digest() for each in found)
    bits = np.unpackbits(np.frombuffer(hashed, dtype=np.uint8)).reshape(-1, 64)
    return np.packbits(bits.sum(axis=0) * 2 > len(bits)).tobytes().hex()


def may_be_alike(one: str, other: str) -> bool:
    """Whether two fingerprints are so close that their texts are worth comparing. Empty ones are like nothing."""
    return bool(one and other) and (int(one, 16) ^ int(other, 16)).bit_count() <= _BITS_APART


def likeness(one: str, other: str) -> float:
    """Shared word triples of two texts (Jaccard, 0..1), whatever their capitals and marks."""
    return shared(shingles(one), shingles(other))


def shared(first: set[str], second: set[str]) -> float:
    """The same of two sets of word triples."""
    both = len(first & second)
    return both / (len(first) + len(second) - both) if both else 0.0


def shingles(text: str) -> set[str]:
    """The word triples of a text."""
    words = _WORDS.findall(text.casefold())[:_MOST_WORDS]
    return {" ".join(words[start : start + 3]) for start in range(max(1, len(words) - 2))} if words else set()
