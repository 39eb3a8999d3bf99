"""Log-probabilities of tokens, with the words they stand for. Knows rows of logits, no answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.base import TokenLogprob
from support_bot.engine.sampling import likeliest, log_softmax
from support_bot.engine.step_model import StepModel


def listed(model: StepModel, logits: NDArray[np.float32], tokens: Sequence[int], top: int) -> list[TokenLogprob]:
    """These tokens at the place that the logits [n_vocab] foresee, each with the `top` likeliest tokens there."""
    values = log_softmax(logits)
    best = tuple(TokenLogprob(int(t), model.piece(int(t)), float(values[t])) for t in likeliest(values, top))
    return [TokenLogprob(token, model.piece(token), float(values[token]), best) for token in tokens]
