"""Write an ONNX graph as bytes: the few messages of the format that are needed, without its library.

Field numbers are those of onnx.proto3; every message is a run of (number, value) in the wire format of protobuf."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MICROSOFT = "com.microsoft"
"""Where the operators of ONNX Runtime live that the standard lacks."""

_IR_VERSION = 8
_OPSETS = (("", 17), (MICROSOFT, 1))
_ELEMENTS = {"float32": 1, "uint8": 2, "int32": 6}
_FLOAT, _INT = 1, 2  # kinds of attributes


class GraphWriter:
    """Collects constants and operators of one graph; `model` gives the file."""

    def __init__(self) -> None:
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, name: str, values: NDArray[np.generic]) -> str:
        """Add a tensor of float32, uint8 or int32; its name."""
        kind = _number(2, _ELEMENTS[values.dtype.name])
        shape = b"".join(_number(1, size) for size in values.shape)
        raw = np.ascontiguousarray(values).tobytes()
        self._constants.append(_bytes(5, shape + kind + _text(8, name) + _bytes(9, raw)))
        return name

    def node(
        self, operator: str, inputs: Sequence[str], outputs: Sequence[str], *, domain: str = "", **given: int | float
    ) -> str:
        """Add an operator with its attributes; an empty input is one left out. The name of its first output."""
        fields = b"".join(_text(1, name) for name in inputs) + b"".join(_text(2, name) for name in outputs)
        attributes = b"".join(_bytes(5, _attribute(name, value)) for name, value in sorted(given.items()))
        self._nodes.append(_bytes(1, fields + _text(4, operator) + attributes + _text(7, domain)))
        return outputs[0]

    def model(
        self, inputs: Sequence[tuple[str, str, Sequence[int | str]]], output: tuple[str, Sequence[int | str]]
    ) -> bytes:
        """The file. Inputs are (name, element, shape), the output is float32; a size that is a word may be any."""
        graph = b"".join(self._nodes) + _text(2, "graph") + b"".join(self._constants)
        graph += b"".join(_bytes(11, _value(name, element, shape)) for name, element, shape in inputs)
        graph += _bytes(12, _value(output[0], "float32", output[1]))
        opsets = b"".join(_bytes(8, _text(1, domain) + _number(2, version)) for domain, version in _OPSETS)
        return _number(1, _IR_VERSION) + opsets + _bytes(7, graph)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the top bit says that more follow."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _text(field: int, value: str) -> bytes:
    return _bytes(field, value.encode())


def _attribute(name: str, value: int | float) -> bytes:
    if isinstance(value, float):
        return _text(1, name) + _varint(2 << 3 | 5) + np.float32(value).tobytes() + _number(20, _FLOAT)
    return _text(1, name) + _number(3, value) + _number(20, _INT)


def _value(name: str, element: str, shape: Sequence[int | str]) -> bytes:
    sizes = (_number(1, size) if isinstance(size, int) else _text(2, size) for size in shape)
    tensor = _number(1, _ELEMENTS[element]) + _bytes(2, b"".join(_bytes(1, size) for size in sizes))
    return _text(1, name) + _bytes(2, _bytes(1, tensor))
