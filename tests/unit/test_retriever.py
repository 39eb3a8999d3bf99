"""The order of what two searches found, on an index that says the same each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from support_bot.index.search_index import SearchIndex
from support_bot.retrieval.retriever import Retriever
from support_bot.settings import RetrievalSettings
from support_bot.values import Audience, Passage


class _Index:
    """Passage 1 is a little closer by meaning, passage 2 has the words; passage 3 has the closest sentence."""

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[1.0, 0.0]] * len(texts), dtype=np.float32)

    reads_unspaced = False

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        return cosines

    def vector_hits(self, vector: object, limit: int, audience: object) -> list[tuple[int, float]]:
        return [(1, 0.6), (2, 0.4), (3, 0.35)]

    def keyword_hits(self, question: str, limit: int, audience: object) -> list[tuple[int, float]]:
        return [(2, 5.0), (1, 1.0)]

    def likenesses(self, vector: object, chunk_ids: Sequence[int]) -> dict[int, float]:
        return {}

    def read(self, chunk_ids: Sequence[int], audience: object) -> dict[int, Passage]:
        return {n: Passage(n, n, f"{n}.md", "", (), "Text.", None, Audience.PUBLIC) for n in chunk_ids}

    def piece_vectors(self, passages: Sequence[Passage]) -> dict[int, NDArray[np.float32]]:
        closest = {1: 0.6, 2: 0.4, 3: 0.95}
        return {p.chunk_id: np.array([[closest[p.chunk_id], 0.0]], dtype=np.float32) for p in passages}


def _order(question: str, **settings: float) -> list[int]:
    retriever = Retriever(cast(SearchIndex, _Index()), RetrievalSettings.model_validate(settings))
    return [passage.chunk_id for passage in retriever.retrieve(question)]


@pytest.mark.parametrize(("question", "first"), [("how long do refunds take", 1), ("退款需要多长时间", 2)])
def test_words_count_more_where_the_embedder_cannot_read(question: str, first: int) -> None:
    assert _order(question, piece_weight=0.0)[0] == first


def test_the_closest_sentence_counts_among_those_that_are_looked_at() -> None:
    assert _order("how long do refunds take", piece_weight=0.9) == [3, 1, 2]
    assert _order("how long do refunds take", piece_weight=0.9, reread=2) == [1, 2, 3]
    assert _order("how long do refunds take", reread=0) == [1, 2, 3]
