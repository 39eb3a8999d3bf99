"""Pairs of a question and part of a passage, drawn at random: those that answer, near misses, and made-up ones."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from support_bot.distillation.reader_data import Example, Seen
from support_bot.distillation.reader_words import names, own_names, renamed, said

_HELD, _MISSED = 0.8, 0.35  # shares of a quote: from the first on a passage answers, below the second it does not
_SHARES = {"answers": 0.43, "misses": 0.22, "unanswerable": 0.20, "visitors": 0.10, "renamed": 0.05}
_MISSES, _UNANSWERABLE, _VISITORS = 5, 4, 2  # first passages of such a question that are taken
_TOO_ALIKE = 0.72  # a question of another company with a sentence this close may well be answered here
_SHORTEST, _LONGEST = 48, 224  # tokens of a passage that are shown
_WHOLE, _RENAMED = "whole", "renamed"
_RENAMEABLE = ("factual", "howto", "policy", "troubleshoot")


@dataclass(frozen=True, slots=True)
class Pair:
    """`span` are the tokens shown of the passage with this key; `answers` is whether they answer the question."""

    question: str
    passage: Hashable
    span: tuple[int, int]
    answers: bool


class TokenPlaces(Protocol):
    """Where the tokens of the passages stand."""

    def length(self, key: Hashable) -> int: ...
    def tokens(self, key: Hashable, begin: int, end: int) -> tuple[int, int] | None: ...


@dataclass(frozen=True, slots=True)
class _Choice:
    example: Example
    seen: Seen


class Material:
    """The examples of several companies, sorted by what can be drawn from them."""

    def __init__(self, examples: Sequence[Example], seed: int) -> None:
        self._names = names(examples)
        self._all = sorted({name for known in self._names.values() for name in known})
        rng = random.Random(seed)
        self._exchanged = {company: self._exchange(known, rng) for company, known in sorted(self._names.items())}
        self._choices: dict[str, list[_Choice]] = {kind: [] for kind in _SHARES}
        for example in examples:
            self._sort(example)

    def texts(self) -> Mapping[Hashable, str]:
        """Every passage by key, as it is and with its company's names exchanged."""
        found: dict[Hashable, str] = {}
        for choices in self._choices.values():
            for choice in choices:
                company, chunk = choice.example.company, choice.seen.chunk
                found[company, chunk, _WHOLE] = choice.seen.text
                found[company, chunk, _RENAMED] = renamed(choice.seen.text, self._exchanged[company])
        return found

    def counts(self) -> dict[str, int]:
        return {kind: len(choices) for kind, choices in self._choices.items()}

    def draw(self, rng: random.Random, places: TokenPlaces) -> Pair:
        """A pair at random, each kind with its share."""
        kinds = [kind for kind in _SHARES if self._choices[kind]]
        while True:
            kind = rng.choices(kinds, [_SHARES[kind] for kind in kinds])[0]
            choice = rng.choice(self._choices[kind])
            pair = self._misnamed(choice, rng, places) if kind == "renamed" else self._plain(kind, choice, rng, places)
            if pair is not None:
                return pair

    def _exchange(self, known: Sequence[str], rng: random.Random) -> dict[str, str]:
        others = [name for name in self._all if name not in known]
        return {name.lower(): rng.choice(others) for name in known} if others else {}

    def _sort(self, example: Example) -> None:
        choices = [_Choice(example, seen) for seen in example.passages]
        if example.visitor:
            alike = example.floor[1] >= _TOO_ALIKE
            self._choices["visitors"] += [] if alike else choices[:_VISITORS]
        elif not example.answerable:
            most = _UNANSWERABLE if example.type == "unanswerable" else 1
            self._choices["unanswerable"] += choices[:most]
        else:
            held = [choice for choice in choices if max(choice.seen.held, default=0.0) >= _HELD]
            missed = [choice for choice in choices[:_MISSES] if max(choice.seen.held, default=0.0) < _MISSED]
            self._choices["answers"] += held
            self._choices["misses"] += missed
            if example.type in _RENAMEABLE and self._own(example):
                self._choices["renamed"] += held

    def _own(self, example: Example) -> list[str]:
        known = own_names(example.alone, self._names[example.company])
        return [name for name in known if name.lower() != example.company]

    def _misnamed(self, choice: _Choice, rng: random.Random, places: TokenPlaces) -> Pair | None:
        """The question with a name that this company does not have, so that its own passage does not answer it."""
        example, known = choice.example, self._names[choice.example.company]
        other = rng.choice([name for name in self._all if name not in known] or [""])
        question = renamed(example.alone, {rng.choice(self._own(example)).lower(): other})
        if not other or question == example.alone:
            return None
        return self._shown(choice, question, False, rng, places)

    def _plain(self, kind: str, choice: _Choice, rng: random.Random, places: TokenPlaces) -> Pair | None:
        return self._shown(choice, said(choice.example, rng), kind == "answers", rng, places)

    def _shown(
        self, choice: _Choice, question: str, answers: bool, rng: random.Random, places: TokenPlaces
    ) -> Pair | None:
        """Part of the passage, sometimes without its title, sometimes with every name exchanged; with some of the
        evidence where it answers."""
        company, seen = choice.example.company, choice.seen
        quotes, title, key = choice.example.quotes, seen.title, (company, seen.chunk, _WHOLE)
        way = rng.choice(("whole", "whole", "untitled", "exchanged"))
        text = seen.text
        if way == "exchanged":
            names_ = self._exchanged[company]
            question, text = renamed(question, names_), renamed(text, names_)
            quotes, key = tuple(renamed(quote, names_) for quote in quotes), (company, seen.chunk, _RENAMED)
        total = places.length(key)
        shown = min(total, _LONGEST, rng.choice((total, total, rng.randint(_SHORTEST, max(_SHORTEST, total)))))
        first = places.tokens(key, title, len(text)) if way == "untitled" and title else None
        if not answers:
            start = rng.choice((0, min(first[0], total - shown) if first else 0, rng.randint(0, total - shown)))
            return Pair(question, key, (start, start + shown), False)
        spans = [places.tokens(key, text.find(q), text.find(q) + len(q)) for q in quotes if q in text]
        visible = [span for span in spans if span]
        if not visible:
            return None
        low, high = min(begin for begin, _ in visible), max(end for _, end in visible)
        if high - low >= shown:
            return Pair(question, key, (low, high), True)
        start = rng.randint(max(0, high - shown), min(low, total - shown))
        return Pair(question, key, (start, start + shown), True)
