"""The training of a run's student, on what the run collected. Importing it loads PyTorch. Prints nothing."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from support_bot.assembly import weights_store
from support_bot.commands.local import SearchOnly
from support_bot.distillation.company import open_company
from support_bot.distillation.examples import Shown
from support_bot.distillation.order import Order
from support_bot.distillation.soft_loss import Soft
from support_bot.distillation.teach import Teacher
from support_bot.distillation.training import Recipe
from support_bot.distillation.writer import Run, distill_writer
from support_bot.engine.weights import Progress
from support_bot.retrieval.retriever import Retriever
from support_bot.settings import Settings


def train_student(settings: Settings, order: Order, data: Path, into: Path, report: Progress) -> Mapping[str, Any]:
    """What each stage of the training found; `into` gets `writer.gguf`. Raises Invalid, Conflict, WeightsError."""
    return _distill(settings, order, data, into, report)


def teach_student(settings: Settings, order: Order, data: Path, into: Path, report: Progress) -> Mapping[str, Any]:
    """What asking the teacher found; `into` gets its labels. Raises Invalid, Conflict, WeightsError."""
    taught: Mapping[str, Any] = _distill(settings, order, data, into, report, teach_only=True)["teach"]
    return taught


def _distill(
    settings: Settings, order: Order, data: Path, into: Path, report: Progress, *, teach_only: bool = False
) -> dict[str, Any]:
    store = weights_store(settings)
    recipe, wanted = order.recipe, order.teacher
    teacher = soft = None
    if wanted and wanted.alpha:
        teacher = Teacher(store.get(wanted.model), store.pull(wanted.model, report), wanted.top_k)
        soft = Soft(wanted.alpha, wanted.temperature)
    run = Run(
        companies=data,
        out=into,
        base=store.get(recipe.base),
        weights=store.pull(recipe.base, report),
        shown=Shown(settings.answering.evidence_words, recipe.selected),
        recipe=Recipe(rank=recipe.rank, soft=soft),
        limit=recipe.limit,
        longest=recipe.longest,
        teacher=teacher,
    )

    def company(articles: Path) -> AbstractContextManager[Retriever]:
        return open_company(settings, articles, lambda given: SearchOnly(given, report))

    return distill_writer(run, company, report, teach_only=teach_only)
