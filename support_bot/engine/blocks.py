"""Beginnings of prompts beside the model's memory, in blocks of tokens named by all that stands before them."""

from __future__ import annotations

import hashlib
import itertools
from array import array
from collections import OrderedDict
from collections.abc import Iterator, Sequence

from support_bot.engine.step_model import AdapterUse, SavedSequence

BLOCK_TOKENS = 16
"""Fewer share more of each prompt, more cost less to find."""


class Blocks:
    """At most so many bytes of blocks, hashed in a chain as in vLLM (Kwon et al. 2023); the oldest unused leave first.

    A block whose forerunner has left is not found, and leaves in its turn. Belongs to the engine's thread."""

    def __init__(self, most_bytes: int) -> None:
        self.held_bytes = 0
        self._most = most_bytes
        self._blocks: OrderedDict[bytes, SavedSequence] = OrderedDict()

    def find(self, adapter: AdapterUse, tokens: Sequence[int]) -> list[SavedSequence]:
        """The blocks with which these tokens begin, one after another; they count as used."""
        found = []
        for key in _chain(adapter, tokens):
            block = self._blocks.get(key)
            if block is None:
                break
            found.append(block)
        # The first are used last: a chain loses its end before its beginning.
        for key in reversed(list(_chain(adapter, tokens[: len(found) * BLOCK_TOKENS]))):
            self._blocks.move_to_end(key)
        return found

    def known(self, adapter: AdapterUse, tokens: Sequence[int]) -> int:
        """How many blocks these tokens begin with; they do not count as used."""
        return sum(1 for _ in itertools.takewhile(self._blocks.__contains__, _chain(adapter, tokens)))

    def lacking(self, adapter: AdapterUse, tokens: Sequence[int]) -> dict[int, bytes]:
        """Which whole blocks of these tokens are not here, by number, with the names they shall have."""
        if not self._most:
            return {}
        return {i: key for i, key in enumerate(_chain(adapter, tokens)) if key not in self._blocks}

    def add(self, blocks: Sequence[tuple[bytes, SavedSequence]]) -> None:
        """Keep blocks that were lacking, named and in their order."""
        for key, block in reversed(blocks):
            self._blocks[key] = block
            self.held_bytes += len(block)
        while self.held_bytes > self._most:
            self.held_bytes -= len(self._blocks.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget everything."""
        self._blocks.clear()
        self.held_bytes = 0


def _chain(adapter: AdapterUse, tokens: Sequence[int]) -> Iterator[bytes]:
    """The name of each whole block: of the adapter, of all tokens before it and its own."""
    name = repr(adapter).encode()
    for start in range(0, len(tokens) - BLOCK_TOKENS + 1, BLOCK_TOKENS):
        own = array("i", tokens[start : start + BLOCK_TOKENS]).tobytes()
        name = hashlib.blake2b(name + own, digest_size=16).digest()
        yield name
