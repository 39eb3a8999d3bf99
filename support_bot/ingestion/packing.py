"""Cut a row of weighted units into groups near a target size. Arithmetic only; knows no text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

HARD_LIMIT = 1.5
"""No group of two or more units is longer than this many targets."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Something that is not cut. `glue` is the price of a cut right before it (0 = free, 2 = almost never)."""

    words: int
    glue: float = 0.0


def pack(
    units: Sequence[Unit], target: int, allowed: Callable[[int, int], bool] | None = None
) -> list[tuple[int, int]]:
    """The cheapest cut of `units` into consecutive groups, as half-open index ranges.

    Optimal line breaking (Knuth and Plass 1981) with words for widths: a group costs the square of its relative
    distance from the target, four times as much above it as below. `allowed(i, j)` may forbid a group."""
    best: list[tuple[float, int]] = [(0.0, 0)]
    for end in range(1, len(units) + 1):
        options: list[tuple[float, int]] = []
        words = 0
        for start in range(end - 1, -1, -1):
            words += units[start].words
            single = start == end - 1
            if not single and words > HARD_LIMIT * target:
                break
            if single or allowed is None or allowed(start, end):
                glue = units[start].glue if start else 0.0
                options.append((best[start][0] + glue + _misfit(words, target), start))
        best.append(min(options))
    cuts = [len(units)]
    while cuts[-1]:
        cuts.append(best[cuts[-1]][1])
    cuts.reverse()
    return list(pairwise(cuts))


def _misfit(words: int, target: int) -> float:
    distance = (words - target) / target
    return distance**2 * (4.0 if distance > 0 else 1.0)
