"""Where a ticket stands with what was promised."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.answering import phrases
from support_bot.models import Clock, Metric, utcnow

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
METRICS = tuple(metric.value for metric in Metric)
HANDOFF_TEXTS = {reason.value: text for reason, text in phrases.HANDOFF.items()}
"""Our own text by reason, with its places not filled in."""


@dataclass(frozen=True, slots=True)
class SlaView:
    """The most urgent promise of a ticket; `state` is `running`, `warned`, `breached` or `paused`, the last without
    `due_at`."""

    metric: str
    state: str
    due_at: dt.datetime | None

    @classmethod
    def of(cls, clocks: Sequence[Clock], now: dt.datetime | None = None) -> SlaView | None:
        """None where nothing is due."""
        now = now or utcnow()
        running = [(clock.due_at, clock) for clock in clocks if clock.runs and clock.due_at]
        if running:
            due_at, clock = min(running, key=lambda pair: pair[0])
            warned = clock.warn_at is not None and clock.warn_at <= now
            state = "breached" if due_at <= now else "warned" if warned else "running"
            return cls(clock.metric.value, state, due_at)
        paused = [clock for clock in clocks if clock.ended_at is None and clock.since is None]
        return cls(paused[0].metric.value, "paused", None) if paused else None


def due_at(clocks: Sequence[Clock], metric: Metric) -> dt.datetime | None:
    """When this promise is to be kept; None where it was, or stands still."""
    return next((clock.due_at for clock in clocks if clock.metric is metric and clock.runs), None)
