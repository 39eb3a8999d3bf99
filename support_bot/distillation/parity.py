"""Whether llama.cpp says with the exported adapter what PyTorch says with the trained one. Knows token ids only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import set_peft_model_state_dict
from safetensors.torch import load_file

from support_bot.distillation import writer_model
from support_bot.distillation.writer_model import Recipe, Tokens
from support_bot.engine.llama import LlamaModel
from support_bot.engine.step_model import BatchToken
from support_bot.errors import WeightsError

LEAST_AGREEMENT = 0.9
LEAST_COSINE = 0.99


def compare(
    weights: Path, adapter: Path | None, gguf: Path | None, recipe: Recipe, lessons: Sequence[Tokens]
) -> dict[str, Any]:
    """Logits of both for every answer token: share of places with the same likeliest token, mean and least cosine.

    Raises WeightsError below the bounds: then the export is wrong, or the weights are not the trained ones."""
    model = writer_model.load(weights, replace(recipe, half=False))
    if adapter:
        set_peft_model_state_dict(model, load_file(adapter))
    model.eval()
    served = LlamaModel(weights, n_ctx=1024, n_threads=recipe.threads)
    same: list[bool] = []
    cosines: list[float] = []
    try:
        if gguf:
            served.apply_adapter(gguf)
        for lesson in lessons:
            left, right = _trained(model, lesson), _served(served, lesson)
            same += (left.argmax(1) == right.argmax(1)).tolist()
            norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
            cosines += ((left * right).sum(1) / norms).tolist()
    finally:
        served.close()
    found = {
        "tokens": len(same), "same likeliest token": float(np.mean(same)),
        "mean cosine": float(np.mean(cosines)), "least cosine": float(np.min(cosines)),
    }  # fmt: skip
    if found["same likeliest token"] < LEAST_AGREEMENT or found["mean cosine"] < LEAST_COSINE:
        raise WeightsError(f"The exported adapter does not say what the trained one says: {found}")
    return found


def _trained(model: Any, lesson: Tokens) -> NDArray[np.float32]:
    """Logits [answer tokens, vocabulary] from PyTorch."""
    ids = torch.tensor([[*lesson.prompt, *lesson.answer][:-1]])
    with torch.no_grad():
        logits = model(input_ids=ids).logits[0, len(lesson.prompt) - 1 :]
    return np.asarray(logits.float().numpy(), dtype=np.float32)


def _served(model: LlamaModel, lesson: Tokens) -> NDArray[np.float32]:
    """Logits [answer tokens, vocabulary] from llama.cpp."""
    tokens = [*lesson.prompt, *lesson.answer][:-1]
    first = len(lesson.prompt) - 1
    model.clear()
    model.decode([BatchToken(token, at, 0, at >= first) for at, token in enumerate(tokens)])
    return np.stack([model.logits(at).copy() for at in range(first, len(tokens))])
