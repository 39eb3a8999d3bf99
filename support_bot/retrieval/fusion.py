"""Join what two searches found into one order. Pure arithmetic: sees ids and scores, never texts."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)


def convex_combination(
    cosines: Mapping[Id, float], words: Mapping[Id, float], *, keyword_weight: float
) -> list[tuple[Id, float]]:
    """(1 - w) · cosine + w · BM25 / best BM25, best first (Bruch, Gai and Ingber 2023: better than rank fusion where
    the weight can be fitted). An id that shares no word counts 0 for words, one without a vector counts 0 for meaning;
    equal scores keep the order of first sight."""
    best = max(words.values(), default=0.0)
    scale = keyword_weight / best if best > 0 else 0.0
    scores = {
        item: (1 - keyword_weight) * cosines.get(item, 0.0) + scale * words.get(item, 0.0)
        for item in dict.fromkeys([*cosines, *words])
    }
    return sorted(scores.items(), key=lambda pair: -pair[1])
