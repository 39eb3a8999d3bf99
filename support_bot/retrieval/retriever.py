"""Question in, passages out: the order of the steps. Knows no conversation and no answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from support_bot.index.bigrams import has_unspaced
from support_bot.index.search_index import SearchIndex
from support_bot.retrieval.fusion import convex_combination
from support_bot.settings import RetrievalSettings
from support_bot.values import Audience, Passage, Scores

_UNREAD = 0.5
"""The least keyword weight of a question that the embedder cannot read (docs/benchmarks.md)."""


class Retriever:
    """Vector and keyword search, fused, read back from SQL, the best of them ordered anew by their best piece."""

    def __init__(self, index: SearchIndex, settings: RetrievalSettings) -> None:
        self._index = index
        self._settings = settings

    def retrieve(
        self, question: str, *, audience: Audience | None = Audience.PUBLIC, limit: int | None = None
    ) -> list[Passage]:
        """The best passages with every score they earned; `audience` None searches internal articles too."""
        settings = self._settings
        vector = self._index.embed_questions([question])[0]
        by_meaning = dict(self._index.vector_hits(vector, settings.candidates, audience))
        by_words = dict(self._index.keyword_hits(question, settings.candidates, audience))
        by_meaning |= self._index.likenesses(vector, [chunk_id for chunk_id in by_words if chunk_id not in by_meaning])
        weight = self._keyword_weight(question)
        fused = convex_combination(by_meaning, by_words, keyword_weight=weight)
        passages = self._index.read([chunk_id for chunk_id, _ in fused], audience)
        found = [
            replace(passages[chunk_id], scores=Scores(by_meaning.get(chunk_id), by_words.get(chunk_id), score))
            for chunk_id, score in fused
            if chunk_id in passages
        ]
        found = (
            self._by_pieces(vector, found[: settings.reread], (1 - weight) * settings.piece_weight)
            + found[settings.reread :]
        )
        return found[: limit or settings.passages]

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors [n, dimension] of what is asked, by the index's own model."""
        return self._index.embed_questions(texts)

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]:
        """Cosines of the index's own vectors on the scale that all embedders share."""
        return self._index.likeness(cosines)

    def piece_vectors(self, passages: Sequence[Passage]) -> dict[int, NDArray[np.float32]]:
        """Unit vectors [pieces, dimension] of each passage's sentences, items and rows, by chunk id."""
        return self._index.piece_vectors(passages)

    def _keyword_weight(self, question: str) -> float:
        """Where the embedder reads no language without spaces its cosines are noise there, and words count more."""
        weight = self._settings.keyword_weight
        return max(weight, _UNREAD) if has_unspaced(question) and not self._index.reads_unspaced else weight

    def _by_pieces(self, vector: NDArray[np.float32], found: list[Passage], share: float) -> list[Passage]:
        """A chunk says many things: let the piece that is closest to the question count beside the whole."""
        vectors = self._index.piece_vectors(found)
        scored: list[Passage] = []
        for passage in found:
            scores, pieces = passage.scores, vectors[passage.chunk_id]
            if len(pieces):
                best = float(self._index.likeness(pieces @ vector).max())
                fused = scores.fused + share * (best - (scores.vector or 0.0))
                scores = replace(scores, rerank=best, fused=fused)
            scored.append(replace(passage, scores=scores))
        return sorted(scored, key=lambda passage: -passage.scores.fused)
