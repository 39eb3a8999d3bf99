"""Question in, passages out: the order of the steps. Knows no conversation and no answer."""

from __future__ import annotations

from dataclasses import replace

from support_bot.index.search_index import SearchIndex
from support_bot.retrieval.fusion import convex_combination
from support_bot.retrieval.growing import grow
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
        by_meaning |= self._index.cosines(vector, [chunk_id for chunk_id in by_words if chunk_id not in by_meaning])
        fused = convex_combination(by_meaning, by_words, keyword_weight=settings.keyword_weight)
        passages = self._index.read([chunk_id for chunk_id, _ in fused], audience)
        found = [
            replace(passages[chunk_id], scores=Scores(by_meaning.get(chunk_id), by_words.get(chunk_id), score))
            for chunk_id, score in fused
            if chunk_id in passages
        ]
        kept = limit or settings.passages
        if not settings.passage_words:
            return found[:kept]
        around = self._index.around([passage.chunk_id for passage in found])
        return grow(found, around, most_words=settings.passage_words)[:kept]
