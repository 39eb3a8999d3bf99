"""Write an adapter trained in PyTorch as the GGUF file llama.cpp applies. Knows names and layouts, no training."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from support_bot.engine.catalogue import CatalogueEntry

Matrix = NDArray[np.float32]

_NAMES = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
}  # fmt: skip
_WEIGHT = re.compile(r"layers\.(\d+)\.(.+)\.lora_([AB])\.weight$")
_HEAD = 64
"""Rows of one attention head in SmolLM2-135M."""


def adapter_to_gguf(adapter: Path, target: Path, *, alpha: float, parent: CatalogueEntry) -> dict[str, Any]:
    """Write the adapter in 16-bit floats, naming the file it was trained for. The size of what was written."""
    writer = gguf.GGUFWriter(target, "llama")
    writer.add_type(gguf.GGUFType.ADAPTER)
    writer.add_string(gguf.Keys.Adapter.TYPE, "lora")
    writer.add_float32(gguf.Keys.Adapter.LORA_ALPHA, alpha)
    writer.add_name("support-bot writer")
    writer.add_license("apache-2.0")
    writer.add_string("support_bot.parent.sha256", parent.sha256)
    weights = 0
    for name, value in sorted(load_file(adapter).items()):
        place, value = gguf_tensor(name, value)
        writer.add_tensor(place, value.astype(np.float16))
        weights += value.size
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return {"weights": weights, "bytes": target.stat().st_size}


def gguf_tensor(name: str, value: Matrix) -> tuple[str, Matrix]:
    """A PEFT weight under the name, and with the rows in the order, that llama.cpp expects.

    GGUF files of this architecture keep the two halves of each rotated pair side by side, so the rows of `lora_B`
    [rows, rank] of queries and keys are reordered as the frozen weights were. Raises ValueError for other weights."""
    found = _WEIGHT.search(name)
    if not found or found[2] not in _NAMES:
        raise ValueError(f"{name} is no weight of a linear layer's adapter.")
    layer, part, half = found.groups()
    if half == "B" and part in ("self_attn.q_proj", "self_attn.k_proj"):
        value = paired_rows(value)
    return f"blk.{layer}.{_NAMES[part]}.weight.lora_{half.lower()}", value


def paired_rows(value: Matrix) -> Matrix:
    """Rows [heads * 64, rank] with row i of a head's first half followed by row i of its second half."""
    heads = value.shape[0] // _HEAD
    return value.reshape(heads, 2, _HEAD // 2, -1).swapaxes(1, 2).reshape(value.shape)
