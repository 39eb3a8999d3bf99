"""How a model is run: threads, tokens of a step, attention, the type of its memory. Values only."""

from __future__ import annotations

from dataclasses import dataclass

STEP_TOKENS = 64
KV_TYPES = {"f32": 0, "f16": 1, "q8_0": 8, "bf16": 30}
"""GGML's number of each type that keys and values may have."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`threads` for steps of one token, `batch_threads` for larger ones; 0 takes the physical cores.

    `step_tokens` is the most tokens of one step; `flash_attention` off takes plain attention, and needs f16 or f32 for
    `kv_type`, the type of remembered keys and values."""

    threads: int = 0
    batch_threads: int = 0
    step_tokens: int = STEP_TOKENS
    flash_attention: bool = True
    kv_type: str = "f16"


USUAL = Plan()
