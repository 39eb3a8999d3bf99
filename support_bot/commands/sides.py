"""Several models beside each other, each in a process of its own: so its processor time and memory are its own."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from support_bot.assembly import App, build_app, prepare, weights_store
from support_bot.engine.base import ChatTurn, GenerationRequest, TextEngine
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.measuring import resident_mb
from support_bot.engine.writers import load_writer
from support_bot.errors import Invalid, SupportBotError
from support_bot.evaluation.asking import ask
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.drafts import Draft, draft
from support_bot.evaluation.run import Options, temporary_bot
from support_bot.jobs.handlers import register
from support_bot.settings import Settings

_FIRST_WORDS = GenerationRequest((ChatTurn("user", "Hello"),), max_tokens=4)
_PIECES_S = 60.0


@dataclass(frozen=True, slots=True)
class Side:
    """One model as it takes part. `settings` name writer and adapter; where `variant` names a file of the catalogue
    into which the adapter was merged, that one writes. `bytes` are what its files take on the disk."""

    label: str
    says: str
    settings: Settings
    bytes: int
    variant: str = ""


@dataclass(frozen=True, slots=True)
class Timed:
    """What came back, with the processor seconds of the whole process and its memory in megabytes afterwards."""

    found: Any
    cpu_s: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class _Failed:
    why: str


class Process:
    """A side that waits for questions, on a fresh index of the articles."""

    def __init__(self, side: Side, articles: Path) -> None:
        """Begin to load; `wait` for it."""
        spawn = multiprocessing.get_context("spawn")
        self._side = side
        self._pipe, there = spawn.Pipe()
        self._process = spawn.Process(target=_serve, args=(there, side, articles), daemon=True)
        self._process.start()
        there.close()

    def wait(self) -> float:
        """Until it can be asked; megabytes of the model alone. Raises Invalid where it cannot be loaded."""
        model_mb: float = self._receive().found
        return model_mb

    def ask(self, question: Question) -> tuple[Prediction, Timed]:
        """As a customer would ask it. Raises Invalid."""
        timed = self._do("ask", question, 0)
        return timed.found, timed

    def draft(self, question: Question, passages: int) -> Draft | None:
        """See `drafts.draft`. Raises Invalid."""
        found: Draft | None = self._do("draft", question, passages).found
        return found

    def close(self) -> None:
        """End the process."""
        self._pipe.close()  # which ends it in good order
        self._process.join(10.0)
        self._process.kill()
        self._process.join()

    def _do(self, what: str, question: Question, passages: int) -> Timed:
        try:
            self._pipe.send((what, question, passages))
        except OSError:
            raise self._gone() from None
        return self._receive()

    def _receive(self) -> Timed:
        try:
            found = self._pipe.recv()
        except (EOFError, OSError):
            raise self._gone() from None
        if isinstance(found, _Failed):
            raise Invalid(f"{self._side.label}: {found.why}")
        timed: Timed = found
        return timed

    def _gone(self) -> Invalid:
        return Invalid(f"{self._side.label}: its process has ended; there may be too little memory for all sides.")


def _serve(pipe: Connection, side: Side, articles: Path) -> None:
    """In the child: load, then do what is asked until the parent goes."""
    made: list[tuple[App, TextEngine, float]] = []

    def build(given: Settings) -> App:
        prepare(given)
        before = resident_mb()
        engine = _engine(side, given)
        "".join(engine.start(_FIRST_WORDS))  # weights are read into memory when they are first needed
        used = resident_mb() - before
        app = build_app(given, engine=engine)
        register(app)
        made.append((app, engine, used))
        return app

    try:
        with temporary_bot(side.settings, articles, Options(), build):
            app, engine, model_mb = made[-1]
            while app.knowledge.complete_index(_PIECES_S):
                pass  # else it would go on beside the first answers
            retriever = app.langchain().retriever.retriever
            pipe.send(Timed(model_mb, 0.0, resident_mb()))
            while True:
                what, question, passages = pipe.recv()
                work: Callable[[], Any] = partial(ask, app, question)
                if what == "draft":
                    work = partial(draft, engine, retriever, question, passages)
                pipe.send(_timed(work))
    except SupportBotError as error:
        pipe.send(_Failed(error.detail))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return


def _engine(side: Side, settings: Settings) -> TextEngine:
    store = weights_store(settings)
    if not side.variant:
        return load_writer(store, settings.engine.model, settings)
    entry = store.get(side.variant)
    return LlamaEngine.load(
        store.path(entry.name), name=entry.name, model_hash=entry.sha256, settings=settings.engine, merged=True
    )


def _timed(work: Callable[[], Any]) -> Timed | _Failed:
    begin = time.process_time()
    try:
        found = work()
    except SupportBotError as error:
        return _Failed(error.detail)
    return Timed(found, time.process_time() - begin, resident_mb())
