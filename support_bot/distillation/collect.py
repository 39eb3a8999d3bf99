"""The first stage: from a snapshot of the product to files that training and the exam read. Changes nothing live."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from support_bot.distillation.conversations import Pair, pairs, pinned_pairs
from support_bot.distillation.examples import OpenCompany
from support_bot.distillation.order import Sources
from support_bot.distillation.rows import is_held_out, rows
from support_bot.errors import Invalid
from support_bot.evaluation.companies import split_names
from support_bot.evaluation.dataset import Question
from support_bot.storage.database import Database, Transaction
from support_bot.values import Audience, DocumentFilter, DocumentStatus

OWN, OWN_HELD_OUT = "own", "own-held-out"
ARTICLES = "articles"
OUTPUTS = (
    "splits.json", "chunks.jsonl", "names.json", "companies/own.articles.jsonl", "companies/own.qa.jsonl",
    "companies/own-held-out.qa.jsonl",
)  # fmt: skip
_PAGE = 500
_LEAST_ROWS = 20
_SUFFIXES = (".md", ".txt", ".html", ".htm")

OpenSnapshot = Callable[[], AbstractContextManager[Database]]
"""A database as it was at one moment, which nobody else has open."""


@dataclass(frozen=True, slots=True)
class _Article:
    """A public document as it is searched now; `id` is what it is called in the training data."""

    id: str
    name: str
    title: str
    text: str


def collect(
    into: Path, sources: Sources, exam: Sequence[Question], snapshot: OpenSnapshot, company: OpenCompany
) -> dict[str, Any]:
    """Fill the folder `into` anew: `companies/` with `splits.json` as `distill writer` reads them, `articles/` for the
    exam, `chunks.jsonl`; how much of what there is, and why the rest is not. Raises Invalid where too little is."""
    shutil.rmtree(into, ignore_errors=True)
    (into / "companies").mkdir(parents=True)
    left_out: Counter[str] = Counter()
    with snapshot() as db, db.reading() as tx:
        articles = _articles(tx)
        chunks = _write_chunks(tx, into / "chunks.jsonl")
        found: list[Pair] = list(pairs(tx, left_out)) if sources.conversations else []
        found += pinned_pairs(tx) if sources.pinned_answers else []
    if not articles:
        raise Invalid("The product has no public article that is ready; there is nothing to answer from.")
    _write_articles(articles, into)
    taken: list[dict[str, Any]] = []
    if found:
        with company(into / "companies" / f"{OWN}.articles.jsonl") as retriever:
            taken = list(rows(found, exam, retriever, left_out))
    held_out = [row for row in taken if is_held_out(row)]
    train = [row for row in taken if not is_held_out(row)]
    _write_lines(into / "companies" / f"{OWN}.qa.jsonl", train)
    _write_lines(into / "companies" / f"{OWN_HELD_OUT}.qa.jsonl", held_out)
    splits = _splits(into, sources.companies, bool(train), bool(held_out))
    if sources.companies is None and (len(train) < _LEAST_ROWS or not held_out):
        raise Invalid(
            f"{len(taken)} answers can be learnt from ({_told(left_out)}); {_LEAST_ROWS} are needed, with some to hold "
            "out. Name a folder of training companies in sources.companies, or come back later."
        )
    return {
        "articles": len(articles),
        "chunks": chunks,
        "rows": dict(Counter(row["source"] for row in taken)),
        "train": len(train),
        "held_out": len(held_out),
        "left_out": dict(left_out),
        "companies": {name: len(names) for name, names in splits.items()},
    }


def conversations_in(collected: Path) -> list[str]:
    """The ids of the conversations whose answers lie in a folder that `collect` filled; none where there is no such."""
    files = [collected / "companies" / f"{company}.qa.jsonl" for company in (OWN, OWN_HELD_OUT)]
    lines = [line for file in files if file.is_file() for line in file.read_text("utf-8").splitlines()]
    return sorted({row["conversation"] for row in map(json.loads, lines)} - {""})


def _articles(tx: Transaction) -> list[_Article]:
    wanted = DocumentFilter(status=DocumentStatus.READY, audience=Audience.PUBLIC)
    documents: list[Any] = []
    while page := tx.documents.page(wanted, limit=_PAGE, offset=len(documents)):
        documents += page
    return [
        _Article(f"a{number}", document.name, document.title, tx.documents.text(document.id))
        for number, document in enumerate(documents, start=1)
    ]


def _write_chunks(tx: Transaction, file: Path) -> int:
    """What is searched now, one chunk a line, internal ones left out."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for document_id in tx.documents.ids():
            document = tx.documents.get(document_id)
            if document.audience is not Audience.PUBLIC:
                continue
            for chunk in tx.documents.chunks(document_id):
                record = {"document": document.name, "heading": chunk.heading_path, "text": chunk.text}
                out.write(json.dumps(record, ensure_ascii=False) + "\n")
                count += 1
    return count


def _write_articles(articles: Sequence[_Article], into: Path) -> None:
    """Once as training data, and once as files under their own names, so that an exam knows them."""
    training = [{"id": one.id, "title": one.title, "text": one.text} for one in articles]
    for company in (OWN, OWN_HELD_OUT):
        _write_lines(into / "companies" / f"{company}.articles.jsonl", training)
    (into / "names.json").write_text(json.dumps({one.id: one.name for one in articles}, ensure_ascii=False), "utf-8")
    for one in articles:
        file = into / ARTICLES / file_name(one.name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_with_title(one), "utf-8")


def file_name(name: str) -> str:
    """A document's name as that of a Markdown file below one folder: what scores compare stays the same."""
    parts = [part for part in PurePosixPath(name.replace("\\", "/")).parts if part not in ("..", "/")]
    path = "_".join(parts).replace(":", "_")[-180:] or "article"
    for suffix in _SUFFIXES:
        path = path.removesuffix(suffix)
    return f"{path}.md"


def _with_title(article: _Article) -> str:
    opening = article.text.lstrip()
    return opening if opening.startswith("# ") else f"# {article.title}\n\n{opening}"


def _splits(into: Path, companies: Path | None, trains: bool, holds_out: bool) -> dict[str, list[str]]:
    """Which companies are for training and which for looking at the loss, ours among them; theirs are linked or
    copied."""
    splits: dict[str, list[str]] = {"train": [OWN] if trains else [], "validation": [OWN_HELD_OUT] if holds_out else []}
    if companies is not None:
        for split, names in splits.items():
            for name in sorted(split_names(companies, split)):
                for kind in (ARTICLES, "qa"):
                    _take(companies / "companies" / f"{name}.{kind}.jsonl", into / "companies")
                names.append(name)
    (into / "splits.json").write_text(json.dumps(splits, indent=1), "utf-8")
    return splits


def _take(file: Path, folder: Path) -> None:
    if not file.is_file():
        raise Invalid(f"{file} is not there, but splits.json lists it.")
    if (folder / file.name).exists():
        raise Invalid(f"{file}: a training company may not be called {OWN} or {OWN_HELD_OUT}.")
    shutil.copyfile(file, folder / file.name)


def _write_lines(file: Path, records: Iterable[Mapping[str, Any]]) -> None:
    file.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")


def _told(left_out: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {why}" for why, count in sorted(left_out.items())) or "there are no others"
