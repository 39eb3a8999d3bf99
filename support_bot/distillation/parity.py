"""Does llama.cpp compute with the exported adapter what PyTorch computes with the trained one?"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from support_bot.distillation.training import Tokens, answer_logits
from support_bot.engine.llama import LlamaModel
from support_bot.engine.step_model import BatchToken
from support_bot.errors import WeightsError

BOUND = 0.02
"""Nats of divergence for each answer token. llama.cpp rounds what goes through a layer to 8 bits and PyTorch does not,
which alone is about 0.001; rows in the wrong order are far above 0.1."""


def compare(torch_model: Any, llama: LlamaModel, examples: Sequence[Tokens], record: Path) -> dict[str, float]:
    """Mean divergence (KL, nats) over all answer tokens, the largest difference of the wanted token's log-probability,
    and the share of tokens where both think the same one most likely. Raises WeightsError above the bound.

    What PyTorch computed is written to `record`, a line for each example: who has no PyTorch can compare too."""
    divergences: list[float] = []
    differences: list[float] = []
    same: list[bool] = []
    lines = []
    for example in examples:
        ours = _log_softmax(answer_logits(torch_model, example))
        theirs = _log_softmax(llama_logits(llama, example))
        rows, wanted = np.arange(len(example.answer)), np.array(example.answer)
        divergences += list((np.exp(ours) * (ours - theirs)).sum(axis=-1))
        differences += list(np.abs(ours[rows, wanted] - theirs[rows, wanted]))
        same += list(ours.argmax(axis=-1) == theirs.argmax(axis=-1))
        known = [round(float(value), 4) for value in ours[rows, wanted]]
        lines.append(json.dumps({"prompt": example.prompt, "answer": example.answer, "log_probabilities": known}))
    record.write_text("\n".join(lines) + "\n", "utf-8")
    found = {
        "kl": round(float(np.mean(divergences)), 5),
        "largest_difference": round(float(np.max(differences)), 4),
        "same_first": round(float(np.mean(same)), 4),
        "tokens": len(same),
    }
    if found["kl"] > BOUND:
        raise WeightsError(f"The exported adapter does not compute what was trained: {found}.")
    return found


def llama_logits(llama: LlamaModel, example: Tokens) -> NDArray[np.float32]:
    """Logits [answer tokens, vocabulary] with which llama.cpp foresees each token of the answer."""
    ids = [*example.prompt, *example.answer]
    first, last = len(example.prompt) - 1, len(ids) - 1
    llama.clear()
    llama.decode([BatchToken(token, place, 0, first <= place < last) for place, token in enumerate(ids)])
    return np.stack([llama.logits(place).copy() for place in range(first, last)])


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return result
