"""How a model is run: threads, tokens of a step, attention, the type of its memory. Values only."""

from __future__ import annotations

from dataclasses import dataclass

STEP_TOKENS = 64
LONGEST_STEP_S = 0.15
"""Who is being written to waits while a step reads somebody's prompt."""
OWN_STEP_TOKENS = 256
OWN_LONGEST_STEP_S = 0.3
"""The same where each sequence has a context of its own. A step runs each one's tokens by themselves, so that long
steps are worth much more: with them everybody's answer is whole sooner, not only the first words of the others."""
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


@dataclass(frozen=True, slots=True)
class Memory:
    """What a model may remember: `cells` tokens in all (0: one context), which its `sequences` share.

    Where it is not `shared`, each sequence has a whole context. So many bytes of what is not in use may be put away
    beside it."""

    sequences: int = 1
    cells: int = 0
    shared: bool = True
    put_away_bytes: int = 0
