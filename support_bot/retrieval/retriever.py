"""Question in, passages out: the order of the steps. Knows no conversation and no answer."""

from __future__ import annotations

from dataclasses import replace

from support_bot.index.search_index import SearchIndex
from support_bot.retrieval.fusion import reciprocal_rank_fusion
from support_bot.settings import RetrievalSettings
from support_bot.values import Audience, Passage, Scores


class Retriever:
    """Vector and keyword search, fused, read back from SQL."""

    def __init__(self, index: SearchIndex, settings: RetrievalSettings) -> None:
        self._index = index
        self._settings = settings

    def retrieve(
        self, question: str, *, audience: Audience | None = Audience.PUBLIC, limit: int | None = None
    ) -> list[Passage]:
        """The best passages with every score they earned; `audience` None searches internal articles too."""
        settings = self._settings
        vector = self._index.embed([question])[0]
        by_meaning = dict(self._index.vector_hits(vector, settings.candidates, audience))
        by_words = dict(self._index.keyword_hits(question, settings.candidates, audience))
        fused = reciprocal_rank_fusion(
            [(settings.vector_weight, list(by_meaning)), (settings.keyword_weight, list(by_words))], k=settings.rrf_k
        )
        passages = self._index.read([chunk_id for chunk_id, _ in fused], audience)
        found = [
            replace(passages[chunk_id], scores=Scores(by_meaning.get(chunk_id), by_words.get(chunk_id), score))
            for chunk_id, score in fused
            if chunk_id in passages
        ]
        return found[: limit or settings.passages]
