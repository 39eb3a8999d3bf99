"""What an engine has done since it started, and how long its answers take. Only sums; knows no queue and no model."""

from __future__ import annotations

from dataclasses import replace

from support_bot.engine.base import EngineFigures
from support_bot.engine.slot import Slot

_FIRST_GUESS_S = 4.0
_NEWEST_WEIGHT = 0.2


class Tally:
    """Written by the engine's thread alone; others may read it at any time."""

    def __init__(self, slots: int, cells: int) -> None:
        self.figures = EngineFigures(slots, 0, cells, 0)
        self.mean_s = _FIRST_GUESS_S
        """Moving average of how long a generation runs."""

    def stand(self, running: int, cells_used: int) -> None:
        """How it stands after a step."""
        self.figures = replace(self.figures, running=running, cells_used=cells_used)

    def count(self, prompt_tokens: int, slot: Slot) -> None:
        """A generation is over."""
        known = self.figures
        self.figures = replace(
            known,
            prompt_tokens=known.prompt_tokens + prompt_tokens,
            reused_tokens=known.reused_tokens + slot.reused,
            answer_tokens=known.answer_tokens + slot.written,
            drafted_tokens=known.drafted_tokens + slot.drafted,
            accepted_tokens=known.accepted_tokens + slot.accepted,
        )

    def remember_time(self, seconds: float) -> None:
        """A generation that was not cancelled has run for so long."""
        self.mean_s += _NEWEST_WEIGHT * (seconds - self.mean_s)
