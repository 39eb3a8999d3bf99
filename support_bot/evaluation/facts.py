"""What an answer must say, taken from a hand-written answer and the evidence it rests on. Works on words, asks nobody.

A fact has to stand in both, and must not stand in the question: what the customer said proves nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from support_bot.evaluation.exact import Kind, Thing, digits, things
from support_bot.evaluation.matching import states
from support_bot.evaluation.normalise import normalise

Fact = tuple[str, ...]
"""The accepted wordings of one fact, as `must_include` takes them."""

_MOST_FACTS = 4
_WORD_CHOICES = 3
_TELLING = 0.4  # a word that more of the articles have tells nothing
_NEGATED = ("not", "no", "never", "cannot", "only", "without", "nor")
_FREE = ("free", "no charge", "no extra", "costs nothing", "nothing")
_ENDING = re.compile(r"(?:ing|ed|es|e|s|ly|ions?)$")
_OPENS_YES_OR_NO = re.compile(r"(?:yes|no|not|sorry|unfortunately)\b", re.IGNORECASE)
_ASKS_PRICE = re.compile(
    r"\b(?:how much (?:is|are|does|do|did|will|would|for|extra)"
    r"|costs?|prices?|fees?|charged?|pay for|do i pay|have to pay|owe)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(
    r"\b(?:when(?:'s| do| does| is| are| will| can| did)|what time|longest|last day|deadline|hours"
    r"|how (?:long|soon|late|early|often|many (?:days|hours|weeks)))\b|\b(?:is|are) [^?.]{0,20}\bopen\b",
    re.I,
)
_ASKS_COUNT = re.compile(r"\bhow (?:many|big|large|heavy|tall|wide)\b|\b(?:most|max|maximum|limit|biggest)\b", re.I)
_NO_NOUN = re.compile(r"\bno-\w+", re.I)
_JOINED = r"(?:\s*[–-]\s*|\W+(?:or|to|until)\W+(?:\w+\W+)?)"
_SENTENCE = re.compile(r"(?<=[.!?])(?<!\b[ap]\.m\.)\s+(?=[A-Z*])")
_CITED = re.compile(r"\s*\[a\d+\]")
_NUMBERING = re.compile(r"^\s*\d+\.\s+", re.MULTILINE)
_STOP = frozenset(
    "about above after again all also always and any are back because been before being below both but can cannot "
    "come could did does don each either else even every few for from get gets give goes had has have here how "
    "instead into isn its just like made make many may might more most much must need needs never next not now off "
    "once one only other our out over own per please same see she should since some still such take than that the "
    "their them then there these they this those through too under until use used very was way were what when where "
    "minute minutes hour hours day days week weeks month months year years "
    "which while who why will with within without won would yes yet you your article articles support team".split()
)


def facts(evidence: Sequence[str], answer: str, asked: Sequence[str], rarity: Mapping[str, float]) -> tuple[Fact, ...]:
    """At most four facts: the exact things that the evidence shares with the answer, else its rarest words.

    `asked` is all that was said, the question first; `rarity` the share of the articles that have a stem. None where
    evidence and answer share nothing, as in an answer that was worked out."""
    said, known = _plain(answer), _plain("\n".join(asked))
    quotes = [_plain(quote) for quote in evidence]
    exact: dict[str, Thing] = {}
    for quote in quotes:
        shared = _exact(_values(quote), said, known) or _exact(quote, said, known)
        exact |= _one_price(shared) if _ASKS_PRICE.search(asked[0]) else shared
    found = [_unsaid(fact, known) for fact in _either(_asked_for(list(exact.values()), asked[0]), said)]
    if _ASKS_PRICE.search(asked[0]) and not any(thing.kind is Kind.PRICE for thing in exact.values()):
        found = [_FREE] if all(states(_FREE[:1], normalise(text)) for text in (said, " ".join(quotes))) else found
    if not found:
        found = _rarest(quotes, said, known, rarity)
    whole, reply = normalise("\n".join(evidence)), normalise(answer)
    kept = [fact for fact in dict.fromkeys(found) if states(fact, whole) and states(fact, reply)]
    return tuple(kept[:_MOST_FACTS])


def opening(answer: str) -> str:
    """The first sentence, which answers; what follows adds to it. A list of steps is an answer as a whole."""
    plain = _CITED.sub("", answer)
    if "\n" in plain:
        return plain
    first = _SENTENCE.split(plain)[0]
    return first.partition(";")[0] if _OPENS_YES_OR_NO.match(first) else first


def stems(text: str) -> list[str]:
    """The content words of a text, each without its ending, in order."""
    words = re.findall(r"[^\W\d_]{3,}", text.lower().replace("’", "'").replace("'s", ""))
    return [_stem(word) for word in words if word not in _STOP]


def _stem(word: str) -> str:
    stem = _ENDING.sub("", word)
    if len(stem) < 4:
        return word
    return stem[:-1] if stem[-1] == stem[-2] and word.endswith(("ed", "ing")) else stem  # swapped: swap


def _plain(text: str) -> str:
    """Without citations and list numbers, small numbers as digits."""
    text = _NUMBERING.sub("", _CITED.sub("", text))
    return digits(text)


def _values(quote: str) -> str:
    """A table row without its first cell, which says what the row is about."""
    return quote.strip().removeprefix("|").partition("|")[2] if quote.lstrip().startswith("|") else quote


def _exact(quote: str, said: str, known: str) -> dict[str, Thing]:
    """What quote and answer share and the question does not have, by key."""
    there = {thing.key: thing for thing in things(said)}
    given = {thing.key for thing in things(known)}
    plain, reply = normalise(known), normalise(said)
    found = {}
    for thing in things(quote):
        other = there.get(thing.key)
        if other is None and thing.kind is Kind.PLACE and states(thing.wordings, reply):
            other = thing
        if other is None or other.contrasted or thing.key in given:
            continue
        # A price or a menu path is never what the customer meant by the same words.
        if thing.kind is Kind.PRICE or " > " in thing.wordings[0] or not states(thing.wordings[:1], plain):
            conditional = thing.conditional or other.conditional
            found[thing.key] = replace(thing, wordings=_said_by_both(thing, other), conditional=conditional)
    return found


def _asked_for(found: list[Thing], question: str) -> list[Thing]:
    """Of all that is exact, what the question is about: a price, a time, a number, else where to go."""
    found = [thing for thing in found if not thing.conditional] or found
    price, time, count = (bool(asks.search(question)) for asks in (_ASKS_PRICE, _ASKS_TIME, _ASKS_COUNT))
    wanted = [kind for kind, asks in ((Kind.PRICE, price), (Kind.TIME, time)) if asks]
    if count and not wanted:
        return found[:1]
    chosen = [thing for thing in found if thing.kind in wanted]
    return chosen or [thing for thing in found if thing.kind is Kind.PLACE] or found


def _one_price(found: dict[str, Thing]) -> dict[str, Thing]:
    """Where one quote has several prices, any of them will do: which applies is often for the customer to see."""
    prices = [thing for thing in found.values() if thing.kind is Kind.PRICE]
    others = {key: thing for key, thing in found.items() if thing.kind is not Kind.PRICE}
    if not prices:
        return others
    return {**others, prices[0].key: replace(prices[0], wordings=tuple(w for thing in prices for w in thing.wordings))}


def _either(chosen: Sequence[Thing], said: str) -> list[Fact]:
    """The facts of these things; two that the answer joins by `or`, or as the ends of a range, are one."""
    found: list[Fact] = []
    plain = re.sub(r"([ap])\.m\.?", r"\1m", said)
    for thing in chosen:
        value = re.escape(thing.wordings[0])
        if found and re.search(rf"{re.escape(found[-1][0])}{_JOINED}{value}", plain):
            found[-1] += thing.wordings
        else:
            found.append(thing.wordings)
    return found


def _unsaid(fact: Fact, known: str) -> Fact:
    """Without the wordings that the question has already."""
    return tuple(wording for wording in fact if not states([wording], normalise(known))) or fact


def _said_by_both(one: Thing, other: Thing) -> Fact:
    """The wordings of the side that says less: where one has no unit, the number alone is the fact."""
    return min(one.wordings, other.wordings, key=lambda wordings: len(wordings[0]))


def _rarest(quotes: Sequence[str], said: str, known: str, rarity: Mapping[str, float]) -> list[Fact]:
    """One of the rarest shared words, and a negation where both sides have one; a single word is too little then."""
    there, given = set(stems(said)), set(stems(known))
    best: list[str] = []
    for quote in quotes:
        telling = (stem for stem in stems(quote) if rarity.get(stem, 0) <= _TELLING)
        shared = dict.fromkeys(stem for stem in telling if stem in there and stem not in given)
        best += sorted(shared, key=lambda stem: (rarity.get(stem, 0), -len(stem)))[:_WORD_CHOICES]
    negated = any(_negated(quote) for quote in quotes) and _negated(said)
    words = [tuple(f"{stem}*" for stem in dict.fromkeys(best))] if len(best) > negated else []
    return [*words, *([_NEGATED] if negated else [])]


def _negated(text: str) -> bool:
    return states(_NEGATED, normalise(_NO_NOUN.sub("", text)))
