"""Training of the reader on a processor: examples in, a network out. Knows no index and no file format."""

from __future__ import annotations

import copy
import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from support_bot.distillation.reader_network import WIDTH, Network
from support_bot.distillation.reader_pairs import Material, Pair
from support_bot.distillation.reader_texts import Texts

Check = Callable[[Network], float]
_CLIP = 1.0
_BUNCH = 8  # batches whose pairs are sorted by length, so that little is padding
_WARM_UP = 40
_LAST = 0.02  # of the learning rate
_HEAD = 5  # times the rate of the pretrained layers
_AVERAGED = 0.99


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the reader is trained: `pairs` in all, batches of `batch`, AdamW with a rate that rises over 40 steps and
    then falls evenly. A label counts `smoothing` less than whole. The result is the running mean of the weights."""

    pairs: int = 11_000
    batch: int = 16
    learning_rate: float = 1e-4
    weight_decay: float = 0.05
    dropout: float = 0.1
    smoothing: float = 0.03
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Trained:
    """The network with averaged weights, the loss at the end (a running mean), and the seconds it took."""

    network: Network
    loss: float
    seconds: float


def train(
    network: Network, material: Material, texts: Texts, recipe: Recipe, tell: Callable[[str, int, int], None]
) -> Trained:
    """Train on pairs drawn from the material; the network given ends with the last weights, not the averaged ones."""
    torch.manual_seed(recipe.seed)
    parameters = network.trained()
    optimizer = _optimizer(network, recipe)
    mean = copy.deepcopy(network)
    averaged = mean.trained()
    steps, begin, loss = math.ceil(recipe.pairs / recipe.batch), time.monotonic(), 0.0
    batches = _batches(material, texts, recipe)
    for step in range(steps):
        network.train()
        _set_rate(optimizer, recipe.learning_rate * min(1.0, (step + 1) / _WARM_UP) * max(_LAST, 1 - step / steps))
        now = _loss(network, texts, next(batches), recipe.smoothing)
        optimizer.zero_grad()
        now.backward()
        nn.utils.clip_grad_norm_(parameters, _CLIP)
        optimizer.step()
        loss = now.item() if step == 0 else 0.97 * loss + 0.03 * now.item()
        keep = min(_AVERAGED, (step + 1) / (step + 20))
        with torch.no_grad():
            for ours, new in zip(averaged, parameters, strict=True):
                ours.mul_(keep).add_(new, alpha=1 - keep)
        tell("Training the reader", step + 1, steps)
    return Trained(mean.eval(), round(loss, 4), round(time.monotonic() - begin, 1))


def logits(network: Network, texts: Texts, rows: Sequence[tuple[str, Any]]) -> Any:
    """Logits [rows] of questions with the states of passages, in half precision where that is faster."""
    question, question_mask = texts.question_states(network, [question for question, _ in rows])
    passage, passage_mask = padded([states for _, states in rows])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        return network.above(question, question_mask, passage, passage_mask).float()


def padded(rows: Sequence[Any]) -> tuple[Any, Any]:
    """States [tokens, width] of different lengths as [rows, most tokens, width] with their mask."""
    states = torch.zeros(len(rows), max(map(len, rows)), WIDTH)
    mask = torch.zeros(states.shape[:2])
    for number, row in enumerate(rows):
        states[number, : len(row)], mask[number, : len(row)] = row.float(), 1
    return states, mask


def _loss(network: Network, texts: Texts, pairs: Sequence[Pair], smoothing: float) -> Any:
    found = logits(network, texts, [(pair.question, texts.states(pair.passage, pair.span)) for pair in pairs])
    wanted = torch.tensor([smoothing + (1 - 2 * smoothing) * pair.answers for pair in pairs])
    return nn.functional.binary_cross_entropy_with_logits(found, wanted)


def _batches(material: Material, texts: Texts, recipe: Recipe) -> Iterator[list[Pair]]:
    rng = random.Random(recipe.seed)
    while True:
        bunch = [material.draw(rng, texts) for _ in range(recipe.batch * _BUNCH)]
        bunch.sort(key=lambda pair: pair.span[1] - pair.span[0])
        batches = [bunch[start : start + recipe.batch] for start in range(0, len(bunch), recipe.batch)]
        rng.shuffle(batches)
        yield from batches


def _optimizer(network: Network, recipe: Recipe) -> Any:
    """AdamW; norms and biases do not decay, the new head learns faster."""
    groups = []
    for is_head in (False, True):
        for is_flat in (False, True):
            chosen = [
                parameter
                for name, parameter in network.named_parameters()
                if parameter.requires_grad and name.startswith("head") == is_head and (parameter.ndim <= 1) == is_flat
            ]
            decay = 0.0 if is_flat else recipe.weight_decay
            groups.append({"params": chosen, "weight_decay": decay, "share": _HEAD if is_head else 1})
    return torch.optim.AdamW(groups, lr=recipe.learning_rate)


def _set_rate(optimizer: Any, rate: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = rate * group["share"]


def auc(right: Sequence[bool], scores: Sequence[float]) -> float:
    """The probability that a right one scores higher than a wrong one (area under the curve); 0.5 is chance."""
    wanted, found = np.array(right), np.array(scores)
    above = found[wanted][:, None] > found[~wanted][None, :]
    level = found[wanted][:, None] == found[~wanted][None, :]
    return float((above + 0.5 * level).mean()) if above.size else 0.5
