"""Train the reader: the questions of invented companies in, an int8 ONNX file out, in four stages."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

from support_bot.distillation import reader_data
from support_bot.distillation.manifest import opened
from support_bot.distillation.reader_data import Example, OpenCompany, Tell
from support_bot.distillation.reader_export import export, parity
from support_bot.distillation.reader_network import Network, load
from support_bot.distillation.reader_pairs import Material
from support_bot.distillation.reader_texts import Texts
from support_bot.distillation.reader_training import Recipe, auc, train
from support_bot.engine.digest import file_sha256
from support_bot.engine.reader import Reader
from support_bot.errors import Invalid
from support_bot.evaluation.companies import split_names
from support_bot.retrieval.reading import READ

_TRAIN, _HELD_OUT, _NETWORK, _READER = "examples.jsonl", "held_out.jsonl", "network.pt", "reader.onnx"
_VISITORS = 60  # questions of other companies that each company is asked
_SET_ASIDE = 5  # every fifth company is left out of the training: the policy is fitted on it
_COMPARED = 24
_DECIDED = ("unanswerable", "offtopic")


@dataclass(frozen=True, slots=True)
class Run:
    """What is trained: on the companies under `companies` (as `splits.json` there says), from `start`, the weights of
    all-MiniLM-L6-v2 (`model.safetensors`), with `tokenizer`, into the folder `out`."""

    companies: Path
    out: Path
    start: Path
    tokenizer: Path
    recipe: Recipe


def distill_reader(run: Run, company: OpenCompany, tell: Tell) -> dict[str, Any]:
    """Do what is not done yet; the figures of each stage by its name. Raises Invalid, Conflict, WeightsError."""
    if not run.start.is_file():
        raise Invalid(f"{run.start} is not there: give the model.safetensors of all-MiniLM-L6-v2.")
    with opened(run.out) as manifest:
        manifest.stage("examples", _hashes(run), [_TRAIN, _HELD_OUT], lambda: _collect(run, company, tell))
        inputs = {"examples": file_sha256(run.out / _TRAIN), "start": file_sha256(run.start), **asdict(run.recipe)}
        manifest.stage("train", inputs, [_NETWORK], lambda: _train(run, tell))
        trained = {"network": file_sha256(run.out / _NETWORK)}
        manifest.stage("export", trained, [_READER], lambda: _export(run))
        exported = {"reader": file_sha256(run.out / _READER), "held_out": file_sha256(run.out / _HELD_OUT)}
        manifest.stage("measure", exported, [], lambda: _measure(run, tell))
        return {name: {"seconds": stage["seconds"], **stage["figures"]} for name, stage in manifest.stages.items()}


def set_aside(names: Sequence[str]) -> list[str]:
    """The training companies that the reader does not see, so that the policy can be fitted on honest scores."""
    return sorted(names)[2::_SET_ASIDE]


def _names(run: Run, split: str) -> list[str]:
    return sorted(split_names(run.companies, split))


def _hashes(run: Run) -> dict[str, str]:
    names = [*_names(run, "train"), *_names(run, "validation")]
    files = [run.companies / "companies" / f"{name}.{kind}.jsonl" for name in names for kind in ("articles", "qa")]
    if missing := [file for file in files if not file.is_file()]:
        raise Invalid(f"{missing[0]} is not there, but splits.json lists it.")
    return {file.name: file_sha256(file) for file in files}


def _collect(run: Run, company: OpenCompany, tell: Tell) -> Mapping[str, Any]:
    place = run.companies / "companies"
    figures = {}
    for split, file, visitors in (("train", _TRAIN, _VISITORS), ("validation", _HELD_OUT, 0)):
        found = reader_data.collect(place, _names(run, split), company, visitors=visitors, tell=tell)
        figures[split] = reader_data.write(found, run.out / file)
    return figures


def _train(run: Run, tell: Tell) -> Mapping[str, Any]:
    examples = reader_data.read(run.out / _TRAIN)
    aside = set_aside(sorted({example.company for example in examples}))
    used = [example for example in examples if not {example.company, example.visitor} & {*aside}]
    if not used:
        raise Invalid("No example is left to train on.")
    network = load(run.start, run.recipe.dropout)
    material, texts = Material(used, run.recipe.seed), Texts(run.tokenizer)
    texts.put(network, material.texts())
    trained = train(network, material, texts, run.recipe, tell)
    torch.save(trained.network.state_dict(), run.out / _NETWORK)
    return {"set_aside": aside, "examples": len(used), "choices": material.counts(), "loss": trained.loss}


def _export(run: Run) -> Mapping[str, Any]:
    network = load(run.start, run.recipe.dropout)
    network.load_state_dict(torch.load(run.out / _NETWORK))
    export(network, run.out / _READER)
    return {"bytes": (run.out / _READER).stat().st_size, "parity": _parity(run, network)}


def _parity(run: Run, network: Network) -> Mapping[str, Any]:
    examples = random.Random(0).sample(found := reader_data.read(run.out / _HELD_OUT), min(_COMPARED, len(found)))
    pairs = [(example.asked, example.passages[0].text) for example in examples if example.passages]
    return parity(network, run.out / _READER, run.tokenizer, pairs)


def _measure(run: Run, tell: Tell) -> Mapping[str, Any]:
    """How well the highest score of the first passages tells answerable questions from others, never trained on."""
    reader = Reader(run.out / _READER, run.tokenizer)
    aside = {*set_aside(_names(run, "train"))}
    groups = {
        "set_aside": [e for e in reader_data.read(run.out / _TRAIN) if e.company in aside and not e.visitor],
        "validation": reader_data.read(run.out / _HELD_OUT),
    }
    return {
        name: _auc(reader, examples, lambda done, total: tell("Measuring", done, total))
        for name, examples in groups.items()
    }


def _auc(reader: Reader, examples: Sequence[Example], tell: Callable[[int, int], None]) -> Mapping[str, Any]:
    decided = [example for example in examples if example.answerable or example.type in _DECIDED]
    scores = []
    for done, example in enumerate(decided, start=1):
        answers = reader.read(example.asked, [seen.text for seen in example.passages[:READ]])
        scores.append(max(answers, default=0.0))
        tell(done, len(decided))
    return {"questions": len(decided), "auc": round(auc([example.answerable for example in decided], scores), 4)}
