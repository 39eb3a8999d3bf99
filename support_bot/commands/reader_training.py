"""Training of the reader as it was ordered on the command line. Importing it loads PyTorch. Prints nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from support_bot.assembly import weights_store
from support_bot.commands.local import SearchOnly
from support_bot.commands.training_options import ReaderOptions
from support_bot.distillation.company import open_company
from support_bot.distillation.reader import Run, distill_reader
from support_bot.distillation.reader_training import Recipe
from support_bot.engine.reader import EMBEDDER
from support_bot.engine.weights import Progress
from support_bot.retrieval.retriever import Retriever
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
        return open_company(settings, articles, lambda given: SearchOnly(given, report))

    return distill_reader(run, company, report)
