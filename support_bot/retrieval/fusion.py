"""Join ranked lists into one. Pure arithmetic: sees ids and ranks, never texts."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TypeVar

Id = TypeVar("Id", bound=Hashable)


def reciprocal_rank_fusion(rankings: Sequence[tuple[float, Sequence[Id]]], *, k: int = 60) -> list[tuple[Id, float]]:
    """Sum of weight / (k + rank) over the lists (Cormack, Clarke and Büttcher 2009), best first.

    `rankings` holds (weight, ids best first); ranks count from 1; equal sums keep the order of first sight."""
    scores: dict[Id, float] = {}
    for weight, ids in rankings:
        for rank, item in enumerate(ids, start=1):
            scores[item] = scores.get(item, 0.0) + weight / (k + rank)
    return sorted(scores.items(), key=lambda pair: -pair[1])
