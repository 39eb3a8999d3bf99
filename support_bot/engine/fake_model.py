"""A model without weights, for tests of whatever runs steps: it answers from a script, out of what it remembers."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.step_model import PLAIN, AdapterUse, BatchToken, SavedSequence, StepFailed

_END, _WRITE = 0, 1
_WORD = re.compile(r"\s*\S+|\s+")


class _Cell:
    """A token in the fake's memory, the adapter it was read under, and how many sequences share it."""

    __slots__ = ("adapter", "sharers", "token")

    def __init__(self, token: int, adapter: AdapterUse) -> None:
        self.token = token
        self.adapter = adapter
        self.sharers = 0


class _Saved(list[tuple[int, int, AdapterUse]]):
    """Position, token and adapter of each cell."""


class FakeModel:
    """A StepModel of words: it answers from a script, but only out of what its memory holds.

    A scheduler that forgets too much or too little gets a wrong answer, one that asks too much of the memory or mixes
    what was read under different adapters a failed step. `fail_next` is raised by the next step, and each waits for
    `go`; `steps` are the batches so far and `adapters` what lay over them, `most_cells` the most it ever held."""

    def __init__(
        self,
        reply: Callable[[str], str],
        *,
        context_tokens: int = 4096,
        n_cells: int = 0,
        n_sequences: int = 32,
        delay_s: float = 0.0,
        strict: bool = True,
    ) -> None:
        """After words that its reply does not have, it wants to end, or fails the step where `strict`."""
        self.put_away_bytes = 0
        self.shares_cells = True
        self.n_cells = n_cells or 4 * context_tokens
        self.context_tokens = min(context_tokens, self.n_cells)
        self.n_sequences = n_sequences
        self.delay_s = delay_s
        self.end_token = _END
        self.fail_next: Exception | None = None
        self.go = threading.Event()
        self.go.set()
        self.steps: list[int] = []
        self.adapters: list[AdapterUse] = []
        self.cells = self.most_cells = 0
        self._reply = reply
        self._strict = strict
        self._words: list[bytes] = [b"", b""]
        self._ids: dict[bytes, int] = {}
        self._memory: dict[int, dict[int, _Cell]] = {}
        self._rows: list[BatchToken] = []
        self._adapter = PLAIN
        self._lock = threading.Lock()

    def prompt(self, text: str) -> list[int]:
        """Token ids of a prompt: its words, then the token after which the model writes."""
        return [*self.tokenize(text), _WRITE]

    def tokenize(self, text: str) -> list[int]:
        """A token id per word, spaces before it included; safe from any thread."""
        with self._lock:
            return [self._id(word.encode()) for word in _WORD.findall(text)]

    def set_adapter(self, use: AdapterUse) -> None:
        """Remember what is read from now on as read under this adapter."""
        self._adapter = use

    def decode(self, batch: Sequence[BatchToken]) -> None:
        """Remember the tokens. Raises `fail_next`, or StepFailed where a token leaves a gap in its sequence."""
        self.steps.append(len(batch))
        self.adapters.append(self._adapter)
        if self.delay_s:
            time.sleep(self.delay_s)
        self.go.wait()
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        self._rows = list(batch)
        for item in batch:
            memory = self._memory.setdefault(item.sequence, {})
            if item.position != len(memory):
                raise StepFailed(f"token for position {item.position}, memory ends at {len(memory)}")
            self._share(memory, item.position, _Cell(item.token, self._adapter))
        if not self.shares_cells and max(map(len, self._memory.values())) > self.context_tokens:
            raise StepFailed("a sequence has more than its cells")
        if self.cells > self.n_cells:
            raise StepFailed(f"{self.cells} cells, room for {self.n_cells}")

    def logits(self, row: int) -> NDArray[np.float32]:
        """Logits [words so far] with one peak: the next word of the reply to the prompt in memory."""
        item = self._rows[row]
        if not item.wants_logits:
            raise StepFailed(f"row {row} did not ask for logits")
        cells = [self._memory[item.sequence][position] for position in range(item.position + 1)]
        if any(cell.adapter != self._adapter for cell in cells):
            raise StepFailed(f"row {row} follows what was read under another adapter")
        tokens = [cell.token for cell in cells]
        at = tokens.index(_WRITE)
        prompt = b"".join(self._words[token] for token in tokens[:at]).decode()
        reply = [*self.tokenize(self._reply(prompt)), _END]
        written = tokens[at + 1 :]
        follows = written == reply[: len(written)]
        if self._strict and not follows:
            raise StepFailed(f"row {row} follows words that the reply does not have")
        row_logits = np.zeros(len(self._words), dtype=np.float32)
        row_logits[reply[len(written)] if follows else _END] = 1.0
        return row_logits

    def remove_sequence(self, sequence: int, start: int = 0) -> None:
        """Forget a sequence from position `start` on."""
        memory = self._memory.get(sequence, {})
        for position in [position for position in memory if position >= start]:
            cell = memory.pop(position)
            cell.sharers -= 1
            self.cells -= not cell.sharers

    def copy_sequence(self, source: int, target: int, start: int, end: int) -> None:
        """Let `target` share cells of `source`."""
        memory = self._memory.setdefault(target, {})
        for position, cell in list(self._memory[source].items()):
            if start <= position < end:
                self._share(memory, position, cell)

    def save_sequence(self, sequence: int) -> SavedSequence:
        """A byte a cell, and what stands in them."""
        cells = sorted(self._memory.get(sequence, {}).items(), key=lambda at: at[0])
        return _Saved([(position, cell.token, cell.adapter) for position, cell in cells])

    def load_sequence(self, sequence: int, saved: SavedSequence) -> bool:
        """Cells of its own, as they were saved."""
        assert isinstance(saved, _Saved)
        if self.cells + len(saved) > self.n_cells:
            return False
        for position, token, adapter in saved:
            self._share(self._memory.setdefault(sequence, {}), position, _Cell(token, adapter))
        return True

    def save_blocks(self, sequence: int, size: int, numbers: Sequence[int]) -> list[SavedSequence]:
        """Blocks of a byte a cell."""
        cells = self.save_sequence(sequence)
        assert isinstance(cells, _Saved)
        return [_Saved(cells[i * size : (i + 1) * size]) for i in numbers]

    def load_blocks(self, sequence: int, blocks: Sequence[SavedSequence]) -> bool:
        """Cells of its own, as they were saved."""
        return self.load_sequence(sequence, _Saved(cell for block in blocks for cell in block))  # type: ignore[attr-defined]

    def tokens(self, sequence: int) -> list[int]:
        """What a sequence remembers, in order."""
        return [cell.token for _, cell in sorted(self._memory.get(sequence, {}).items(), key=lambda at: at[0])]

    def clear(self) -> None:
        """Forget everything."""
        self._memory.clear()
        self.cells = 0

    def piece(self, token: int) -> bytes:
        """The word."""
        return self._words[token]

    def is_end(self, token: int) -> bool:
        """Whether this is the end token."""
        return token == _END

    def _share(self, memory: dict[int, _Cell], position: int, cell: _Cell) -> None:
        if position in memory:
            raise StepFailed(f"position {position} is taken")
        memory[position] = cell
        cell.sharers += 1
        if cell.sharers == 1:
            self.cells += 1
            self.most_cells = max(self.most_cells, self.cells)

    def _id(self, word: bytes) -> int:
        if word not in self._ids:
            self._ids[word] = len(self._words)
            self._words.append(word)
        return self._ids[word]
