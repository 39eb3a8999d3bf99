"""What `bench` measures with: copies of real vectors in an index of the asked size, and articles really stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from support_bot.engine.fake import HashingEmbedder
from support_bot.evaluation import bench
from support_bot.settings import Settings
from tests.factories import DELIVERY, RETURNS, settings


@pytest.fixture
def articles(tmp_path: Path) -> list[Path]:
    for name, text in (("delivery.md", DELIVERY), ("returns.md", RETURNS)):
        (tmp_path / name).write_text(text)
    return [tmp_path / "delivery.md", tmp_path / "returns.md"]


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    return settings(tmp_path)


def work(told: list[tuple[str, int, int]]) -> bench.Work:
    return bench.Work(HashingEmbedder(), ["How much is delivery?", "returns"], 2, lambda *step: told.append(step))


def test_an_index_of_the_asked_size_is_searched(given: Settings, articles: list[Path]) -> None:
    told: list[tuple[str, int, int]] = []
    known = bench.pieces(given, articles, HashingEmbedder())
    found = bench.retrieval(given, known, work(told), 120)
    assert (found.chunks, found.runs, found.questions) == (120, 2, 2)
    assert 0 < found.p50_ms <= found.p95_ms
    assert told[-1] == ("Filling the index", 120, 120)


def test_copies_are_like_their_originals_but_not_the_same(given: Settings, articles: list[Path]) -> None:
    known = bench.pieces(given, articles, HashingEmbedder())
    copies = bench.copies(known, 40)
    nearest = (copies @ known.vectors.T).max(axis=1)
    assert np.allclose(np.linalg.norm(copies, axis=1), 1, atol=1e-5)
    assert nearest.min() > 0.9
    assert nearest.max() < 0.999


def test_every_chunk_of_the_articles_is_stored(given: Settings, articles: list[Path]) -> None:
    found = bench.ingestion(given, articles, work([]))
    assert found.chunks == len(bench.pieces(given, articles, HashingEmbedder()).drafts)
    assert 0 < found.complete_per_s <= found.chunks_per_s


def test_the_sentences_of_a_filled_index_have_vectors_too(given: Settings, articles: list[Path]) -> None:
    known, asked = bench.pieces(given, articles, HashingEmbedder()), work([])
    with bench._index(asked.embedder, known) as (db, filling, index):
        bench._fill(db, filling, known, 60, asked.progress)
        assert index.lacking_pieces(10) == []
