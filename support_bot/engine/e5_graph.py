"""The encoder of multilingual-e5-small as an ONNX graph, made of the packed weights. Knows no tokens and no texts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from support_bot.engine.onnx_writer import MICROSOFT, GraphWriter
from support_bot.engine.packed_e5 import PackedE5, unpacked

_ZERO, _LARGEST = 128, 127


def encoder(packed: PackedE5) -> bytes:
    """The file of a graph from `embedded` float32 [batch, tokens, width] (sums of word, position and type vectors)
    and `mask` int32 [batch, tokens] to `states` float32 [batch, tokens, width].

    A BERT with matrices of 8 bits, one scale for each output; activations are quantized as they come. Raises
    WeightsError where a tensor is missing."""
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
        weights = np.concatenate([unpacked(*self._packed.blocks(f"{part}.w")) for part in parts])
        scales = np.maximum(np.abs(weights).max(axis=1), 1e-12).astype(np.float32) / _LARGEST
        # Unsigned weights: processors without VNNI add up signed ones with too few bits.
        whole = (np.rint(weights / scales[:, None]) + _ZERO).astype(np.uint8)
        given = {
            "weight": whole.T,
            "scale": scales,
            "zero": np.full(len(scales), _ZERO, dtype=np.uint8),
            "bias": np.concatenate([self._packed.vector(f"{part}.b") for part in parts]),
        }
        constants = [self._graph.constant(f"{name}.{key}", values) for key, values in given.items()]
        return self._graph.node("DynamicQuantizeMatMul", [states, *constants], [name], domain=MICROSOFT)

    def _added(self, states: str, more: str, norm: str) -> str:
        return self._graph.node(
            "SkipLayerNormalization", [states, more, *self._norm(norm)], [f"{norm}.out"],
            domain=MICROSOFT, epsilon=self._packed.shape.epsilon,
        )  # fmt: skip

    def _norm(self, name: str) -> list[str]:
        return [self._graph.constant(f"{name}.{part}", self._packed.vector(f"{name}.{part}")) for part in "wb"]
