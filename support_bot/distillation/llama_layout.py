"""The names and the order of rows that llama.cpp gives to what PyTorch's Llama models call otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from support_bot.errors import Invalid

_NAMES = {
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
_TENSOR = re.compile(r"model\.layers\.(\d+)\.([\w.]+)\.lora_([AB])")


def llama_tensors(
    tensors: Mapping[str, NDArray[np.float32]], *, heads: int, kv_heads: int
) -> dict[str, NDArray[np.float32]]:
    """LoRA tensors (`model.layers.0.self_attn.q_proj.lora_A`) by llama.cpp's names (`blk.0.attn_q.weight.lora_a`).

    A is [rank, in], B is [out, rank]; only the rows of the query's and the key's B change places. Raises Invalid for a
    tensor that has no name there."""
    found = {}
    for name, values in tensors.items():
        match = _TENSOR.fullmatch(name)
        if match is None or match[2] not in _NAMES:
            raise Invalid(f"llama.cpp has no name for the tensor {name}.")
        layer, part, side = match.groups()
        if side == "B" and part in ("self_attn.q_proj", "self_attn.k_proj"):
            values = turned(values, heads if part.endswith("q_proj") else kv_heads)
        found[f"blk.{layer}.{_NAMES[part]}.weight.lora_{side.lower()}"] = values
    return found


def turned(rows: NDArray[np.float32], heads: int) -> NDArray[np.float32]:
    """Rows [out, n] of the query or key in llama.cpp's order.

    Both turn pairs of numbers of a head by its position: PyTorch pairs the first half with the second, llama.cpp each
    number with the next."""
    out, n = rows.shape
    halves = rows.reshape(heads, 2, out // heads // 2, n)
    return np.ascontiguousarray(halves.swapaxes(1, 2).reshape(out, n))
