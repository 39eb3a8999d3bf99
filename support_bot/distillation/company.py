"""A search over one company's articles, as the product would search them, in a folder that goes afterwards."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from support_bot.errors import Invalid
from support_bot.evaluation.companies import write_articles
from support_bot.evaluation.run import ingest
from support_bot.retrieval.retriever import Retriever
from support_bot.services.knowledge import KnowledgeService
from support_bot.settings import Settings


class Searchable(Protocol):
    """The live product, as far as it is used here."""

    @property
    def knowledge(self) -> KnowledgeService: ...
    @property
    def retriever(self) -> Retriever: ...
    def start(self) -> None: ...
    def close(self) -> None: ...


@contextmanager
def open_company(settings: Settings, articles: Path, build: Callable[[Settings], Searchable]) -> Iterator[Retriever]:
    """The search over the articles of a company (NAME.articles.jsonl) while the block lasts. Raises Invalid."""
    with tempfile.TemporaryDirectory(prefix="support-bot-distillation-", ignore_cleanup_errors=True) as folder:
        write_articles(articles, Path(folder, "articles"))
        own = {"data_dir": Path(folder, "data"), "database_url": "", "chroma_url": "", "sample_data": False}
        product = build(settings.model_copy(update=own))
        try:
            product.start()
            if unread := ingest(product.knowledge, Path(folder, "articles"), lambda stage, done, total: None):
                raise Invalid(f"{articles} has articles that cannot be read: {', '.join(unread)}.")
            yield product.retriever
        finally:
            product.close()
