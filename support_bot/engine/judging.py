"""Which format and which way to run serve best, from what was measured. Arithmetic only: measures and loads nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from support_bot.engine.measuring import CHATS, Distance, Speed
from support_bot.engine.plan import Plan

SHIPPED = "shipped"

MOST_KL = 0.02
LEAST_SAME = 0.03
"""A variant may be this far from the shipped file: nats for each token, and this share of tokens fewer than rounding
alone leaves the same."""

GAIN = 0.95
"""What is not at least a twentieth faster changes nothing: that much is noise."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One format: its file in bytes, its memory in megabytes, its figures; `refused` says why it may not serve.

    The shipped file's distance is from itself, read in steps of another size: what rounding alone does."""

    format: str
    bytes: int
    memory_mb: float = 0.0
    speed: Speed | None = None
    distance: Distance | None = None
    refused: str = ""

    @property
    def cost(self) -> float:
        """Seconds for a typical answer."""
        return self.speed.typical_s if self.speed else float("inf")


def is_close(found: Distance | None, noise: Distance | None) -> bool:
    """Whether predictions are near enough to those of the shipped file."""
    if found is None or noise is None:
        return False
    return found.kl <= MOST_KL and found.same_top >= noise.same_top - LEAST_SAME


def judged(rows: Sequence[Measured]) -> list[Measured]:
    """With the reason why a format may not serve: it predicts otherwise, or is not clearly faster than the shipped one.

    One of the rows is the shipped file, which always may."""
    shipped = next(row for row in rows if row.format == SHIPPED)
    found = []
    for row in rows:
        if row.format != SHIPPED and not row.refused:
            if not is_close(row.distance, shipped.distance):
                row = replace(row, refused="predicts too differently")
            elif row.cost > GAIN * shipped.cost:
                row = replace(row, refused="not clearly faster than the shipped file")
        found.append(row)
    return found


def best_format(rows: Sequence[Measured]) -> Measured:
    """The fastest that may serve; of those that are nearly as fast the smallest, then the first."""
    allowed = [row for row in rows if not row.refused]
    least = min(row.cost for row in allowed)
    return min((row for row in allowed if GAIN * row.cost <= least), key=lambda row: row.bytes)


def clearly_best(usual: Plan, speeds: Mapping[Plan, Speed]) -> Plan:
    """The fastest plan, or the usual one where that takes at most a twentieth more."""
    best = min(speeds, key=lambda plan: speeds[plan].typical_s, default=usual)
    if usual in speeds and speeds[best].typical_s > GAIN * speeds[usual].typical_s:
        return usual
    return best


def best_threads(speeds: Mapping[Plan, Speed]) -> Plan:
    """Threads for steps of one token and for larger ones, each as few as are nearly the fastest."""

    def fewest(cost: Callable[[Speed], float]) -> Plan:
        least = min(cost(speed) for speed in speeds.values())
        return min((plan for plan in speeds if GAIN * cost(speeds[plan]) <= least), key=lambda plan: plan.threads)

    alone = fewest(lambda speed: speed.step_alone_s)
    larger = fewest(lambda speed: (speed.first_short_s * speed.first_long_s * speed.step_four_s) ** (1 / 3))
    return replace(alone, batch_threads=larger.threads)


def as_row(row: Measured, chosen: str) -> dict[str, Any]:
    """One line of the table."""
    about = {"variant": row.format, "mb": round(row.bytes / 1e6), "memory_mb": round(row.memory_mb) or None}
    near = {"kl": round(row.distance.kl, 5), "same_top": round(row.distance.same_top, 4)} if row.distance else {}
    verdict = "chosen" if row.format == chosen else row.refused or "slower than the chosen one"
    return {**about, **_figures(row.speed), **near, "verdict": verdict}


def as_plan_row(format: str, plan: Plan, speed: Speed, verdict: str) -> dict[str, Any]:
    """One line of the table for a way to run the chosen format."""
    memory = "" if plan.flash_attention else ", plain attention"
    way = f"{plan.threads}+{plan.batch_threads} threads, steps of {plan.step_tokens}, {plan.kv_type}{memory}"
    return {"variant": f"{format}: {way}", **_figures(speed), "verdict": verdict}


def _figures(speed: Speed | None) -> dict[str, Any]:
    if speed is None:
        return {}
    return {
        "prompt_per_s": round(1 / speed.token_s),
        "alone_per_s": round(1 / speed.step_alone_s, 1),
        "four_per_s": round(CHATS / speed.step_four_s, 1),
        "first_short_s": round(speed.first_short_s, 3),
        "first_long_s": round(speed.first_long_s, 3),
        "typical_s": round(speed.typical_s, 3),
    }
