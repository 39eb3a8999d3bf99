"""What a GGUF file says of itself: its facts, and where each tensor lies. Reads no weights, knows no model."""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_bot.errors import WeightsError

_STRING, _ARRAY = 8, 9
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}


@dataclass(frozen=True, slots=True)
class TensorPlace:
    """Where one tensor lies: `shape` as numpy counts it (rows first), `kind` GGML's number, `offset` in the file."""

    shape: tuple[int, ...]
    kind: int
    offset: int


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """Facts by key (arrays are left out), tensors by name."""

    facts: dict[str, Any]
    tensors: dict[str, TensorPlace]

    @property
    def parameters(self) -> int:
        """How many numbers the tensors hold."""
        return sum(math.prod(tensor.shape) for tensor in self.tensors.values())


def read_header(path: Path) -> GgufHeader:
    """Read the head of a file (GGUF versions 2 and 3). Raises WeightsError where it is none, or is cut off."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data).header()
    except (OSError, ValueError, struct.error, KeyError, OverflowError) as error:
        raise WeightsError(f"{path.name} is no GGUF file that can be read ({error}).") from error


class _Reader:
    """A place in the file that moves on."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def header(self) -> GgufHeader:
        if self._data[:4] != b"GGUF" or self._data[4:8] not in (b"\x02\0\0\0", b"\x03\0\0\0"):
            raise ValueError("wrong magic or version")
        self._at = 8
        n_tensors, n_facts = self._number("Q"), self._number("Q")
        facts = {self._text(): self._value(self._number("I")) for _ in range(n_facts)}
        places = {}
        for _ in range(n_tensors):
            name = self._text()
            shape = tuple(reversed([self._number("Q") for _ in range(self._number("I"))]))
            places[name] = (shape, self._number("I"), self._number("Q"))
        alignment = facts.get("general.alignment", 32)
        begin = -(-self._at // alignment) * alignment
        return GgufHeader(facts, {name: TensorPlace(s, k, begin + at) for name, (s, k, at) in places.items()})

    def _number(self, kind: str) -> Any:
        found = struct.unpack_from(f"<{kind}", self._data, self._at)[0]
        self._at += struct.calcsize(kind)
        return found

    def _text(self) -> str:
        length = self._number("Q")
        self._at += length
        if self._at > len(self._data):
            raise ValueError("cut off")
        return self._data[self._at - length : self._at].decode("utf-8")

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        if kind != _ARRAY:
            return self._number(_NUMBERS[kind])
        inner, count = self._number("I"), self._number("Q")
        if inner in _NUMBERS:
            self._at += count * struct.calcsize(_NUMBERS[inner])
            return None
        for _ in range(count):
            self._value(inner)
        return None
