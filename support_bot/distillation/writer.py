"""Train the writer: hand-written answers of invented companies in, a LoRA file for llama.cpp out, stage by stage."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from support_bot.answering.prompt import instructions
from support_bot.distillation.adapter_file import About, write_adapter
from support_bot.distillation.alignment import Target
from support_bot.distillation.checkpoint import Checkpoint
from support_bot.distillation.examples import Example, OpenCompany, Shown, read_examples, write_examples
from support_bot.distillation.manifest import Manifest, opened
from support_bot.distillation.parity import compare
from support_bot.distillation.soft_labels import pack_labels, read_labels
from support_bot.distillation.teach import Teacher, example_key, open_teacher, teach
from support_bot.distillation.tokens import Tokenizer
from support_bot.distillation.training import (
    Recipe,
    Tokens,
    adapter_tensors,
    add_adapter,
    load_base,
    load_tensors,
    put_tensors,
    save_tensors,
    train,
)
from support_bot.engine.catalogue import CatalogueEntry
from support_bot.engine.digest import file_sha256
from support_bot.engine.llama import LlamaModel
from support_bot.engine.plan import Plan
from support_bot.engine.step_model import AdapterUse
from support_bot.errors import Invalid
from support_bot.evaluation.companies import split_names

_TRAIN, _HELD_OUT = "examples.jsonl", "held_out.jsonl"
_TENSORS, _ADAPTER, _PARITY = "adapter.npz", "writer.gguf", "parity.jsonl"
_TAUGHT, _LABELS, _CHECKPOINT = "taught.jsonl", "soft_labels.jsonl.gz", "training.pt"
_HELD_OUT_EXAMPLES = 24
_COMPARED = 6
_CONTEXT = 1024

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What is trained: on the companies under `companies` (as `splits.json` there says), from `weights`, the file of
    `base`, into the folder `out`, with the evidence `shown`; at most `limit` examples of at most `longest` tokens are
    taken. With a `teacher`, `recipe.soft` says how much its labels count; without one it is None."""

    companies: Path
    out: Path
    base: CatalogueEntry
    weights: Path
    shown: Shown
    recipe: Recipe
    limit: int | None = None
    longest: int = 260
    teacher: Teacher | None = None


def distill_writer(run: Run, company: OpenCompany, tell: Tell, *, teach_only: bool = False) -> dict[str, Any]:
    """Do what is not done yet, with `teach_only` up to the teacher's labels; the figures of each stage by its name.

    Raises Invalid, Conflict, WeightsError."""
    with opened(run.out) as manifest:
        inputs = {**_hashes(run), "instructions": instructions(), "shown": asdict(run.shown)}
        manifest.stage("examples", inputs, [_TRAIN, _HELD_OUT], lambda: _make_examples(run, company, tell))
        before = {"examples": file_sha256(run.out / _TRAIN), "base": run.base.sha256}
        recipe = {**asdict(run.recipe), "limit": run.limit, "longest": run.longest}
        if run.teacher is None:
            del recipe["soft"]
            manifest.stages.pop("teach", None)  # of a run that had a teacher: this student learns nothing from it
        else:
            asked = {**before, "teacher": run.teacher.entry.sha256, "top": run.teacher.top}
            asked |= {name: recipe[name] for name in ("seed", "limit", "longest")}
            manifest.stage("teach", asked, [_LABELS], lambda: _teach(run, tell))
            before["labels"] = file_sha256(run.out / _LABELS)
        if teach_only:
            return _figures(manifest)
        inputs = {**before, **recipe}
        manifest.stage("train", inputs, [_TENSORS], lambda: _train(run, inputs, tell))
        trained = {"tensors": file_sha256(run.out / _TENSORS)}
        manifest.stage("export", trained, [_ADAPTER], lambda: _export(run))
        exported = {"adapter": file_sha256(run.out / _ADAPTER), **trained}
        manifest.stage("parity", exported, [_PARITY], lambda: _compare(run))
        return _figures(manifest)


def _figures(manifest: Manifest) -> dict[str, Any]:
    return {name: {"seconds": stage["seconds"], **stage["figures"]} for name, stage in manifest.stages.items()}


def _hashes(run: Run) -> dict[str, str]:
    names = [*_names(run, "train"), *_names(run, "validation")]
    files = [run.companies / "companies" / f"{name}.{kind}.jsonl" for name in names for kind in ("articles", "qa")]
    if missing := [file for file in files if not file.is_file()]:
        raise Invalid(f"{missing[0]} is not there, but splits.json lists it.")
    return {file.name: file_sha256(file) for file in files}


def _names(run: Run, split: str) -> list[str]:
    return sorted(split_names(run.companies, split))


def _make_examples(run: Run, company: OpenCompany, tell: Tell) -> Mapping[str, Any]:
    figures = {}
    for split, file in (("train", _TRAIN), ("validation", _HELD_OUT)):
        folder, names = run.companies / "companies", _names(run, split)
        figures[split] = write_examples(folder, names, run.out / file, company, run.shown, tell)
    return figures


def _teach(run: Run, tell: Tell) -> Mapping[str, Any]:
    assert run.teacher is not None  # else there is no such stage
    teacher, examples = run.teacher, [example for example, _ in _used(run)]
    found = teach(lambda: open_teacher(teacher), teacher, examples, run.out / _TAUGHT, tell)
    pack_labels(run.out / _LABELS, found.items())
    letters = sum(len(example.answer) for example in examples)
    return {
        "examples": len(found),
        "tokens": sum(len(labels.tokens) for labels in found.values()),
        "nats_per_letter": round(sum(labels.nats for labels in found.values()) / max(1, letters), 4),
        "bytes": (run.out / _LABELS).stat().st_size,
    }


def _train(run: Run, inputs: Mapping[str, Any], tell: Tell) -> Mapping[str, Any]:
    used = [tokens for _, tokens in _used(run)]
    held_out = [tokens for _, tokens in _tokens(run, _HELD_OUT)[:_HELD_OUT_EXAMPLES]]
    if not used:
        raise Invalid("No example is left to train on.")
    model = add_adapter(load_base(run.weights), run.recipe)
    save_tensors(adapter_tensors(model), run.out / _TENSORS)  # what cannot be saved is known before the long run
    checkpoint = Checkpoint(run.out / _CHECKPOINT, json.dumps(inputs, sort_keys=True))
    trained = train(model, used, held_out, run.recipe, tell, checkpoint)
    save_tensors(trained.tensors, run.out / _TENSORS)
    checkpoint.remove()
    figures = {
        "examples": len(used),
        "tokens": sum(example.length for example in used),
        "steps": trained.steps,
        "losses": trained.losses,
    }
    if run.teacher:
        places = sum(len(example.answer) for example in used)
        figures["compared"] = round(sum(len(example.targets) for example in used) / places, 4)
    return figures


def _export(run: Run) -> Mapping[str, Any]:
    config = load_base(run.weights).config
    about = About(
        name=f"{run.base.name}-writer",
        licence=run.base.licence,
        parent=run.base.sha256,
        alpha=run.recipe.alpha,
        heads=config.num_attention_heads,
        kv_heads=config.num_key_value_heads,
    )
    write_adapter(load_tensors(run.out / _TENSORS), run.out / _ADAPTER, about)
    return {"bytes": (run.out / _ADAPTER).stat().st_size}


def _compare(run: Run) -> Mapping[str, Any]:
    model = add_adapter(load_base(run.weights, exact=True), run.recipe)
    put_tensors(model, load_tensors(run.out / _TENSORS))
    held_out = _tokens(run, _HELD_OUT)[:_COMPARED]
    llama = LlamaModel(run.weights, n_ctx=_CONTEXT, plan=Plan(step_tokens=_CONTEXT))
    try:
        llama.load_adapter("trained", run.out / _ADAPTER)
        llama.set_adapter(AdapterUse("trained", 1.0))
        return compare(model, llama, [tokens for _, tokens in held_out], run.out / _PARITY)
    finally:
        llama.close()


def _used(run: Run) -> Sequence[tuple[Example, Tokens]]:
    """What is trained on, with the targets of the teacher where there are labels."""
    return _tokens(run, _TRAIN)[: run.limit]


def _tokens(run: Run, file: str) -> Sequence[tuple[Example, Tokens]]:
    """The examples that are short enough, in an order of chance that is always the same."""
    llama = LlamaModel(run.weights, n_ctx=_CONTEXT)
    try:
        tokenizer = Tokenizer(llama)
        targets = _targets(run, tokenizer) if file == _TRAIN else _no_targets
        found = [
            (example, Tokens(tokenizer.prompt(example), tokenizer.answer(example), targets(example)))
            for example in read_examples(run.out / file)
        ]
    finally:
        llama.close()
    short = [(example, tokens) for example, tokens in found if tokens.length <= run.longest]
    random.Random(run.recipe.seed).shuffle(short)
    return short


def _targets(run: Run, tokenizer: Tokenizer) -> Callable[[Example], tuple[Target, ...]]:
    """What the teacher foresees in an example; nothing where it was not asked."""
    teacher, file = run.teacher, run.out / _LABELS
    if teacher is None or not file.is_file():
        return _no_targets
    labels, words = dict(read_labels(file)), tokenizer.vocabulary()

    def found(example: Example) -> tuple[Target, ...]:
        theirs = labels.get(example_key(teacher.entry.sha256, example, teacher.top))
        return tokenizer.targets(example, theirs, words) if theirs else ()

    return found


def _no_targets(example: Example) -> tuple[Target, ...]:
    return ()
