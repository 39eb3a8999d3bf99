"""The pieces of a chunk: what is compared, and vectors that fit into a quarter of the room."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from support_bot.engine.fake import HashingEmbedder
from support_bot.index.pieces import CUT, PieceIndex, cut, in_context, packed, unpacked

CHUNK = """## What is covered

**Falls.** The frame is covered. The wheels are not!

To claim:

1. Open **Orders**.
2. Send a photo.

| Part | Years |
|---|---|
| Frame | 5 |
"""


def test_each_sentence_item_and_row_is_compared_with_what_introduces_it() -> None:
    texts = [in_context("Warranty", piece) for piece in cut(CHUNK)]
    assert texts == [
        "Warranty What is covered Falls. What is covered Falls. The frame is covered.",
        "Warranty What is covered Falls. What is covered Falls. The wheels are not!",
        "Warranty What is covered What is covered To claim:",
        "Warranty What is covered What is covered To claim: 1. Open Orders.",
        "Warranty What is covered What is covered To claim: 2. Send a photo.",
        "Warranty What is covered What is covered To claim: Part Years | Frame | 5 |",
    ]


def test_another_way_of_cutting_gets_another_number() -> None:
    """Vectors made of other texts would be taken for these: count CUT up, then note the new hash here."""
    texts = "\n".join(in_context("Warranty", piece) for piece in cut(CHUNK))
    assert (CUT, hashlib.sha256(texts.encode()).hexdigest()[:12]) == (1, "c87b8521ffa0")


@pytest.mark.parametrize("count", [0, 1, 7])
def test_packed_vectors_come_back_nearly_the_same(count: int) -> None:
    vectors = np.random.default_rng(3).standard_normal((count, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) if count else 1
    data = packed(vectors) if count else b""
    assert len(data) == count * (384 + 4)
    back = unpacked(count, data)
    assert len(back) == count
    assert count == 0 or np.abs(back @ vectors.T - vectors @ vectors.T).max() < 0.005


def test_a_row_for_each_passage_even_where_nothing_can_be_quoted() -> None:
    rows = PieceIndex(HashingEmbedder()).make([(4, "", "# Only a heading"), (9, "", "One. Two words."), (2, "", "")])
    assert [(row.chunk_id, row.count) for row in rows] == [(4, 0), (9, 2), (2, 0)]
