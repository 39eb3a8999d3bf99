"""How llama.cpp writes down what it remembers of a sequence: taken apart into bytes per token, and put together.

Its calls save and load a sequence as a whole; beginnings are shared by pieces, so the bytes are cut here. The layout is
that of `llama_kv_cache::state_write` in the pinned llama.cpp; other bytes are refused, and nothing is shared then."""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_MARK = 8  # bytes: a magic number and a version
_COUNT = struct.Struct("<I")
_CELL = struct.Struct("<iIi")  # position, number of sequences (1), the sequence
_SHAPE = struct.Struct("<II")  # whether values are transposed, layers
_TENSOR = struct.Struct("<iQ")  # GGML type, bytes per token


@dataclass(frozen=True, slots=True)
class StateLayout:
    """What stands around the tokens' bytes: llama.cpp's `mark` of a sequence's state, the layers, and how many streams
    `before` and `after` have none of the sequence.

    `tensors` are the type and the bytes per token of each layer's keys, then of each layer's values."""

    mark: bytes
    before: int
    after: int
    layers: int
    tensors: tuple[tuple[int, int], ...]

    @property
    def token_bytes(self) -> int:
        """Bytes of one token in all tensors."""
        return sum(size for _, size in self.tensors)


def take_apart(state: NDArray[np.uint8]) -> tuple[StateLayout, NDArray[np.uint8]]:
    """The layout, and uint8 [tokens, bytes per token] from position 0 on. Raises ValueError for others."""
    raw = state.data
    try:
        return _taken_apart(raw, state)
    except struct.error as error:
        raise ValueError("the state ends too early") from error


def put_together(layout: StateLayout, rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The state of a sequence whose tokens have these rows, from position 0 on."""
    n = len(rows)
    streams = layout.before + 1 + layout.after
    head = b"".join([
        layout.mark, _COUNT.pack(streams), _COUNT.pack(0) * layout.before, _COUNT.pack(n),
        *(_CELL.pack(position, 1, layout.before) for position in range(n)),
        _SHAPE.pack(0, layout.layers),
    ])  # fmt: skip
    size = len(head) + n * layout.token_bytes + _TENSOR.size * len(layout.tensors) + _COUNT.size * layout.after
    state = np.zeros(size, dtype=np.uint8)
    state[: len(head)] = np.frombuffer(head, dtype=np.uint8)
    at, column = len(head), 0
    for kind, width in layout.tensors:
        state[at : at + _TENSOR.size] = np.frombuffer(_TENSOR.pack(kind, width), dtype=np.uint8)
        at += _TENSOR.size
        state[at : at + n * width].reshape(n, width)[:] = rows[:, column : column + width]
        at, column = at + n * width, column + width
    return state


def _taken_apart(raw: memoryview, state: NDArray[np.uint8]) -> tuple[StateLayout, NDArray[np.uint8]]:
    (streams,), at, before, n = _COUNT.unpack_from(raw, _MARK), _MARK + _COUNT.size, 0, 0
    while not n and before < streams:
        (n,) = _COUNT.unpack_from(raw, at)
        at, before = at + _COUNT.size, before + (not n)
    cells = np.frombuffer(raw, dtype="<i4", count=3 * n, offset=at).reshape(n, 3)
    if not n or (cells[:, 0] != np.arange(n)).any() or (cells[:, 1] != 1).any():
        raise ValueError("the positions do not follow one another from 0")
    at += n * _CELL.size
    transposed, layers = _SHAPE.unpack_from(raw, at)
    if transposed:
        raise ValueError("values are transposed, as without flash attention")
    at += _SHAPE.size
    tensors, columns = [], []
    for _ in range(2 * layers):
        kind, width = _TENSOR.unpack_from(raw, at)
        at += _TENSOR.size
        columns.append(state[at : at + n * width].reshape(n, width))
        tensors.append((kind, width))
        at += n * width
    after = streams - before - 1
    if bytes(raw[at:]) != _COUNT.pack(0) * after:
        raise ValueError("something follows the layers")
    return StateLayout(bytes(raw[:_MARK]), before, after, layers, tuple(tensors)), np.concatenate(columns, axis=1)
