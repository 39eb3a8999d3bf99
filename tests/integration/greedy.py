"""What a model writes when nothing is shared, batched or guessed; whether another answer parts at a near-tie."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from support_bot.engine.llama import LlamaModel
from support_bot.engine.sampling import greedy
from support_bot.engine.step_model import BatchToken

_PIECE = 64


def logits_after(model: LlamaModel, tokens: Sequence[int], piece: int = _PIECE) -> NDArray[np.float32]:
    """Logits [n_vocab] after the tokens, read in pieces of this size into an empty memory."""
    model.clear()
    row = 0
    for at in range(0, len(tokens), piece):
        now = tokens[at : at + piece]
        model.decode([BatchToken(t, at + i, 0, at + i == len(tokens) - 1) for i, t in enumerate(now)])
        row = len(now) - 1
    return model.logits(row).copy()


def plain_answer(model: LlamaModel, prompt: Sequence[int], most: int, piece: int = _PIECE) -> list[int]:
    """The greedy answer, one token a step after the prompt in pieces of this size, without the end token."""
    logits, answer = logits_after(model, prompt, piece), []
    while len(answer) < most and not model.is_end(token := greedy(logits)):
        answer.append(token)
        model.decode([BatchToken(token, len(prompt) + len(answer) - 1, 0, True)])
        logits = model.logits(0)
    return answer


def parts_at_near_tie(model: LlamaModel, prompt: Sequence[int], plain: Sequence[int], other: str) -> bool:
    """Whether, where `other` leaves the plain answer, both tokens were as good but for rounding.

    That is: their logits lie closer than those of the same tokens do when they are read in pieces of another size."""
    left = other.encode()
    common = list(prompt)
    for token in plain:
        piece = model.piece(token)
        if not left.startswith(piece):
            break
        common.append(token)
        left = left[len(piece) :]
    logits = logits_after(model, common)
    rounding = max(float(np.abs(logits - logits_after(model, common, piece)).max()) for piece in (1, 16, 48))
    order = np.argsort(-logits)[:50]
    rivals = [t for t in order if (model.is_end(int(t)) if not left else left.startswith(model.piece(int(t)) or b"\0"))]
    return bool(rivals) and float(logits[order[0]] - logits[rivals[0]]) <= rounding
