"""Training of a tiny network: without a teacher, with one, and after it was stopped."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from support_bot.distillation import training
from support_bot.distillation.alignment import Target
from support_bot.distillation.checkpoint import Checkpoint
from support_bot.distillation.soft_loss import Soft
from support_bot.distillation.training import Recipe, Tokens, Trained, add_adapter, mean_loss, train

pytestmark = pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing`:FutureWarning")  # peft asks transformers

RECIPE = Recipe(rank=2, warm_up=2, batch=2)


def tokens(count: int = 12, share: float | None = None) -> list[Tokens]:
    """Answers of two tokens; at the first of them a teacher gives token 9 this share."""
    target = () if share is None else (Target(0, (9,), (math.log(share),)),)
    return [Tokens((1, 2, 3 + n % 5), (8 + n % 3, 0), target) for n in range(count)]


def run(examples: list[Tokens], recipe: Recipe = RECIPE, checkpoint: Checkpoint | None = None) -> Trained:
    return train(network(recipe), examples, examples[:4], recipe, lambda stage, done, total: None, checkpoint)


def network(recipe: Recipe = RECIPE) -> Any:
    torch.manual_seed(1)
    config = LlamaConfig(
        vocab_size=16, hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2,
    )  # fmt: skip
    return add_adapter(LlamaForCausalLM(config).to(torch.bfloat16), recipe)


def same(one: Trained, other: Trained) -> bool:
    return all(np.array_equal(one.tensors[name], other.tensors[name]) for name in one.tensors)


def test_a_teacher_without_weight_changes_nothing() -> None:
    hard = run(tokens())
    assert same(hard, run(tokens(share=0.9)))  # no share of the loss was asked for
    soft = run(tokens(share=0.9), Recipe(rank=2, warm_up=2, batch=2, soft=Soft(alpha=0.0)))
    assert same(hard, soft) and hard.losses["held_out_after"] == soft.losses["held_out_after"]


def test_a_student_goes_where_its_teacher_points() -> None:
    """At the first place of every answer the teacher is sure of token 9, the answers name 8, 9 and 10."""
    wanted = [Tokens(each.prompt, (9, 0)) for each in tokens()]
    found = []
    for alpha in (0.0, 1.0):
        recipe = Recipe(rank=4, learning_rate=0.05, warm_up=2, batch=2, epochs=6, soft=Soft(alpha))
        model = network(recipe)
        train(model, tokens(share=0.98), [], recipe, lambda stage, done, total: None)
        found.append(mean_loss(model, wanted, 4))
    assert found[1] < found[0] - 0.05


class Stopped(Exception):
    pass


@pytest.mark.parametrize("soft", [None, Soft(0.5, 2.0)])
def test_a_training_that_was_stopped_ends_as_if_it_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, soft: Soft | None
) -> None:
    monkeypatch.setattr(training, "EVERY", 2)
    monkeypatch.setattr(training, "_TOLD_EVERY", 2)
    recipe = Recipe(rank=2, warm_up=2, batch=2, soft=soft)
    whole = run(tokens(share=0.9), recipe)

    def stop(stage: str, done: int, total: int) -> None:
        if done == 6:
            raise Stopped

    checkpoint = Checkpoint(tmp_path / "training.pt", "this")
    with pytest.raises(Stopped):
        train(network(recipe), tokens(share=0.9), tokens()[:4], recipe, stop, checkpoint)
    found = checkpoint.load()
    assert found is not None and found[0] == 4
    again = run(tokens(share=0.9), recipe, checkpoint)
    assert same(again, whole)
    assert again.losses == whole.losses
    checkpoint.remove()
    assert checkpoint.load() is None


def test_the_checkpoint_of_another_training_or_a_damaged_one_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "training.pt"
    Checkpoint(file, "this").save(2, {"masters": [torch.ones(2)]})
    assert Checkpoint(file, "other").load() is None
    file.write_bytes(file.read_bytes()[:40])
    assert Checkpoint(file, "this").load() is None
    file.write_bytes(b"")
    assert Checkpoint(file, "this").load() is None
