"""The loss against a teacher, against numbers worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from support_bot.distillation.alignment import Target
from support_bot.distillation.soft_loss import soft_losses


def target(*shares: tuple[int, float], place: int = 0) -> Target:
    return Target(place, tuple(token for token, _ in shares), tuple(math.log(share) for _, share in shares))


def logits(*shares: float) -> torch.Tensor:
    return torch.tensor([[math.log(share) for share in shares]])


def test_two_tokens_and_the_rest() -> None:
    """Teacher 0.5, 0.25, rest 0.25; student 0.2, 0.4, rest 0.4 of two tokens."""
    found = soft_losses(logits(0.2, 0.4, 0.1, 0.3), [target((0, 0.5), (1, 0.25))], 1.0)
    by_hand = 0.5 * math.log(0.5 / 0.2) + 0.25 * math.log(0.25 / 0.4) + 0.25 * math.log(0.25 / 0.4)
    assert by_hand == pytest.approx(0.22314, abs=1e-5)
    assert found.tolist() == pytest.approx([by_hand], abs=1e-5)


def test_a_temperature_softens_both_and_is_squared() -> None:
    """At 2 the shares are their roots over the sum of roots: teacher 0.64, 0.36 gives 8 : 6, student 0.04, 0.96."""
    found = soft_losses(logits(0.04, 0.96), [target((0, 0.64))], 2.0)
    p = 0.8 / 1.4
    q = 0.2 / (0.2 + math.sqrt(0.96))
    by_hand = 4 * (p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q)))
    assert found.tolist() == pytest.approx([by_hand], abs=1e-5)


def test_who_agrees_loses_nothing_and_is_not_pushed() -> None:
    given = logits(0.5, 0.25, 0.25).requires_grad_()
    found = soft_losses(given, [target((0, 0.5), (1, 0.25))], 1.0).sum()
    found.backward()
    assert float(found.detach()) == pytest.approx(0.0, abs=1e-6)
    assert given.grad is not None and given.grad.abs().max() < 1e-6


def test_the_push_is_the_difference_of_the_distributions() -> None:
    """With every token named, the gradient of KL is student minus teacher."""
    given = logits(0.2, 0.8).requires_grad_()
    soft_losses(given, [target((0, 0.7), (1, 0.299999))], 1.0).sum().backward()
    assert given.grad is not None
    assert given.grad[0].tolist() == pytest.approx([0.2 - 0.7, 0.8 - 0.3], abs=1e-4)


def test_short_and_long_targets_in_one_batch_are_as_each_alone() -> None:
    rows = torch.cat([logits(0.2, 0.4, 0.1, 0.3), logits(0.1, 0.2, 0.3, 0.4)])
    both = [target((2, 0.9)), target((3, 0.5), (1, 0.2), (0, 0.1))]
    together = soft_losses(rows, both, 1.5)
    alone = [float(soft_losses(rows[n : n + 1], both[n : n + 1], 1.5)) for n in range(2)]
    assert together.tolist() == pytest.approx(alone, abs=1e-6)


def test_a_sure_teacher_and_an_unlikely_token_give_numbers() -> None:
    given = torch.tensor([[-200.0, 0.0, 1.0]], requires_grad=True)
    found = soft_losses(given, [target((0, 1.0))], 1.0).sum()
    found.backward()
    assert given.grad is not None
    assert math.isfinite(float(found.detach())) and bool(torch.isfinite(given.grad).all())
