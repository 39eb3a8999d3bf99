"""How far a student is from what its teacher foresees, where of the teacher only the likeliest tokens are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from support_bot.distillation.alignment import Target

_LEAST_LEFT = 1e-6  # of the teacher's probability; sums of rounded shares may reach 1


@dataclass(frozen=True, slots=True)
class Soft:
    """`alpha` of the loss of a token that has a target is the teacher's, the rest that of the hand-written answer.

    Both distributions are softened by `temperature` first, and the loss is multiplied by its square, so that gradients
    keep their size (Hinton et al. 2015)."""

    alpha: float = 0.5
    temperature: float = 1.0


def soft_losses(logits: Any, targets: Sequence[Target], temperature: float) -> Any:
    """KL(teacher || student) times the squared temperature, in nats, for each target [n]; logits [n, n_vocab].

    Both are distributions over the target's tokens and one bucket for all others; what is softened are these, since of
    the teacher no more is known."""
    longest = max(len(target.tokens) for target in targets)
    # Short targets are filled up with their first token: it is left out of the rest once more, which changes nothing.
    tokens = torch.tensor([[*t.tokens, *t.tokens[:1] * (longest - len(t.tokens))] for t in targets]).to(logits.device)
    filled = torch.tensor([[True] * len(t.tokens) + [False] * (longest - len(t.tokens)) + [True] for t in targets])
    filled = filled.to(logits.device)
    teacher = _softened(_with_rest(targets, longest).to(logits.device), filled, temperature)
    chosen = logits.gather(1, tokens)
    rest = logits.scatter(1, tokens, float("-inf")).logsumexp(1, keepdim=True)
    student = _softened(torch.cat([chosen, rest], 1), filled, temperature)
    terms = teacher.exp() * (teacher - student)
    return terms.masked_fill(~filled, 0.0).sum(1) * temperature**2


def _with_rest(targets: Sequence[Target], longest: int) -> Any:
    """The teacher's log-probabilities [n, longest + 1], zeros where a target is shorter, last what is left."""
    rows = []
    for target in targets:
        known = torch.tensor(target.logprobs, dtype=torch.float64)
        rest = (1.0 - known.exp().sum()).clamp_min(_LEAST_LEFT).log()
        rows.append([*known.tolist(), *[0.0] * (longest - len(known)), float(rest)])
    return torch.tensor(rows, dtype=torch.float32)


def _softened(values: Any, filled: Any, temperature: float) -> Any:
    """Log-probabilities over what is filled; a large negative number, not minus infinity, elsewhere: 0 x inf is no
    number, in gradients neither."""
    return torch.log_softmax((values / temperature).masked_fill(~filled, -1e9), 1)
