"""The cells of the model's memory: who holds how many, and who may begin. Never promises more than there are."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.engine.prefix_cache import Lease, PrefixCache
from support_bot.engine.step_model import StepModel


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

    def has_room(self, prompt: Sequence[int], answer_tokens: int) -> bool:
        """Whether all that this generation may need is free or can be freed."""
        lease = self._cache.lease(prompt[:-1])
        enough = self._missing(lease, prompt, answer_tokens) <= self._cache.unused()
        self._cache.release(lease)
        return enough

    def begin(self, sequence: int, prompt: Sequence[int], answer_tokens: int) -> int:
        """Set aside what a generation needs, where `has_room`; how many tokens of its prompt need not be read.

        The last token of a prompt is always read, for the logits after it."""
        lease = self._cache.lease(prompt[:-1])
        self._cache.free(self._missing(lease, prompt, answer_tokens))
        self._leases[sequence] = lease
        self._set_aside[sequence] = self._need(lease, prompt, answer_tokens)
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

    def forget(self) -> None:
        """The memory was emptied, and nothing runs."""
        self._cache.forget()
        self._leases.clear()
        self._set_aside.clear()

    def _need(self, lease: Lease, prompt: Sequence[int], answer_tokens: int) -> int:
        return min(len(prompt) + answer_tokens, self._model.context_tokens) - lease.length

    def _missing(self, lease: Lease, prompt: Sequence[int], answer_tokens: int) -> int:
        return self.in_use + self._need(lease, prompt, answer_tokens) - self._model.n_cells
