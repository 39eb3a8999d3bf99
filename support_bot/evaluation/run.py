"""Ask every question of a file through the service customers use, and write down what came back. Judges nothing."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_bot.errors import Invalid, SupportBotError
from support_bot.evaluation.asking import Bot, ask, search
from support_bot.evaluation.companies import KnowledgeBase
from support_bot.evaluation.dataset import Prediction, Question, drop_torn_line, read_predictions, read_questions
from support_bot.services.knowledge import KnowledgeService
from support_bot.settings import Settings
from support_bot.values import DocumentStatus

logger = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and the total."""

_INGEST_S = 600.0


def _silent(stage: str, done: int, total: int) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Options:
    """Which questions, and how they are asked.

    `resume` keeps the answers a file already has; empty `languages` and `types` take all questions; `retrieval_only`
    asks the search alone; `engine` names other weights; `quote_only` lets no model write; `answer_all` answers however
    unsure the bot is, to see what a threshold would do."""

    resume: bool = False
    limit: int | None = None
    languages: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    retrieval_only: bool = False
    engine: str | None = None
    quote_only: bool = False
    answer_all: bool = False
    progress: Progress = _silent


@dataclass(frozen=True, slots=True)
class Result:
    """The selected questions with the predictions now on file, and with its reason what could not be read or asked."""

    questions: tuple[Question, ...]
    predictions: Mapping[str, Prediction]
    asked: int
    unreadable: Mapping[str, str]
    failed: Mapping[str, str]


def evaluate(
    settings: Settings, kb: Path, questions: Path, out: Path, options: Options, build: Callable[[Settings], Bot]
) -> Result:
    """Ingest the folder `kb` into a temporary data folder, ask the questions, and write one line each to `out`.

    Raises Invalid where a file or the folder cannot be used; a question that fails is reported and left out."""
    if out.resolve() == questions.resolve():
        raise Invalid(f"{out} are the questions; give the predictions a file of their own.")
    return evaluate_all(settings, [KnowledgeBase("", kb, tuple(read_questions(questions)))], out, options, build)


def evaluate_all(
    settings: Settings, bases: Sequence[KnowledgeBase], out: Path, options: Options, build: Callable[[Settings], Bot]
) -> Result:
    """Ask every knowledge base its own questions, each on a fresh index of its own articles, and pool the answers.

    `limit` counts for each. Raises Invalid as `evaluate` does."""
    selected = [(base, _select(base.questions, options)) for base in bases]
    if not any(questions for _, questions in selected):
        raise Invalid("No question is left by --language and --types.")
    if missing := [base.folder for base in bases if not base.folder.is_dir()]:
        raise Invalid(f"{missing[0]} is no folder.")
    done = _start_file(out, options.resume)
    unreadable: dict[str, str] = {}
    failed: dict[str, str] = {}
    for base, questions in selected:
        todo = [question for question in questions if question.id not in done]
        if not todo:
            continue
        with temporary_bot(settings, base.folder, options, build) as (bot, unread):
            failed |= _ask_all(bot, todo, out, options)
        unreadable |= {f"{base.name}/{name}".lstrip("/"): reason for name, reason in unread.items()}
    asked = [question for _, questions in selected for question in questions]
    new = sum(question.id not in done for question in asked)
    return Result(tuple(asked), read_predictions(out), new - len(failed), unreadable, failed)


def _select(questions: Sequence[Question], options: Options) -> list[Question]:
    found = [
        question
        for question in questions
        if (not options.languages or question.language in options.languages)
        and (not options.types or question.type in options.types)
    ]
    return found[: options.limit]


def _start_file(out: Path, resume: bool) -> set[str]:
    """The ids that `out` has answers for; it exists afterwards, so that a wrong path is known before the long run."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        if resume:
            drop_torn_line(out)
        with out.open("a" if resume else "w", encoding="utf-8"):
            pass
    except OSError as error:
        raise Invalid(f"{out} cannot be written: {error.strerror}.") from None
    return set(read_predictions(out))


@contextmanager
def temporary_bot(
    settings: Settings, kb: Path, options: Options, build: Callable[[Settings], Bot]
) -> Iterator[tuple[Bot, dict[str, str]]]:
    """A bot on a data folder of its own with the articles of `kb`, and why some could not be read; the folder goes when
    the block ends. Where the articles call for another embedder the bot is started again, as a company would."""
    with tempfile.TemporaryDirectory(prefix="support-bot-evaluation-", ignore_cleanup_errors=True) as folder:
        options.progress("Loading the model", 0, 0)
        engine = settings.engine.model_copy(update={"model": options.engine} if options.engine else {})
        answering: dict[str, Any] = {"write": settings.answering.write and not options.quote_only}
        answering |= {"answer_threshold": 0.0} if options.answer_all else {}
        chosen = settings.model_copy(
            update={
                "data_dir": Path(folder),
                "database_url": "",
                "chroma_url": "",
                "sample_data": False,
                "engine": engine,
                "answering": settings.answering.model_copy(update=answering),
            }
        )
        bot = build(chosen)
        try:
            bot.start()
            unread = ingest(bot.knowledge, kb, options.progress)
            if bot.models.embedder.upcoming() != bot.models.embedder.name:
                options.progress("Reading documents with another embedder", 0, 0)
                bot.close()
                bot = build(chosen)
                bot.start()
            yield bot, unread
        finally:
            bot.close()


def ingest(knowledge: KnowledgeService, kb: Path, progress: Progress) -> dict[str, str]:
    """Add every supported file under its name relative to the folder; reasons by name for those that yield no text."""
    suffixes = tuple(knowledge.supported())
    paths = sorted(path for path in kb.rglob("*") if path.is_file() and path.name.lower().endswith(suffixes))
    unreadable: dict[str, str] = {}
    names: dict[int, str] = {}
    for path in paths:
        name = path.relative_to(kb).as_posix()
        try:
            names[knowledge.add(name, path.read_bytes()).document.id] = name
        except SupportBotError as error:
            unreadable[name] = error.detail
    for number, (document_id, name) in enumerate(names.items(), start=1):
        [document] = knowledge.wait_until_ready([document_id], _INGEST_S)
        if document.status is not DocumentStatus.READY:
            unreadable[name] = document.reason or f"not read within {_INGEST_S:.0f} s"
        progress("Reading documents", number, len(names))
    if len(unreadable) == len(paths):
        raise Invalid(f"{kb} has no file that can be read ({', '.join(suffixes)}).")
    return unreadable


def _ask_all(bot: Bot, questions: Sequence[Question], out: Path, options: Options) -> dict[str, str]:
    """Append a line for each question as soon as it is answered; reasons by id for those that failed."""
    failed: dict[str, str] = {}
    put = search if options.retrieval_only else ask
    with out.open("a", encoding="utf-8") as file:
        for number, question in enumerate(questions, start=1):
            try:
                prediction = put(bot, question)
            except SupportBotError as error:
                logger.warning("question %s failed", question.id, exc_info=True)
                failed[question.id] = error.detail
            else:
                file.write(prediction.to_line() + "\n")
                file.flush()
            options.progress("Asking", number, len(questions))
    return failed
