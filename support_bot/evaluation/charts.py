"""Two curves of an exam as the points of SVG drawings, 0..100 on either side. Knows no HTML and no question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.evaluation.risk import Bin
from support_bot.services.risk import CurvePoint


@dataclass(frozen=True, slots=True)
class Dot:
    """A mark with what it says to a reader who points at it."""

    x: float
    y: float
    radius: float
    says: str


def risk_line(points: Sequence[CurvePoint]) -> str:
    """Share answered (across) against the rate of wrong answers (up), as the points of a polyline."""
    return " ".join(f"{100 * point.coverage:.1f},{100 * (1 - point.wrong_rate):.1f}" for point in points)


def reliability_dots(bins: Sequence[Bin]) -> list[Dot]:
    """Mean confidence (across) against the share that was right (up); the larger, the more answers."""
    most = max((found.n for found in bins), default=1)
    return [
        Dot(
            round(100 * found.confidence, 1),
            round(100 * (1 - found.right), 1),
            round(1.5 + 3 * found.n / most, 1),
            f"{found.n} answers of confidence {found.confidence:.2f}: {found.right:.0%} right",
        )
        for found in bins
    ]
