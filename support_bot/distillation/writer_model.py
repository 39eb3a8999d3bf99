"""The writer in PyTorch: the served GGUF's own weights with a LoRA adapter on every linear layer. Knows token ids only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model, get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, GgufConfig

LAYERS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True)
class Tokens:
    """One lesson as token ids: what the model reads, and what it should write, end token included."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]


@dataclass(frozen=True)
class Recipe:
    """How the adapter is trained (Hu et al. 2021): steps of `batch` lessons, the rate rising for `warm_up` steps and
    falling to 0 at the last one. `half` computes the frozen weights in bfloat16."""

    rank: int = 32
    alpha: int = 64
    rate: float = 6e-4
    warm_up: int = 15
    batch: int = 8
    epochs: int = 1
    seed: int = 0
    half: bool = True
    threads: int = 2


def load(weights: Path, recipe: Recipe) -> Any:
    """The dequantised weights, frozen, with a fresh adapter."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    kind = torch.bfloat16 if recipe.half else torch.float32
    dense = GgufConfig(dequantize=True)  # left packed, every step would unpack the weights again
    base = AutoModelForCausalLM.from_pretrained(
        weights.parent, gguf_file=weights.name, quantization_config=dense, dtype=kind
    )
    config = LoraConfig(
        r=recipe.rank, lora_alpha=recipe.alpha, target_modules=list(LAYERS), task_type="CAUSAL_LM", lora_dropout=0.0
    )
    return get_peft_model(base, config)


def train(
    model: Any, lessons: Sequence[Tokens], recipe: Recipe, checkpoint: Path, report: Callable[[str], None]
) -> list[float]:
    """Teach the answers' tokens; the mean loss per token of every step. The adapter is saved every 10 steps."""
    batches = [batch for epoch in range(recipe.epochs) for batch in _batches(lessons, recipe, epoch)]
    wanted = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(wanted, lr=recipe.rate, weight_decay=0.0)
    losses: list[float] = []
    model.train()
    for step, batch in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate * min((step + 1) / recipe.warm_up, (len(batches) - step) / len(batches))
        loss = _loss(model, batch)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(wanted, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss))
        report(f"step {step + 1}/{len(batches)}: {losses[-1]:.3f}")
        if (step + 1) % 10 == 0 or step + 1 == len(batches):
            save(model, checkpoint)
    return losses


def mean_loss(model: Any, lessons: Sequence[Tokens], batch: int) -> float:
    """Mean loss per answer token over all lessons (nats)."""
    model.eval()
    total = count = 0.0
    ordered = sorted(lessons, key=lambda lesson: len(lesson.prompt) + len(lesson.answer))
    with torch.no_grad():
        for begin in range(0, len(ordered), batch):
            part = ordered[begin : begin + batch]
            tokens = sum(len(lesson.answer) for lesson in part)
            total += float(_loss(model, part)) * tokens
            count += tokens
    return total / count


def save(model: Any, path: Path) -> None:
    """The adapter's weights alone, in float32."""
    state = {name: value.float().contiguous() for name, value in get_peft_model_state_dict(model).items()}
    save_file(state, path)


def _batches(lessons: Sequence[Tokens], recipe: Recipe, epoch: int) -> Iterator[list[Tokens]]:
    """Lessons of like length together, so that little is padded; batches in random order, the short one too."""
    random = torch.Generator().manual_seed(recipe.seed + epoch)
    ordered = sorted(lessons, key=lambda lesson: len(lesson.prompt) + len(lesson.answer))
    starts = range(0, len(ordered), recipe.batch)
    for at in torch.randperm(len(starts), generator=random).tolist():
        yield list(ordered[starts[at] : starts[at] + recipe.batch])


def _loss(model: Any, batch: Sequence[Tokens]) -> Any:
    """Cross entropy per answer token; only where an answer token follows are logits computed."""
    longest = max(len(lesson.prompt) + len(lesson.answer) for lesson in batch) - 1
    ids = torch.zeros((len(batch), longest), dtype=torch.long)
    mask = torch.zeros_like(ids)
    rows, places, wanted = [], [], []
    for row, lesson in enumerate(batch):
        tokens = [*lesson.prompt, *lesson.answer][:-1]
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
        rows += [row] * len(lesson.answer)
        places += range(len(lesson.prompt) - 1, len(tokens))
        wanted += lesson.answer
    inner = model.get_base_model()
    with torch.autocast("cpu", torch.bfloat16, enabled=inner.dtype == torch.bfloat16):
        hidden = inner.model(input_ids=ids, attention_mask=mask).last_hidden_state[rows, places]
        logits = inner.lm_head(hidden)
    return torch.nn.functional.cross_entropy(logits.float(), torch.tensor(wanted))
