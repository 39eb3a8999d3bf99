"""Beginnings of prompts that left the model's memory, kept in the machine's: bytes by what stands before them."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.engine.step_model import AdapterUse, SavedSequence

_LEAST = 16
"""Bringing back fewer tokens saves next to nothing."""

_Key = tuple[AdapterUse, bytes]


@dataclass(frozen=True, slots=True)
class PutAway:
    """A run of tokens and what the model remembers of it; `key` says what stands before, and with what it begins."""

    key: _Key
    tokens: tuple[int, ...]
    saved: SavedSequence


class PutAwayRuns:
    """At most so many bytes of runs; the least recently used leave first. Belongs to the engine's thread."""

    def __init__(self, most_bytes: int) -> None:
        self.held_bytes = 0
        self._most = most_bytes
        self._runs: OrderedDict[_Key, PutAway] = OrderedDict()

    @property
    def keeps(self) -> bool:
        """Whether there is room for anything at all."""
        return self._most > 0

    def wants(self, adapter: AdapterUse, before: Sequence[int], tokens: Sequence[int]) -> bool:
        """Whether this run behind `before` is worth keeping and not here yet; if it is here, it counts as used."""
        if not self.keeps or len(tokens) < _LEAST:
            return False
        key = _key(adapter, before, tokens)
        found = self._runs.get(key)
        if found is None or found.tokens != tuple(tokens):
            return True
        self._runs.move_to_end(key)
        return False

    def add(self, adapter: AdapterUse, before: Sequence[int], tokens: Sequence[int], saved: SavedSequence) -> None:
        """Keep a run; what lay here with the same beginning goes."""
        key = _key(adapter, before, tokens)
        self.remove(key)
        if len(saved) > self._most:
            return
        self._runs[key] = PutAway(key, tuple(tokens), saved)
        self.held_bytes += len(saved)
        while self.held_bytes > self._most:
            self.remove(next(iter(self._runs)))

    def find(self, adapter: AdapterUse, prompt: Sequence[int], length: int) -> PutAway | None:
        """The run with which the prompt goes on after `length` tokens, the same for 16 tokens at least."""
        if not self._runs or length + _LEAST > len(prompt):
            return None
        found = self._runs.get(_key(adapter, prompt[:length], prompt[length:]))
        if found is not None:
            self._runs.move_to_end(found.key)
        return found

    def remove(self, key: _Key) -> None:
        """Forget a run, if it is here."""
        if gone := self._runs.pop(key, None):
            self.held_bytes -= len(gone.saved)

    def clear(self) -> None:
        """Forget everything."""
        self._runs.clear()
        self.held_bytes = 0


def _key(adapter: AdapterUse, before: Sequence[int], tokens: Sequence[int]) -> _Key:
    """Of all before a run and its first tokens: runs that begin alike for longer take each other's place."""
    return adapter, array("i", (len(before), *before, *tokens[:_LEAST])).tobytes()
