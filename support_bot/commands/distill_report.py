"""The student of a run beside what serves, its base and its teacher: measured anew, on this machine, in one run."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

from support_bot.assembly import weights_store
from support_bot.commands.sides import Process, Side
from support_bot.commands.training_options import ReportOptions
from support_bot.commands.weights import Weights
from support_bot.distillation.collect import ARTICLES
from support_bot.distillation.order import Order, kept_order
from support_bot.distillation.run import COLLECTED, STUDENT
from support_bot.engine.adapter import NONE, Adapter, find_adapter
from support_bot.engine.catalogue import CatalogueEntry
from support_bot.engine.digest import file_sha256
from support_bot.engine.serving import WRITING, base_and_settings
from support_bot.engine.variants import FORMATS, Variants
from support_bot.engine.weights import Progress, WeightsStore
from support_bot.errors import Invalid
from support_bot.evaluation import side_page
from support_bot.evaluation.bench import machine
from support_bot.evaluation.dataset import Question, read_questions
from support_bot.evaluation.drafts import MOST_PASSAGES
from support_bot.evaluation.metrics import ANSWERABLE
from support_bot.evaluation.side_by_side import Column, summary
from support_bot.settings import Settings
from support_bot.storage.trouble import storage_trouble

PAGE, FIGURES = "report.html", "report.json"
_SERVING = "serving"
_PASSAGES = (1, 2, 4, MOST_PASSAGES)


def report(settings: Settings, options: ReportOptions, progress: Progress) -> dict[str, Any]:
    """Measure, and write `report.html` and `report.json` into the run's folder; the figures.

    Raises Invalid where the run has no student or a side cannot be asked, WeightsError, StorageFull."""
    order = kept_order(options.run)
    formats = [name for name in options.formats.split(",") if name]
    if unknown := [name for name in formats if name not in FORMATS]:
        raise Invalid(f"--formats: {unknown[0]} is not known; there are {', '.join(FORMATS)}.")
    questions = spread([each for each in read_questions(order.exam.questions) if each.type], options.questions)
    if not questions:
        raise Invalid("The exam's questions do not say what is right; nothing can be compared.")
    store = weights_store(settings)
    with storage_trouble(order.folder), _sides(settings, order, formats, store, progress) as sides:
        columns = _measure(sides, questions, order.folder / COLLECTED / ARTICLES, options.drafts, progress)
        found = {
            "name": order.name,
            "at": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            "machine": machine(),
            "facts": {"exam": order.exam.questions.name, "embedder": settings.retrieval.embedder},
            **summary(columns, questions, _SERVING),
        }
        (order.folder / FIGURES).write_text(json.dumps(found, indent=1, ensure_ascii=False), "utf-8")
        (order.folder / PAGE).write_text(side_page.page(found), "utf-8")
    return found


def spread(questions: Sequence[Question], count: int) -> list[Question]:
    """So many of them, evenly over the file, which often has one type after the other."""
    if count >= len(questions):
        return list(questions)
    return [questions[place * len(questions) // count] for place in range(count)]


# ---- who takes part


@contextmanager
def _sides(
    settings: Settings, order: Order, formats: Sequence[str], store: WeightsStore, progress: Progress
) -> Iterator[list[Side]]:
    """The student as it was trained and in these formats, its base, what serves, and the teacher; the files that were
    made for this go with the block."""
    student = order.folder / STUDENT
    if not student.is_file():
        raise Invalid(f"{order.folder} has no finished student; run `support-bot distill run` first.")
    base = store.get(order.recipe.base)
    store.pull(base.name, progress)
    adapter = Adapter(student, file_sha256(student))
    plain = _with(settings, base.name, NONE)
    found = [
        Side("student", f"{base.name} as shipped, the adapter over it", _with(settings, base.name, str(student)),
             base.bytes + student.stat().st_size),
        Side("base", f"{base.name} without an adapter", plain, base.bytes),
        _serving(settings, store, progress, adapter),
    ]  # fmt: skip
    if order.teacher:
        store.pull(order.teacher.model, progress)
        teacher = store.get(order.teacher.model)
        found.append(Side("teacher", teacher.name, _with(settings, teacher.name, ""), teacher.bytes))
    with _made(store, base, adapter, formats, progress) as made:
        for name, entry in made.items():
            says = f"the adapter merged into {base.name}, kept as {name}"
            found.append(Side(f"student {name}", says, plain, entry.bytes, entry.name))
        yield found


def _serving(settings: Settings, store: WeightsStore, progress: Progress, student: Adapter) -> Side:
    """As it runs here, tuned or not; where the student itself serves, what the product comes with."""
    rows = [row for row in Weights(settings, progress).page() if row["in_use"] and row["kind"] in WRITING]
    if not rows:
        raise Invalid("Another machine writes the answers (SUPPORT_BOT_ENGINE__KIND); it cannot be measured here.")
    name, says = str(rows[0]["name"]), "which serves now, as it is tuned here"
    if rows[0]["sha256"] == student.sha256:
        name = next(entry.name for entry in store.entries() if entry.default and entry.kind in WRITING)
        says = "with which the product comes, as it is tuned here; the student itself serves now"
    engine = settings.engine.model_copy(update={"model": name})
    entry, chosen = base_and_settings(store, name, engine)
    adapter = find_adapter(chosen.adapter, entry.sha256)
    size = entry.bytes + (adapter.path.stat().st_size if adapter else 0)
    return Side(_SERVING, f"{name}, {says}", settings.model_copy(update={"engine": engine}), size)


def _with(settings: Settings, name: str, adapter: str) -> Settings:
    engine = settings.engine.model_copy(update={"model": name, "adapter": adapter, "tune": "off"})
    return settings.model_copy(update={"engine": engine})


@contextmanager
def _made(
    store: WeightsStore, base: CatalogueEntry, adapter: Adapter, formats: Collection[str], progress: Progress
) -> Iterator[dict[str, CatalogueEntry]]:
    """The student merged, by format; what was not there before is deleted afterwards."""
    before = {entry.name for entry in store.variants()}
    variants = Variants(store, base, adapter)
    made: dict[str, CatalogueEntry] = {}
    try:
        for number, name in enumerate(formats):
            progress("Making formats", number, len(formats))
            made[name] = variants.make(name)
        yield made
    finally:
        for entry in made.values():
            if entry.name not in before:
                store.drop_variant(entry)


# ---- asking


def _measure(
    sides: Sequence[Side], questions: Sequence[Question], articles: Path, drafts: int, progress: Progress
) -> list[Column]:
    """Every side answers each question before the next one is put, another one first each time: a busy moment of the
    machine then hits all of them."""
    columns = [Column(side.label, side.says, side.bytes) for side in sides]
    with ExitStack() as stack:
        processes = [stack.enter_context(closing(Process(side, articles))) for side in sides]
        for number, process in enumerate(processes):
            progress("Loading the sides", number, len(sides))
            columns[number].model_mb = process.wait()
        pairs = list(zip(columns, processes, strict=True))
        for _, process in pairs:
            process.ask(questions[0])  # what is read for the first time only
        for number, question in enumerate(questions):
            progress("Asking", number, len(questions))
            for column, process in _turned(pairs, number):
                prediction, timed = process.ask(question)
                column.predictions[question.id] = prediction
                column.cpu_s.append(timed.cpu_s)
                column.memory_mb = max(column.memory_mb, timed.memory_mb)
        _draft(pairs, sides, questions, drafts, progress)
    return columns


def _draft(
    pairs: Sequence[tuple[Column, Process]],
    sides: Sequence[Side],
    questions: Sequence[Question],
    wanted: int,
    progress: Progress,
) -> None:
    """Drafts of so many answerable questions, those whose prompt fits into every side's context; the formats draft from
    one passage only, which tells their speed."""
    merged = {side.label for side in sides if side.variant}
    candidates = [question for question in questions if question.type in ANSWERABLE and question.gold_passages]
    done = 0
    for question in candidates:
        if done == wanted:
            break
        progress("Drafting", done, wanted)
        found: dict[tuple[str, int], Any] = {}
        for count in _PASSAGES:
            asked = [pair for pair in _turned(pairs, done + count) if count == 1 or pair[0].label not in merged]
            found |= {(column.label, count): _drafted(process, question, count) for column, process in asked}
            if None in found.values():
                break
        else:
            done += 1
            for column, _ in pairs:
                column.drafts |= {(question.id, n): each for (label, n), each in found.items() if label == column.label}


def _drafted(process: Process, question: Question, count: int) -> Any:
    try:
        return process.draft(question, count)
    except Invalid:
        return None  # longer than the context


def _turned(pairs: Sequence[tuple[Column, Process]], number: int) -> list[tuple[Column, Process]]:
    place = number % len(pairs)
    return [*pairs[place:], *pairs[:place]]
