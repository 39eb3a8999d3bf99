"""Training of the reader as it was ordered on the command line. Importing it loads PyTorch. Prints nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from support_bot.assembly import App, build_app, prepare, weights_store
from support_bot.commands.training_options import ReaderOptions
from support_bot.distillation.company import open_company
from support_bot.distillation.reader import Run, distill_reader
from support_bot.distillation.reader_training import Recipe
from support_bot.engine.fake import FakeEngine
from support_bot.engine.reader import EMBEDDER
from support_bot.engine.weights import Progress
from support_bot.jobs.handlers import register
from support_bot.retrieval.retriever import Retriever
from support_bot.services.knowledge import KnowledgeService
from support_bot.settings import Settings


def train_reader(settings: Settings, options: ReaderOptions, report: Progress) -> dict[str, Any]:
    """What each stage found. Raises Invalid, Conflict, WeightsError."""
    store = weights_store(settings)
    store.pull(EMBEDDER, report)
    run = Run(
        companies=options.companies,
        out=options.out,
        start=options.start,
        tokenizer=store.path(EMBEDDER, file="tokenizer.json"),
        recipe=Recipe(pairs=options.pairs),
    )

    def company(articles: Path) -> AbstractContextManager[Retriever]:
        return open_company(settings, articles, _Product)

    return distill_reader(run, company, report)


class _Product:
    """The search of the product alone: nothing writes."""

    def __init__(self, settings: Settings) -> None:
        prepare(settings)
        self._app: App = build_app(settings, engine=FakeEngine())
        register(self._app)
        self.knowledge: KnowledgeService = self._app.knowledge
        self.retriever: Retriever = self._app.langchain().retriever.retriever

    def start(self) -> None:
        self._app.start()

    def close(self) -> None:
        self._app.close()
