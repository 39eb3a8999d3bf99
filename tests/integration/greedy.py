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
    logits = logits_after(model, prompt, piece)
    answer: list[int] = []
    while len(answer) < most and not model.is_end(token := greedy(logits)):
        answer.append(token)
        model.decode([BatchToken(token, len(prompt) + len(answer) - 1, 0, True)])
        logits = model.logits(0)
    return answer


def parts_at_near_tie(model: LlamaModel, prompt: Sequence[int], plain: Sequence[int], other: str) -> bool:
    """Whether, where `other` leaves the plain answer, both tokens were as good but for rounding.

    That is: their logits lie closer than those of the same tokens do when they are read in pieces of another size."""
    for common, left, said in reversed(_places(model, prompt, plain, other)[-2:]):
        logits = logits_after(model, common)
        if (gap := _gap(model, logits, left, said)) is not None:
            others = [logits_after(model, common, piece) for piece in (1, 16, 48)]
            return gap <= max(float(np.abs(logits - again).max()) for again in others)
    return False


def _places(
    model: LlamaModel, prompt: Sequence[int], plain: Sequence[int], other: str
) -> list[tuple[list[int], bytes, int | None]]:
    """Up to which tokens both say the same, what the other goes on with there, and the plain token (None at its end).

    The last is not always where they part: `Your` begins as `You` does, and is another token."""
    common, left = list(prompt), other.encode()
    places: list[tuple[list[int], bytes, int | None]] = []
    for token in plain:
        places.append((list(common), left, token))
        piece = model.piece(token)
        if not left.startswith(piece):
            return places
        common.append(token)
        left = left[len(piece) :]
    return [*places, (common, left, None)]


def _gap(model: LlamaModel, logits: NDArray[np.float32], left: bytes, said: int | None) -> float | None:
    """How much better the best token is than the best of the first 50, but for `said`, with which `left` begins.

    None without one; 0 where rounding makes it the best one here."""
    order = [int(token) for token in np.argsort(-logits)[:50]]
    for token in order:
        goes_on = model.is_end(token) if not left else left.startswith(model.piece(token) or b"\0")
        if goes_on and token != said:
            return float(logits[order[0]] - logits[token])
    return None
