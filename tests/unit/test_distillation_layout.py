"""What llama.cpp calls the tensors of an adapter, and in which order it wants their rows."""

from __future__ import annotations

import numpy as np
import pytest

from support_bot.distillation.llama_layout import llama_tensors, turned
from support_bot.errors import Invalid


def rows(out: int, n: int = 2) -> np.ndarray:
    return np.repeat(np.arange(out, dtype=np.float32)[:, None], n, axis=1)


def test_halves_of_a_head_become_neighbours() -> None:
    assert turned(rows(8), heads=2)[:, 0].tolist() == [0, 2, 1, 3, 4, 6, 5, 7]


def test_the_pairs_that_are_turned_together_stay_together() -> None:
    """PyTorch turns rows i and i + half of a head by one angle, llama.cpp rows 2i and 2i + 1."""
    for pair in turned(rows(64), heads=2)[:, 0].reshape(-1, 2):
        assert pair[1] - pair[0] == 16


def test_only_what_turns_queries_and_keys_changes_places() -> None:
    names = ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "mlp.down_proj")
    given = {f"model.layers.3.{name}.lora_{side}": rows(8) for name in names for side in "AB"}
    found = llama_tensors(given, heads=2, kv_heads=1)
    moved = {name for name, values in found.items() if values[:, 0].tolist() != list(range(8))}
    assert moved == {"blk.3.attn_q.weight.lora_b", "blk.3.attn_k.weight.lora_b"}
    assert found["blk.3.attn_k.weight.lora_b"][:, 0].tolist() == [0, 4, 1, 5, 2, 6, 3, 7]
    assert set(found) == {
        f"blk.3.{name}.weight.lora_{side}" for name in ("attn_q", "attn_k", "attn_v", "ffn_down") for side in "ab"
    }


@pytest.mark.parametrize("name", ["lm_head.lora_A", "model.layers.0.self_attn.q_norm.lora_A", "model.layers.x.lora_A"])
def test_a_tensor_without_a_name_there_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="no name"):
        llama_tensors({name: rows(4)}, heads=1, kv_heads=1)
