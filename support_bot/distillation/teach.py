"""Ask a teacher how it would have gone on at each token of the answers: soft labels to train a student on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from support_bot.distillation.examples import Example
from support_bot.distillation.soft_labels import (
    SoftLabels,
    append_labels,
    label_key,
    labels_of,
    mend,
    read_labels,
)
from support_bot.engine.base import ChatTurn, GenerationRequest, TextEngine
from support_bot.engine.catalogue import CatalogueEntry
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.plan import Plan
from support_bot.engine.scoring import scores
from support_bot.settings import EngineSettings

Tell = Callable[[str, int, int], None]

_TOLD_EVERY = 10
_AHEAD = 8  # examples; enough to fill a step with the ends and beginnings of several
_STEP_TOKENS = 256  # each has a row of logits, so more would take much memory
_CONTEXT = 2048
_DEADLINE_S = 600.0


@dataclass(frozen=True, slots=True)
class Teacher:
    """A writer of the catalogue with its file; the `top` likeliest tokens of each place are kept."""

    entry: CatalogueEntry
    weights: Path
    top: int = 8


def open_teacher(teacher: Teacher) -> TextEngine:
    """The teacher without any adapter, to be read with and then closed. Raises WeightsError."""
    settings = EngineSettings(adapter="none", context_tokens=_CONTEXT, slots=_AHEAD, memory_tokens=2 * _CONTEXT)
    plan = Plan(step_tokens=_STEP_TOKENS)
    return LlamaEngine.load(
        teacher.weights, name=teacher.entry.name, model_hash=teacher.entry.sha256, settings=settings, plan=plan
    )


def example_key(model_hash: str, example: Example, top: int) -> str:
    """Under which the labels of this example by this teacher are kept."""
    return label_key(model_hash, (example.system, example.user), example.answer, top)


def teach(
    open_engine: Callable[[], TextEngine], teacher: Teacher, examples: Sequence[Example], cache: Path, tell: Tell
) -> dict[str, SoftLabels]:
    """The labels of each example by its key, in the order of the examples.

    The prompt is the one that serving builds, in the teacher's own chat format. `cache` gets a line as soon as an
    example is done, and what stands there is not asked again; the engine is opened only where something is missing.
    Raises Invalid, Overloaded, WeightsError, EngineUnavailable."""
    mend(cache)
    known = dict(read_labels(cache)) if cache.exists() else {}
    wanted = {example_key(teacher.entry.sha256, example, teacher.top): example for example in examples}
    missing = {key: example for key, example in wanted.items() if key not in known}
    if missing:
        engine = open_engine()
        try:
            for done, (key, labels) in enumerate(_asked(engine, missing, teacher.top), start=1):
                append_labels(cache, key, labels)
                known[key] = labels
                if done % _TOLD_EVERY == 0 or done == len(missing):
                    tell("Asking the teacher", len(wanted) - len(missing) + done, len(wanted))
        finally:
            engine.close()
    return {key: known[key] for key in wanted}


def _asked(engine: TextEngine, examples: dict[str, Example], top: int) -> Iterator[tuple[str, SoftLabels]]:
    asked = [(_request(example, top), example.answer) for example in examples.values()]
    for (key, example), found in zip(examples.items(), scores(engine, asked, _AHEAD), strict=True):
        yield key, labels_of(found, example.answer)


def _request(example: Example, top: int) -> GenerationRequest:
    messages = (ChatTurn("system", example.system), ChatTurn("user", example.user))
    return GenerationRequest(messages, logprobs=top, deadline_s=_DEADLINE_S)
