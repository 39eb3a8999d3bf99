"""The trained reader as an ONNX file with weights in 8 bits, and whether it still computes the same."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from support_bot.distillation.reader_network import Joined, Network
from support_bot.engine.reader import Reader, inputs
from support_bot.errors import WeightsError

BOUND = 0.02
"""Mean difference of the probability. Packing costs 0.005; a wrong place or side is far above 0.1."""

_LARGE = 10_000  # numbers; smaller tensors are left as they are
_NAMES = ("ids", "places", "sides")


def export(network: Network, file: Path) -> None:
    """Write the network as it is served: the weights in 8 bits, with a scale for each column or word, the arithmetic
    in 32. What goes through a layer does not bear 8 bits (docs/benchmarks.md)."""
    fed = inputs([([101, 2054, 102], [101, 2023, 2003, 102]), ([101, 102], [101, 2023, 102])])
    whole = io.BytesIO()
    with torch.no_grad():
        torch.onnx.export(
            Joined(network).eval(),
            tuple(torch.tensor(fed[name]) for name in _NAMES),
            whole,
            input_names=list(_NAMES),
            output_names=["logits"],
            dynamic_axes={**{name: {0: "batch", 1: "tokens"} for name in _NAMES}, "logits": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
    model = onnx.load_from_string(whole.getvalue())
    _pack(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))


def _pack(graph: Any) -> None:
    """Every large matrix in 8 bits, unpacked where it is used; words after they were looked up."""
    for node in graph.node:
        node.doc_string = ""  # PyTorch writes its traceback there
    large = {
        item.name: item for item in graph.initializer if len(item.dims) == 2 and item.dims[0] * item.dims[1] > _LARGE
    }
    nodes = list(graph.node)
    for name, item in large.items():
        users = [node for node in nodes if name in node.input]
        weights = numpy_helper.to_array(item)
        by_row = users[0].op_type != "MatMul"  # of a Gemm, PyTorch stores the transpose
        scales = np.maximum(np.abs(weights).max(axis=1 if by_row else 0, keepdims=True), 1e-8) / 127
        graph.initializer.remove(item)
        graph.initializer.append(numpy_helper.from_array(np.rint(weights / scales).astype(np.int8), f"{name}_packed"))
        if users[0].op_type == "Gather":
            graph.initializer.append(numpy_helper.from_array(scales, f"{name}_scales"))
            for user in users:
                place = nodes.index(user)
                nodes[place : place + 1] = _looked_up(name, user.input[1], user.output[0])
        else:
            graph.initializer.append(numpy_helper.from_array(scales.reshape(-1), f"{name}_scales"))
            parts = [f"{name}_packed", f"{name}_scales"]
            nodes.insert(0, helper.make_node("DequantizeLinear", parts, [name], axis=0 if by_row else 1))
    del graph.node[:]
    graph.node.extend(nodes)


def _looked_up(table: str, ids: str, out: str) -> list[Any]:
    """Rows of a packed table by number, each times its scale."""
    return [
        helper.make_node("Gather", [f"{table}_packed", ids], [f"{out}_packed"]),
        helper.make_node("Gather", [f"{table}_scales", ids], [f"{out}_scales"]),
        helper.make_node("Cast", [f"{out}_packed"], [f"{out}_whole"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [f"{out}_whole", f"{out}_scales"], [out]),
    ]


def parity(network: Network, file: Path, tokenizer: Path, pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """How far the probabilities of the file are from the network's. Raises WeightsError above the bound."""
    reader, joined = Reader(file, tokenizer), Joined(network).eval()
    ours: list[float] = []
    theirs: list[float] = []
    for question, passage in pairs:
        theirs += reader.read(question, [passage])
        fed = {name: torch.tensor(value) for name, value in inputs([reader.ids(question, passage)]).items()}
        with torch.no_grad():
            ours.append(float(torch.sigmoid(joined(**fed))[0]))
    apart = np.abs(np.array(ours) - np.array(theirs))
    found = {"pairs": len(pairs), "mean": round(float(apart.mean()), 4), "largest": round(float(apart.max()), 4)}
    if found["mean"] > BOUND:
        raise WeightsError(f"The exported reader does not compute what was trained: {found}.")
    return found
