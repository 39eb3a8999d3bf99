"""Several knowledge bases in one exam: each is asked its own questions, the answers are pooled. Scores nothing."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support_bot.errors import Invalid
from support_bot.evaluation.dataset import HistoryTurn, Question, read_questions
from support_bot.evaluation.facts import facts, opening, stems
from support_bot.evaluation.matching import holds_passage
from support_bot.evaluation.metrics import ACCEPTED, ANSWERABLE

_ARTICLES = "articles"
_EXAM = "exam.jsonl"
_TRAINING_ARTICLES = ".articles.jsonl"
_TRAINING_QUESTIONS = ".qa.jsonl"


@dataclass(frozen=True, slots=True)
class KnowledgeBase:
    """A folder of articles and what is asked about them."""

    name: str
    folder: Path
    questions: tuple[Question, ...]


def companies(place: Path, into: Path, split: str | None = None) -> list[KnowledgeBase]:
    """Every knowledge base under `place`: folders laid out as NAME/articles/ with NAME/exam.jsonl, or training data
    (companies/NAME.articles.jsonl with NAME.qa.jsonl), which is converted, its articles written below `into`.

    `split` takes only the names that `place`/splits.json lists under it. Question ids begin with the name. Raises
    Invalid."""
    training = place / "companies" if (place / "companies").is_dir() else place
    names = split_names(place, split) if split else None
    converted = [
        _convert(path, into / path.name.removesuffix(_TRAINING_ARTICLES))
        for path in sorted(training.glob(f"*{_TRAINING_ARTICLES}"))
        if names is None or path.name.removesuffix(_TRAINING_ARTICLES) in names
    ]
    folders = [
        _from_folder(path.parent)
        for path in sorted(place.glob(f"*/{_EXAM}"))
        if (path.parent / _ARTICLES).is_dir() and (names is None or path.parent.name in names)
    ]
    if not converted and not folders:
        raise Invalid(f"{place} has no knowledge base: folders with {_ARTICLES}/ and {_EXAM}, or training data.")
    return converted + folders


def pooled(bases: Iterable[KnowledgeBase]) -> str:
    """All questions as the lines of one file."""
    return "".join(f"{question.to_line()}\n" for base in bases for question in base.questions)


def convert(articles: Sequence[Mapping[str, Any]], records: Iterable[Mapping[str, Any]], name: str) -> list[Question]:
    """Exam questions from hand-written examples; one whose answer shares no fact with its evidence is left out."""
    count = Counter(stem for article in articles for stem in {*stems(f"{article['title']} {article['text']}")})
    rarity = {stem: number / len(articles) for stem, number in count.items()}
    texts = {article["id"]: f"{article['title']}\n{article['text']}" for article in articles}
    found = (_question(record, f"{name}-{n:03}", texts, rarity) for n, record in enumerate(records, start=1))
    return [question for question in found if question is not None]


def _question(
    record: Mapping[str, Any], name: str, texts: Mapping[str, str], rarity: Mapping[str, float]
) -> Question | None:
    kind, evidence = record["type"], record["evidence"]
    history = tuple(HistoryTurn(**turn) for turn in record["history"])
    asked = [f"{record['question']}\n{record['standalone']}", *(turn.content for turn in history)]
    answerable = kind in ANSWERABLE
    must = _facts(record, asked, rarity) if answerable else ()
    if kind not in ACCEPTED or (answerable and not must):
        return None
    held = [[f"{doc}.md" for doc in record["gold"] if holds_passage(quote, texts[doc])] for quote in evidence]
    together = answerable and not any(all(f"{doc}.md" in docs for docs in held) for doc in record["gold"])
    return Question(
        id=name,
        question=record["question"],
        history=history,
        type=kind,
        gold_docs=tuple(f"{doc}.md" for doc in record["gold"]) if answerable else (),
        gold_passages=tuple(evidence) if answerable else (),
        passage_docs=tuple(map(tuple, held)) if answerable else (),
        must_include=must,
        expected_status=ACCEPTED[kind],
        reference_answer=record["answer"],
        tags=("multi-doc",) if together else (),
    )


def _facts(record: Mapping[str, Any], asked: Sequence[str], rarity: Mapping[str, float]) -> tuple[tuple[str, ...], ...]:
    """Those of the first sentence, where it has any; two things that are compared may fill two sentences."""
    answer = record["answer"]
    parts = [answer] if record["type"] == "comparison" else [opening(answer), answer]
    found = (facts(record["evidence"], part, asked, rarity) for part in parts)
    return next(filter(None, found), ())


def _convert(path: Path, into: Path) -> KnowledgeBase:
    name = path.name.removesuffix(_TRAINING_ARTICLES)
    articles = _lines(path)
    records = _lines(path.with_name(name + _TRAINING_QUESTIONS))
    try:
        questions = convert(articles, records, name)
        _write(articles, into, path)
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid(f"{path} and its questions are no training data ({error!r}).") from None
    return KnowledgeBase(name, into, tuple(questions))


def write_articles(path: Path, into: Path) -> None:
    """Write the articles of training data (NAME.articles.jsonl) as files below `into`. Raises Invalid."""
    try:
        _write(_lines(path), into, path)
    except (KeyError, TypeError) as error:
        raise Invalid(f"{path} has no articles ({error!r}).") from None


def _write(articles: Sequence[Mapping[str, Any]], into: Path, source: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    for article in articles:
        if not re.fullmatch(r"[\w-]+", article["id"]):
            raise Invalid(f"{source}: the id {article['id']!r} cannot be a file's name.")
        (into / f"{article['id']}.md").write_text(f"# {article['title']}\n\n{article['text']}\n", "utf-8")


def _from_folder(folder: Path) -> KnowledgeBase:
    questions = read_questions(folder / _EXAM)
    named = (question.model_copy(update={"id": f"{folder.name}-{question.id}"}) for question in questions)
    return KnowledgeBase(folder.name, folder / _ARTICLES, tuple(named))


def split_names(place: Path, split: str) -> set[str]:
    """The companies that `place`/splits.json lists under this. Raises Invalid."""
    try:
        return set(json.loads((place / "splits.json").read_text("utf-8"))[split])
    except FileNotFoundError:
        raise Invalid(f"{place} has no splits.json to take {split} from.") from None
    except (ValueError, KeyError, TypeError):
        raise Invalid(f"{place / 'splits.json'} does not list {split}.") from None


def _lines(path: Path) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]
    except (OSError, ValueError) as error:
        raise Invalid(f"{path} cannot be read ({error}).") from None
