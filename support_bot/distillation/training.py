"""LoRA training of a small language model: prompts and answers as tokens in, adapter tensors out.

On a graphics card where PyTorch finds one (CUDA), else on the processor."""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from support_bot.distillation.alignment import Target
from support_bot.distillation.checkpoint import EVERY, Checkpoint
from support_bot.distillation.soft_loss import Soft, soft_losses

Tell = Callable[[str, int, int], None]

_IGNORED = -100
_CLIP = 1.0
_TOLD_EVERY = 10  # steps


@dataclass(frozen=True, slots=True)
class Recipe:
    """How an adapter is trained; `alpha` is twice the rank. The rate rises over `warm_up` steps, then falls to 0.

    `soft` says how much the targets of a teacher count; without it they do not."""

    rank: int = 32
    learning_rate: float = 6e-4
    warm_up: int = 15
    batch: int = 8
    epochs: int = 1
    seed: int = 7
    soft: Soft | None = None

    @property
    def alpha(self) -> int:
        return 2 * self.rank


@dataclass(frozen=True, slots=True)
class Tokens:
    """One example as token ids: the prompt up to where the answer begins, and the answer with its end token.

    `targets` are what a teacher foresees at places of the answer."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    targets: tuple[Target, ...] = ()

    @property
    def length(self) -> int:
        return len(self.prompt) + len(self.answer)


@dataclass(frozen=True, slots=True)
class Trained:
    """The adapter's tensors by their name in the model (`model.layers.0.self_attn.q_proj.lora_A`), float32, and the
    loss per answer token: before, after each part of the training, and after, on what was held out."""

    tensors: dict[str, NDArray[np.float32]]
    losses: dict[str, float]
    steps: int
    seconds: float


def load_base(file: Path, *, exact: bool = False) -> Any:
    """The model of a GGUF file with its weights as plain numbers: float32 where it has to be `exact`, else bfloat16."""
    disable_progress_bar()
    with redirect_stderr(StringIO()):  # the bar of reading a GGUF file heeds no setting
        model = AutoModelForCausalLM.from_pretrained(str(file.parent), gguf_file=file.name, dtype=torch.float32)
    return model if exact else model.to(torch.bfloat16)


def add_adapter(base: Any, recipe: Recipe) -> Any:
    """The model with an untrained adapter on every linear layer but the last."""
    torch.manual_seed(recipe.seed)
    config = LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, lora_dropout=0.0, target_modules="all-linear")
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # peft asks transformers by an old name
        return get_peft_model(base, config, autocast_adapter_dtype=False)


def adapter_tensors(model: Any) -> dict[str, NDArray[np.float32]]:
    """What was trained, by names as in `Trained`."""
    return {
        name.removeprefix("base_model.model.").removesuffix(".default.weight"): parameter.detach().float().cpu().numpy()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def save_tensors(tensors: dict[str, NDArray[np.float32]], file: Path) -> None:
    """Write them as a NumPy archive; `load_tensors` reads it."""
    with file.open("wb") as out:
        np.savez(out, **tensors)  # type: ignore[arg-type]


def load_tensors(file: Path) -> dict[str, NDArray[np.float32]]:
    with np.load(file) as archive:
        return dict(archive)


def put_tensors(model: Any, tensors: dict[str, NDArray[np.float32]]) -> None:
    """Give an adapter these weights."""
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            known = tensors[name.removeprefix("base_model.model.").removesuffix(".default.weight")]
            parameter.data = torch.from_numpy(known).to(parameter.dtype)


class _Masters:
    """What is trained, kept in float32 beside the model's bfloat16."""

    def __init__(self, model: Any, recipe: Recipe) -> None:
        self._trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        self._masters = [parameter.detach().float().clone() for parameter in self._trained]
        self._optimizer = torch.optim.AdamW(self._masters, lr=recipe.learning_rate, weight_decay=0.0)

    def step(self, learning_rate: float) -> None:
        """Take over the gradients of the model, and give it what came of them."""
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate
        for master, parameter in zip(self._masters, self._trained, strict=True):
            master.grad = parameter.grad.float() if parameter.grad is not None else None
            parameter.grad = None
        torch.nn.utils.clip_grad_norm_(self._masters, _CLIP)
        self._optimizer.step()
        self._give()

    def state(self) -> dict[str, Any]:
        return {"masters": self._masters, "optimizer": self._optimizer.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Go on from a `state`."""
        for master, known in zip(self._masters, state["masters"], strict=True):
            master.copy_(known)
        self._optimizer.load_state_dict(state["optimizer"])
        self._give()

    def _give(self) -> None:
        for master, parameter in zip(self._masters, self._trained, strict=True):
            parameter.data.copy_(master)


def train(
    model: Any,
    examples: Sequence[Tokens],
    held_out: Sequence[Tokens],
    recipe: Recipe,
    tell: Tell,
    checkpoint: Checkpoint | None = None,
) -> Trained:
    """Train the adapter of `model` in place. The model computes in bfloat16, the sums are kept in float32.

    With a `checkpoint`, a training that was stopped goes on after the last one that was written."""
    begin = time.monotonic()
    model.to(_device())
    seeds = range(recipe.seed, recipe.seed + recipe.epochs)
    batches = [batch for seed in seeds for batch in _batches(examples, recipe.batch, seed)]
    masters = _Masters(model, recipe)
    done, losses = 0, {}
    if checkpoint and (found := checkpoint.load()):
        done, losses = found[0], found[1].pop("losses")
        masters.load(found[1])
    else:
        losses["held_out_before"] = mean_loss(model, held_out, recipe.batch)
    model.train()
    recent: list[float] = []
    for step, batch in enumerate(batches[done:], start=done):
        total, count = _loss(model, batch, recipe.soft)
        (total / count).backward()
        recent.append(float(total.detach()) / count)
        masters.step(recipe.learning_rate * _rate(step, len(batches), recipe.warm_up))
        if (step + 1) % _TOLD_EVERY == 0 or step + 1 == len(batches):
            losses[f"step_{step + 1}"] = round(sum(recent) / len(recent), 4)
            recent = []
            tell("Training", step + 1, len(batches))
        if checkpoint and (step + 1) % EVERY == 0:
            checkpoint.save(step + 1, {"losses": losses, **masters.state()})
    losses["held_out_after"] = mean_loss(model, held_out, recipe.batch)
    return Trained(adapter_tensors(model), losses, len(batches), time.monotonic() - begin)


def _device() -> str:
    return "cuda" if torch.cuda.is_available() else "cpu"


def mean_loss(model: Any, examples: Sequence[Tokens], batch: int) -> float:
    """Loss per answer token, in nats; 0 without examples."""
    model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for some in _batches(examples, batch, 0):
            loss, tokens = _loss(model, some)
            total, count = total + float(loss), count + tokens
    return round(total / max(1, count), 4)


def answer_logits(model: Any, example: Tokens) -> NDArray[np.float32]:
    """Logits [answer tokens, vocabulary] with which the model foresees each token of the answer."""
    model.eval()
    with torch.no_grad():
        ids = torch.tensor([[*example.prompt, *example.answer]], device=model.device)
        hidden = model.base_model.model.model(input_ids=ids).last_hidden_state[0, len(example.prompt) - 1 : -1]
        logits: NDArray[np.float32] = model.base_model.model.lm_head(hidden).float().cpu().numpy()
    return logits


def _rate(step: int, steps: int, warm_up: int) -> float:
    if step < warm_up:
        return (step + 1) / warm_up
    return (steps - step) / max(1, steps - warm_up)


def _batches(examples: Sequence[Tokens], size: int, seed: int) -> Iterator[Sequence[Tokens]]:
    """Examples of about one length together, so that little is padded, in an order of chance."""
    rng = random.Random(seed)
    order = list(examples)
    rng.shuffle(order)
    order.sort(key=lambda example: example.length + rng.random() * size)
    batches = [order[start : start + size] for start in range(0, len(order), size)]
    rng.shuffle(batches)
    yield from batches


def _loss(model: Any, batch: Sequence[Tokens], soft: Soft | None = None) -> tuple[Any, int]:
    """The summed loss of the answer tokens, and how many they are. Only their rows go through the vocabulary."""
    longest = max(example.length for example in batch)
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    known = torch.zeros((len(batch), longest), dtype=torch.long)
    wanted = torch.full((len(batch), longest), _IGNORED, dtype=torch.long)
    for row, example in enumerate(batch):
        whole = torch.tensor([*example.prompt, *example.answer])
        ids[row, : len(whole)] = whole
        known[row, : len(whole)] = 1
        wanted[row, len(example.prompt) - 1 : len(whole) - 1] = whole[len(example.prompt) :]
    ids, known, wanted = ids.to(model.device), known.to(model.device), wanted.to(model.device)
    inner = model.base_model.model
    hidden = inner.model(input_ids=ids, attention_mask=known).last_hidden_state
    chosen = wanted != _IGNORED
    logits = inner.lm_head(hidden[chosen]).float()
    total = torch.nn.functional.cross_entropy(logits, wanted[chosen], reduction="sum")
    count = int(chosen.sum())
    if soft is None or not any(example.targets for example in batch):
        return total, count
    return total + _taught(logits, wanted[chosen], batch, soft), count


def _taught(logits: Any, wanted: Any, batch: Sequence[Tokens], soft: Soft) -> Any:
    """What `alpha` changes of the loss: at places with a target that share is the teacher's.

    logits [answer tokens of the batch, n_vocab], wanted [answer tokens of the batch]."""
    rows: list[int] = []
    targets: list[Target] = []
    first = 0
    for example in batch:
        rows += [first + target.place for target in example.targets]
        targets += example.targets
        first += len(example.answer)
    hard = torch.nn.functional.cross_entropy(logits[rows], wanted[rows], reduction="sum")
    return soft.alpha * (soft_losses(logits[rows], targets, soft.temperature).sum() - hard)
