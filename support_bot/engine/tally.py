"""What an engine has done so far, and how long its answers take. Sums and a moving average; knows no model."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace

from support_bot.engine.base import EngineFigures
from support_bot.engine.running import RunningGeneration
from support_bot.engine.slot import Slot

_FIRST_GUESS_S = 4.0
_NEWEST_WEIGHT = 0.2
_COUNTS = ("prompt_tokens", "reused_tokens", "answer_tokens", "drafted_tokens", "accepted_tokens", "failed_steps")


class Tally:
    """The figures of one scheduler. Written by the engine's thread, read by any."""

    def __init__(self, slots: int, cells: int) -> None:
        self.figures = EngineFigures(slots, 0, cells, 0)
        self._mean_s = _FIRST_GUESS_S

    def stands(self, running: int, cells_used: int) -> None:
        """After a step: so many run, and so many cells are taken."""
        self.figures = replace(self.figures, running=running, cells_used=cells_used)

    def failed(self) -> None:
        """A step has failed; nothing runs, the memory is empty."""
        self.figures = replace(self.figures, running=0, cells_used=0, failed_steps=self.figures.failed_steps + 1)

    def count(self, generation: RunningGeneration, slot: Slot) -> None:
        """A generation is over."""
        known = self.figures
        self.figures = replace(
            known,
            prompt_tokens=known.prompt_tokens + len(generation.prompt),
            reused_tokens=known.reused_tokens + slot.reused,
            answer_tokens=known.answer_tokens + slot.written,
            drafted_tokens=known.drafted_tokens + slot.drafted,
            accepted_tokens=known.accepted_tokens + slot.accepted,
        )

    def learn_time(self, generation: RunningGeneration) -> None:
        """A generation has run from its start to its end, or to its deadline."""
        self._mean_s += _NEWEST_WEIGHT * (time.monotonic() - generation.started_at - self._mean_s)

    def expected_s(self, running: Iterable[RunningGeneration], ahead: int) -> float:
        """Seconds until all running ones and `ahead` waiting ones are done, divided among the slots."""
        now = time.monotonic()
        busy = sum(max(0.0, self._mean_s - (now - generation.started_at)) for generation in running)
        return (busy + ahead * self._mean_s) / self.figures.slots


def with_counts_of(figures: EngineFigures, earlier: Iterable[EngineFigures]) -> EngineFigures:
    """These figures, with what engines before this one have counted."""
    past = tuple(earlier)
    return replace(figures, **{name: sum(getattr(one, name) for one in (figures, *past)) for name in _COUNTS})
