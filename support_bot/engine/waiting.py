"""Who comes next. An order of generations; knows no slots and no model."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from support_bot.engine.running import RunningGeneration

BACKGROUND_PATIENCE_S = 60.0
PATIENCE = 4.0
_LOOKED_AT = 16


def rank(generation: RunningGeneration, read_s: float) -> float:
    """Whoever has the least is read next, given the seconds that the rest of each prompt takes.

    Prompts that are short, or mostly known, go first, but pass only those who asked a few times the difference before:
    of many who ask at once most wait less, and nobody waits for ever."""
    return due_at(generation) + PATIENCE * read_s


def due_at(generation: RunningGeneration) -> float:
    """By the clock of `time.monotonic`, when it counts as having asked."""
    return generation.asked_at + (BACKGROUND_PATIENCE_S if generation.request.background else 0.0)


class WaitingLine:
    """First come, first placed, but background work lets everybody pass who asks within a minute of it.

    A fixed head start instead of two lines: background work waits longer, yet never for ever. Not safe across threads
    by itself."""

    def __init__(self) -> None:
        self._line: list[RunningGeneration] = []

    def __len__(self) -> int:
        return len(self._line)

    def add(self, generation: RunningGeneration) -> None:
        """Put it at its place."""
        at = len(self._line)
        while at and due_at(self._line[at - 1]) > due_at(generation):
            at -= 1
        self._line.insert(at, generation)

    def remove(self, generation: RunningGeneration) -> bool:
        """Take it out; False where it does not wait."""
        if generation not in self._line:
            return False
        self._line.remove(generation)
        return True

    def place(self, generation: RunningGeneration) -> int:
        """From 1 where it waits, else 0."""
        return self._line.index(generation) + 1 if generation in self._line else 0

    def first(
        self, may: Callable[[RunningGeneration], bool], order: Callable[[RunningGeneration], float] = due_at
    ) -> RunningGeneration | None:
        """Of the first ones that may begin, the one that comes first by `order`; it stays in the line."""
        able = itertools.islice((generation for generation in self._line if may(generation)), _LOOKED_AT)
        return min(able, key=order, default=None)

    def drain(self) -> list[RunningGeneration]:
        """Everybody, and the line is empty."""
        left, self._line = self._line, []
        return left
