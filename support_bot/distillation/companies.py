"""Read the training companies: articles, questions with their evidence, which company is for what. Knows no student."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from support_bot.errors import Invalid
from support_bot.values import Turn, history_from

Split = Literal["train", "validation", "test"]


class Article(BaseModel):
    """A help article in Markdown; `id` is unique within its company."""

    model_config = ConfigDict(frozen=True)

    id: str
    title: str
    text: str


class Asked(BaseModel):
    """A customer's question; `evidence` are verbatim quotes of the `gold` articles, `answer` cites them as `[a3]`."""

    model_config = ConfigDict(frozen=True)

    type: str
    history: tuple[dict[str, str], ...]
    question: str
    standalone: str
    gold: tuple[str, ...]
    evidence: tuple[str, ...]
    answer: str

    @property
    def turns(self) -> list[Turn]:
        """The history as the pipeline takes it."""
        return history_from(self.history)


class Company(BaseModel):
    """One invented company: its articles by id, and what its customers ask."""

    model_config = ConfigDict(frozen=True)

    slug: str
    articles: dict[str, Article]
    asked: tuple[Asked, ...]


_T = TypeVar("_T", bound=BaseModel)


def read_companies(folder: Path, split: Split) -> list[Company]:
    """The companies of one split. Raises Invalid, naming the file, where one is missing or not as described."""
    return [_company(folder / "companies", slug) for slug in _slugs(folder, split)]


def company_files(folder: Path, split: Split) -> list[Path]:
    """Every file `read_companies` reads, for the record of a run."""
    names = [f"{slug}.{part}.jsonl" for slug in _slugs(folder, split) for part in ("articles", "qa")]
    return [folder / "splits.json", *(folder / "companies" / name for name in names)]


def _slugs(folder: Path, split: Split) -> list[str]:
    place = folder / "splits.json"
    try:
        return TypeAdapter(dict[str, list[str]]).validate_json(place.read_bytes())[split]
    except (OSError, ValidationError, KeyError) as error:
        raise Invalid(f"{place} does not say which companies are for {split} ({error}).") from None


def _company(folder: Path, slug: str) -> Company:
    articles = _lines(folder / f"{slug}.articles.jsonl", Article)
    asked = _lines(folder / f"{slug}.qa.jsonl", Asked)
    return Company(slug=slug, articles={article.id: article for article in articles}, asked=tuple(asked))


def _lines(path: Path, kind: type[_T]) -> list[_T]:
    try:
        text = path.read_text("utf-8")
        return [kind.model_validate(json.loads(line)) for line in text.split("\n") if line.strip()]
    except (OSError, ValueError) as error:
        raise Invalid(f"{path} cannot be read: {error}") from None
