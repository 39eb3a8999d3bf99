"""A miniature of the packed file of multilingual-e5-small, with random weights, and what they are in full."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

WIDTH, INNER, HEADS, LAYERS, POSITIONS = 64, 96, 2, 2, 12
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁query", "▁passage", ":", "▁re", "fund", "s", "▁how", "退", "款"]
CHARACTERS = {ord("\n"): " ", ord("Ａ"): "s", 0x1: ""}


@dataclass(frozen=True)
class Miniature:
    """The file, and every tensor as float32 by its name."""

    path: Path
    tensors: dict[str, NDArray[np.float32]]


def miniature(folder: Path) -> Miniature:
    random = np.random.default_rng(5)
    sizes = {"q": (WIDTH, WIDTH), "k": (WIDTH, WIDTH), "v": (WIDTH, WIDTH), "ao": (WIDTH, WIDTH)}
    sizes |= {"fi": (INNER, WIDTH), "fo": (WIDTH, INNER)}
    packed: dict[str, bytes] = {}
    tensors: dict[str, NDArray[np.float32]] = {}

    def matrix(name: str, rows: int, columns: int) -> None:
        packed[name], tensors[name] = _q4(random.normal(0, 0.3, (rows, columns)).astype(np.float32))

    def vector(name: str, values: NDArray[np.floating]) -> None:
        tensors[name] = values.astype(np.float32)
        packed[name] = tensors[name].tobytes()

    matrix("emb.word", len(PIECES), WIDTH)
    vector("emb.pos", random.normal(0, 0.3, POSITIONS * WIDTH))
    vector("emb.type", random.normal(0, 0.3, 2 * WIDTH))
    norms = ["emb.ln", *(f"l{layer}.{norm}" for layer in range(LAYERS) for norm in ("aln", "oln"))]
    for norm in norms:
        vector(f"{norm}.w", random.normal(1, 0.1, WIDTH))
        vector(f"{norm}.b", random.normal(0, 0.1, WIDTH))
    for layer in range(LAYERS):
        for part, (rows, columns) in sizes.items():
            matrix(f"l{layer}.{part}.w", rows, columns)
            vector(f"l{layer}.{part}.b", random.normal(0, 0.1, rows))
    path = folder / "miniature.q4.bin"
    path.write_bytes(_file(packed, tensors))
    return Miniature(path, tensors)


def _q4(values: NDArray[np.float32]) -> tuple[bytes, NDArray[np.float32]]:
    """Blocks of 32 along a row: a scale of 16 bits, then weight j in the low and j + 16 in the high half of byte j."""
    blocks = values.reshape(len(values), -1, 32)
    scales = (np.abs(blocks).max(axis=-1) / 7).astype("<f2")
    whole = np.clip(np.rint(blocks / scales[..., None].astype(np.float32)), -8, 7).astype(np.int8)
    nibbles = (whole + 8).astype(np.uint8)
    packed = nibbles[..., :16] | (nibbles[..., 16:] << 4)
    rows = b"".join(
        scale.tobytes() + block.tobytes()
        for scales_, blocks_ in zip(scales, packed, strict=True)
        for scale, block in zip(scales_, blocks_, strict=True)
    )
    return rows, (whole * scales[..., None].astype(np.float32)).reshape(values.shape)


def _file(packed: dict[str, bytes], tensors: dict[str, NDArray[np.float32]]) -> bytes:
    head = b"E5S1" + struct.pack("<I7ifi", 1, WIDTH, LAYERS, HEADS, INNER, len(PIECES), POSITIONS, 2, 1e-12, 32)
    pieces = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, pieces)]).astype("<u4")
    scores = np.array([0.0] * 4 + [-float(n) for n in range(1, len(PIECES) - 3)], dtype="<f4")
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, int(offsets[-1]))
    head += offsets.tobytes() + scores.tobytes() + b"".join(pieces)
    table = b"".join(
        struct.pack("<IB", code, len(text)) + b"".join(struct.pack("<I", ord(c)) for c in text)
        for code, text in sorted(CHARACTERS.items())
    )
    head += struct.pack("<iI", len(CHARACTERS), len(table)) + table
    entries = 4 + sum(2 + len(name) + 21 for name in packed)
    at, directory, body = len(head) + entries, struct.pack("<i", len(packed)), b""
    for name, data in packed.items():
        directory += struct.pack("<H", len(name)) + name.encode()
        directory += struct.pack("<BIQQ", 1, tensors[name].size, at + len(body), len(data))
        body += data
    return head + directory + body
