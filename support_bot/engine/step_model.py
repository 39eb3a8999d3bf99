"""What the scheduler asks of a model: one step at a time, over tokens. Knows no text and no weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray


class BatchToken(NamedTuple):
    """One token of a step: its place in its sequence, and whether its logits are wanted afterwards."""

    token: int
    position: int
    sequence: int
    wants_logits: bool


class AdapterUse(NamedTuple):
    """Which loaded adapter lies over the weights, and how strongly. What was read under one is wrong under another."""

    name: str
    scale: float


PLAIN = AdapterUse("", 0.0)
"""No adapter."""


class StepFailed(Exception):
    """A step did not work; what the model remembers is undefined until `clear()`."""


class SavedSequence(Protocol):
    """Cells outside the model's memory; only the model that saved them knows what is in it."""

    def __len__(self) -> int:
        """Bytes."""
        ...


class StepModel(Protocol):
    """A model with a memory of cells, one for each token; a cell belongs to every sequence that shares its token.

    All calls come from one thread."""

    context_tokens: int
    """Tokens one sequence may have."""
    n_cells: int
    """Tokens the memory holds, shared ones once; at least `context_tokens`."""
    n_sequences: int
    """Sequences are numbered from 0 to `n_sequences` - 1."""
    shares_cells: bool
    """Whether sequences share one pool of cells; if not, each has `context_tokens` cells of its own."""
    put_away_bytes: int
    """How much of the machine's memory may hold cells that are not in use; 0 where they stay in the model's."""
    end_token: int
    """With which an answer usually ends."""

    def set_adapter(self, use: AdapterUse) -> None:
        """Lay this adapter alone over the weights, from the next step on; cheap where it lies there already."""
        ...

    def decode(self, batch: Sequence[BatchToken]) -> None:
        """Run the tokens through the model and remember them. Raises StepFailed."""
        ...

    def logits(self, row: int) -> NDArray[np.float32]:
        """Logits [n_vocab] of row `row` of the last batch; valid until the next step."""
        ...

    def remove_sequence(self, sequence: int, start: int = 0) -> None:
        """Forget a sequence from position `start` on; cells that no other sequence shares are free."""
        ...

    def copy_sequence(self, source: int, target: int, start: int, end: int) -> None:
        """Let `target` share the cells of `source` from position `start` to before `end`."""
        ...

    def save_sequence(self, sequence: int) -> SavedSequence:
        """A copy of the sequence's cells, to be given to `load_sequence`."""
        ...

    def load_sequence(self, sequence: int, saved: SavedSequence) -> bool:
        """Give an empty sequence cells of its own like those that were saved, at their positions.

        False where there is no room for them."""
        ...

    def save_blocks(self, sequence: int, size: int, numbers: Sequence[int]) -> list[SavedSequence]:
        """Copies of these blocks of `size` cells each, block 0 at position 0. Raises StepFailed."""
        ...

    def load_blocks(self, sequence: int, blocks: Sequence[SavedSequence]) -> bool:
        """Give an empty sequence cells like those of these blocks, one after another from position 0 on.

        False where there is no room for them."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...

    def piece(self, token: int) -> bytes:
        """The bytes a token stands for, maybe a part of a character."""
        ...

    def is_end(self, token: int) -> bool:
        """Whether the model says with this token that it is done."""
        ...
