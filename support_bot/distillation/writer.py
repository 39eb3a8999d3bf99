"""The writer's training as stages over files: lessons, training, export, parity. Knows the order, not how each works."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from support_bot.answering.prompt import answer_prompt, prompt_hash
from support_bot.distillation import writer_model
from support_bot.distillation.companies import Split, company_files, read_companies
from support_bot.distillation.export import adapter_to_gguf
from support_bot.distillation.parity import compare
from support_bot.distillation.stages import Stage, run_stages
from support_bot.distillation.writer_examples import Lesson, lessons
from support_bot.distillation.writer_model import Recipe, Tokens
from support_bot.engine.base import GenerationRequest
from support_bot.engine.catalogue import CatalogueEntry
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.settings import EngineSettings

Report = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What a run is given: the companies' folder, the run's folder, and how much of what to teach.

    `lessons` 0 takes all; `validation` is how many held-out lessons the loss is measured on."""

    data: Path
    out: Path
    lessons: int = 640
    validation: int = 64
    recipe: Recipe = Recipe()


def train_writer(plan: Plan, base: CatalogueEntry, weights: Path, report: Report) -> dict[str, Any]:
    """Train an adapter for the served weights; the manifest. Raises Invalid where the data is not as described."""
    lesson_files = [plan.out / "train.jsonl", plan.out / "validation.jsonl"]
    adapter, gguf = plan.out / "adapter.safetensors", plan.out / "writer.lora.gguf"
    scaling = {"rank": plan.recipe.rank, "alpha": plan.recipe.alpha}
    return run_stages(
        plan.out,
        [
            Stage(
                "lessons",
                {"lessons": plan.lessons, "validation": plan.validation, "prompt": prompt_hash(), "base": base.sha256,
                 "seed": plan.recipe.seed},
                [*company_files(plan.data, "train"), *company_files(plan.data, "validation")],
                lesson_files,
                lambda: _write_lessons(plan, weights, lesson_files),
            ),
            Stage("train", asdict(plan.recipe), lesson_files, [adapter], lambda: _train(plan, weights, adapter, report)),
            Stage("export", {**scaling, "base": base.sha256}, [adapter], [gguf],
                  lambda: adapter_to_gguf(adapter, gguf, alpha=plan.recipe.alpha, parent=base)),
            Stage("parity", scaling, [gguf, lesson_files[1]], [],
                  lambda: compare(weights, adapter, gguf, plan.recipe, _read(lesson_files[1])[:4])),
        ],
        report,
    )  # fmt: skip


def chosen(found: Sequence[Lesson], number: int, seed: int) -> list[Lesson]:
    """At most `number` lessons (0: all), those that keep every fact of sentences first, then those that keep every fact
    of lists and tables; each kind in random order."""
    mixed = list(found)
    random.Random(seed).shuffle(mixed)
    mixed.sort(key=lambda lesson: (not lesson.keeps, not lesson.prose))
    return mixed[: number or None]


def _write_lessons(plan: Plan, weights: Path, places: Sequence[Path]) -> dict[str, Any]:
    """Lessons as token ids of the served model's own tokenizer and chat template, so that both are the product's."""
    settings = EngineSettings(context_tokens=2048, threads=1)
    engine = LlamaEngine.load(weights, name="writer", model_hash="", settings=settings)
    result: dict[str, Any] = {}
    splits: tuple[tuple[Split, int], ...] = (("train", plan.lessons), ("validation", plan.validation))
    try:
        for place, (split, number) in zip(places, splits, strict=True):
            found = [lesson for company in read_companies(plan.data, split) for lesson in lessons(company)]
            picked = chosen(found, number, plan.recipe.seed)
            tokens = [_tokens(engine, lesson) for lesson in picked]
            place.write_text("".join(json.dumps(asdict(lesson)) + "\n" for lesson in tokens), "utf-8")
            result[split] = {
                "found": len(found), "taken": len(tokens), "keep every fact": sum(lesson.keeps for lesson in picked),
                "tokens read": sum(len(lesson.prompt) for lesson in tokens),
                "tokens written": sum(len(lesson.answer) for lesson in tokens),
            }  # fmt: skip
    finally:
        engine.close()
    return result


def _tokens(engine: LlamaEngine, lesson: Lesson) -> Tokens:
    request = GenerationRequest(answer_prompt(lesson.question, lesson.excerpts))
    return Tokens(tuple(engine.prompt_tokens(request)), tuple(engine.answer_tokens(lesson.answer)))


def _train(plan: Plan, weights: Path, adapter: Path, report: Report) -> dict[str, Any]:
    taught, held_out = (_read(plan.out / f"{split}.jsonl") for split in ("train", "validation"))
    model = writer_model.load(weights, plan.recipe)
    before = writer_model.mean_loss(model, held_out, plan.recipe.batch)
    report(f"validation loss {before:.3f}")
    losses = writer_model.train(model, taught, plan.recipe, adapter, report)
    after = writer_model.mean_loss(model, held_out, plan.recipe.batch)
    report(f"validation loss {after:.3f}")
    return {"validation before": before, "validation after": after, "losses": [round(loss, 4) for loss in losses]}


def _read(path: Path) -> list[Tokens]:
    records = map(json.loads, path.read_text("utf-8").splitlines())
    return [Tokens(tuple(record["prompt"]), tuple(record["answer"])) for record in records]
