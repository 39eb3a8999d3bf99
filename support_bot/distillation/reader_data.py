"""What the reader learns from: each question of a company with the first passages that the product finds for it."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from support_bot.answering import condense, evidence, policy
from support_bot.errors import Invalid
from support_bot.evaluation.metrics import ANSWERABLE
from support_bot.index.keyword import terms
from support_bot.retrieval.reading import as_text
from support_bot.retrieval.retriever import Retriever
from support_bot.values import Passage, history_from

OpenCompany = Callable[[Path], AbstractContextManager[Retriever]]
"""From a file of articles to a search over them, as long as the block lasts."""

Tell = Callable[[str, int, int], None]

_PASSAGES = 10
_WORDS = 54  # of evidence; the floor's features hardly depend on it


@dataclass(frozen=True, slots=True)
class Seen:
    """A passage as the reader sees it, `title` characters of which are its title and headings; `held` is the share
    (0..1) of each of the question's evidence quotes that stands in it."""

    chunk: int
    text: str
    title: int
    held: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A question asked of a company. `asked` is searched by the bot, `alone` the same rewritten by hand; `visitor` is
    the company whose question it is, where it is another one's; `floor` are the features of the policy."""

    id: str
    company: str
    visitor: str
    type: str
    asked: str
    alone: str
    followup: bool
    quotes: tuple[str, ...]
    floor: tuple[float, ...]
    passages: tuple[Seen, ...]

    @property
    def answerable(self) -> bool:
        return self.type in ANSWERABLE and not self.visitor


def collect(place: Path, names: Sequence[str], company: OpenCompany, *, visitors: int, tell: Tell) -> Iterator[Example]:
    """The examples of these companies of the training data in `place`, and to each `visitors` questions of others.

    Questions that want to be asked back are left out: neither answer nor refusal is right. Raises Invalid."""
    records = {name: _records(place / f"{name}.qa.jsonl") for name in names}
    own = [
        (name, number, record)
        for name in names
        for number, record in records[name]
        if record["type"] in ANSWERABLE and not record["history"]
    ]
    for done, name in enumerate(names, start=1):
        with company(place / f"{name}.articles.jsonl") as search:
            for number, record in records[name]:
                yield _example(search, name, "", number, record)
            others = [item for item in own if item[0] != name]
            for other, number, record in random.Random(name).sample(others, min(visitors, len(others))):
                yield _example(search, name, other, number, record)
        tell("Collecting examples", done, len(names))


def write(examples: Iterator[Example], file: Path) -> int:
    """A line for each; their number."""
    count = 0
    with file.open("w", encoding="utf-8") as out:
        for example in examples:
            out.write(json.dumps(asdict(example), ensure_ascii=False) + "\n")
            count += 1
    return count


def read(file: Path) -> list[Example]:
    """What `write` wrote."""
    return [_from_line(line) for line in file.read_text("utf-8").splitlines()]


def _from_line(line: str) -> Example:
    record = json.loads(line)
    seen = tuple(Seen(**{**passage, "held": tuple(passage["held"])}) for passage in record.pop("passages"))
    return Example(**{**record, "quotes": tuple(record["quotes"]), "floor": tuple(record["floor"]), "passages": seen})


def _example(search: Retriever, name: str, visitor: str, number: int, record: Mapping[str, Any]) -> Example:
    turns = history_from(record["history"])
    asked = condense.standalone(record["question"], turns)
    passages = search.retrieve(asked, limit=_PASSAGES)
    quotes = () if visitor else tuple(record["evidence"])
    return Example(
        id=f"{name}-{visitor}{number:03}",
        company=name,
        visitor=visitor,
        type=record["type"],
        asked=asked,
        alone=record["standalone"],
        followup=bool(turns),
        quotes=quotes,
        floor=_floor(search, asked, passages),
        passages=tuple(_seen(passage, quotes) for passage in passages),
    )


def _floor(search: Retriever, asked: str, passages: Sequence[Passage]) -> tuple[float, ...]:
    chosen = evidence.select(asked, passages, search, most_words=_WORDS)
    covered = evidence.overlap(terms(asked), as_text(chosen.excerpts[0].passage)) if chosen.excerpts else 0.0
    found = policy.features(passages, chosen.closest, covered)
    return (found.passage, found.piece, found.coverage, found.agreement)


def _seen(passage: Passage, quotes: Sequence[str]) -> Seen:
    text = as_text(passage)
    return Seen(passage.chunk_id, text, len(text) - len(passage.text), tuple(_held(quote, text) for quote in quotes))


def _held(quote: str, text: str) -> float:
    """The share of the quote's word trigrams that the text has."""
    wanted, there = _trigrams(quote), _trigrams(text)
    return round(len(wanted & there) / len(wanted), 3)


def _trigrams(text: str) -> set[str]:
    words = re.findall(r"\w+", text.lower())
    return {" ".join(words[start : start + 3]) for start in range(max(1, len(words) - 2))}


def _records(file: Path) -> list[tuple[int, dict[str, Any]]]:
    """The questions of a company by their place in the file, without those to be asked back. Raises Invalid."""
    try:
        lines = file.read_text("utf-8").splitlines()
        records = [(number, json.loads(line)) for number, line in enumerate(lines, start=1) if line.strip()]
        return [(number, record) for number, record in records if record["type"] != "clarify"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"{file} cannot be read ({error!r}).") from None
