"""The cells of the model's memory: who holds how many, and who may begin. Never promises more than there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.engine.prefix_cache import Lease, PrefixCache, shared_beginning
from support_bot.engine.step_model import PLAIN, AdapterUse, StepModel

_MOST_UNUSED = 512
"""Cells that stay in the model's memory though nobody uses them, where there is room outside it."""


@dataclass(frozen=True, slots=True)
class Need:
    """What one generation asks of the memory: room for its prompt and so many tokens after it, read under `adapter`.

    The last `read_anew` tokens of the prompt, at least one, are read in any case, for the logits after them."""

    prompt: Sequence[int]
    answer_tokens: int
    adapter: AdapterUse = PLAIN
    read_anew: int = 1

    @property
    def shareable(self) -> Sequence[int]:
        """The part of the prompt that may come from the tree."""
        return self.prompt[: len(self.prompt) - self.read_anew]


class CellBudget:
    """Every cell is free, set aside for a running generation, or held by the tree of shared beginnings.

    A generation begins only when all it may ever need is free or can be freed, so no step finds the memory full and
    nothing that runs is thrown out. All calls come from the engine's thread."""

    def __init__(self, model: StepModel, slots: int) -> None:
        """Sequences from `slots` on belong to the tree."""
        self._model = model
        self._cache = PrefixCache(model, range(slots, model.n_sequences))
        self._leases: dict[int, Lease] = {}
        self._set_aside: dict[int, int] = {}

    @property
    def in_use(self) -> int:
        """Cells that are set aside or held."""
        return self._cache.held + sum(self._set_aside.values())

    def known(self, need: Need) -> int:
        """How many tokens of its prompt would not have to be read."""
        return self._cache.known(need.shareable, need.adapter)

    def has_room(self, need: Need) -> bool:
        """Whether all that this generation may need is free or can be freed."""
        lease = self._cache.lease(need.shareable, need.adapter)
        enough = self._missing(lease, need) <= self._cache.unused()
        self._cache.release(lease)
        return enough

    def begin(self, sequence: int, need: Need) -> int:
        """Set aside what a generation needs, where `has_room`; how many tokens of its prompt need not be read."""
        lease = self._cache.lease(need.shareable, need.adapter)
        self._cache.free(self._missing(lease, need))
        self._bring_back(lease, need)
        self._leases[sequence] = lease
        self._set_aside[sequence] = self._cells(lease, need)
        self._cache.lend(lease, sequence)
        return lease.length

    def keep(self, sequence: int, tokens: Sequence[int]) -> None:
        """The sequence has these tokens in its cells; let others share them from now on."""
        self._set_aside[sequence] -= self._cache.keep(self._leases[sequence], tokens, sequence)

    def end(self, sequence: int) -> None:
        """The generation is over: its cells are free, but for what was kept."""
        self._model.remove_sequence(sequence)
        self._cache.release(self._leases.pop(sequence))
        del self._set_aside[sequence]
        self._cache.settle(_MOST_UNUSED)

    def forget(self) -> None:
        """The memory was emptied, and nothing runs."""
        self._cache.forget()
        self._leases.clear()
        self._set_aside.clear()

    def _bring_back(self, lease: Lease, need: Need) -> None:
        """Let the lease cover what was put away, as long as the whole of it has room beside what is needed."""
        while run := self._cache.put_away(lease, need.shareable):
            tail = len(run.tokens) - shared_beginning(run.tokens, need.shareable[lease.length :])
            lacking = self._missing(lease, need) + tail
            if lacking > self._cache.unused():
                return
            self._cache.free(lacking)
            if not self._cache.bring_back(lease, need.shareable, run):
                return

    def _cells(self, lease: Lease, need: Need) -> int:
        return min(len(need.prompt) + need.answer_tokens, self._model.context_tokens) - lease.length

    def _missing(self, lease: Lease, need: Need) -> int:
        return self.in_use + self._cells(lease, need) - self._model.n_cells
