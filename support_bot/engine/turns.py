"""Whose adapter lies over the weights in the next step. Knows no tokens and no model."""

from __future__ import annotations

import time
from collections.abc import Mapping

from support_bot.engine.step_model import PLAIN, AdapterUse

_TURN_TOKENS = 8


class AdapterTurns:
    """A step has one adapter, so those who want another wait; the adapters take turns, and none waits for ever.

    Next comes whoever had its last turn longest ago; one that had none counts from when it asked. A turn lasts for a
    few tokens, since laying another adapter over the weights costs 0.4 of a step of one token
    (docs/benchmarks.md). A step of reading is a turn by itself."""

    def __init__(self) -> None:
        self.changed = False
        """Whether the turn that runs is another adapter's than the one before, and had no step yet."""
        self._now = PLAIN
        self._left = 0
        self._served: dict[AdapterUse, float] = {}

    def next(self, waiting: Mapping[AdapterUse, float]) -> AdapterUse:
        """Whose turn it is, out of those who have work and since when by `time.monotonic`; at least one."""
        if self._now in waiting and (self._left > 0 or len(waiting) == 1):
            return self._now
        ranks = {use: self._served.get(use, since) for use, since in waiting.items()}
        following = min(ranks, key=lambda use: ranks[use])
        # Who had a turn before all of these would be first anyway: no need to remember it.
        self._served = {use: at for use, at in self._served.items() if at >= ranks[following]}
        self.changed = self.changed or following != self._now
        self._now, self._left = following, _TURN_TOKENS
        return following

    def count(self, tokens: int) -> None:
        """A step of so many tokens was run with the adapter whose turn it is."""
        self.changed = False
        self._left -= tokens
        self._served[self._now] = time.monotonic()
