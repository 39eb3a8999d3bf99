"""Training as it was ordered on the command line. Importing it loads PyTorch. Prints nothing."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from support_bot.assembly import weights_store
from support_bot.commands.local import SearchOnly
from support_bot.commands.training_options import WriterOptions
from support_bot.distillation.company import open_company
from support_bot.distillation.examples import Shown
from support_bot.distillation.soft_loss import Soft
from support_bot.distillation.teach import Teacher
from support_bot.distillation.training import Recipe
from support_bot.distillation.writer import Run, distill_writer
from support_bot.engine.catalogue import Kind
from support_bot.engine.weights import Progress
from support_bot.errors import Invalid
from support_bot.retrieval.retriever import Retriever
from support_bot.settings import Settings

_BASE = "smollm2-135m"


def train_writer(settings: Settings, options: WriterOptions, report: Progress) -> dict[str, Any]:
    """What each stage found. Raises Invalid, Conflict, WeightsError."""
    store = weights_store(settings)
    teacher = None
    if options.teacher:
        entry = store.get(options.teacher)
        if entry.kind is not Kind.WRITER:
            raise Invalid(f"{entry.name} writes no text, so it cannot teach a writer.")
        teacher = Teacher(entry, store.pull(entry.name, report), options.top_k)
    soft = Soft(options.alpha, options.temperature) if teacher else None
    run = Run(
        companies=options.companies,
        out=options.out,
        base=store.get(_BASE),
        weights=store.pull(_BASE, report),
        shown=Shown(settings.answering.evidence_words, options.selected),
        recipe=Recipe(rank=options.rank, soft=soft),
        limit=options.limit,
        longest=options.longest,
        teacher=teacher,
    )

    def company(articles: Path) -> AbstractContextManager[Retriever]:
        return open_company(settings, articles, lambda given: SearchOnly(given, report))

    return distill_writer(run, company, report)
