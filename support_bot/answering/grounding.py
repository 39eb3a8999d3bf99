"""Check what the model wrote against the evidence: facts must occur there, and the evidence's facts must survive."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from support_bot.index.keyword import terms
from support_bot.index.segments import plain, segments
from support_bot.values import Excerpt

_FACT = re.compile(
    r"https?://\S+|www\.\S+"  # links
    r"|[\w.+-]+@[\w-]+\.[\w.]+"  # e-mail addresses
    r"|[$€£¥]\s?\d[\d.,]*|\d[\d.,:/-]*\s?(?:%|[$€£¥]|[a-z]{0,3}\b)|\d+",  # amounts, dates, times, numbers with a unit
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_MEASURE = re.compile(r"([$€£¥])?\s?(\d+(?:[.,:]\d+)*)\s?([$€£¥%])?")
_WORD = re.compile(r"[^\W\d_]+")
_LIST_MARK = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*+])\s+(?=\S)", re.MULTILINE)
_NAME = re.compile(r"(?<![.!?]\s)(?<!^)\b[A-Z][\w’'-]+", re.MULTILINE)
_NEGATION = re.compile(
    r"\b(not|no|never|cannot|can't|won't|don't|doesn't|isn't|aren't|without|unless|only|except)\b", re.IGNORECASE
)
_HEDGE = re.compile(
    r"\b(sometimes|usually|often|normally|generally|typically|mostly|most|some|may|might|maybe|possibly|probably|rarely"
    r"|about|around|up to|at least)\b",
    re.IGNORECASE,
)
_LEAST_IN_ORDER = 0.75
_FEW_WORDS = 3
_LEAST_OVERLAP_WITH_ONE = 0.75
_NO_UNIT = frozenset(
    "a an and are as at be been but by can each every for from has have if in into is it more of off on or our out "
    "than that the then this to until up was we were when will with within you your".split()
)
_UNIT_WITHIN = 3  # words behind a number among which its unit stands: `4 working days`
_WORDS_AS_NUMBERS = {
    "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9",
    "ten": "10", "eleven": "11", "twelve": "12",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a sentence may be released, and why not."""

    ok: bool
    why: str = ""


def _normal(text: str) -> str:
    return unicodedata.normalize("NFKC", plain(text)).lower()


def numbers(text: str) -> set[str]:
    """Every number in the text, also those written as words up to twelve; thousands separators dropped."""
    lowered = _normal(text)
    found = {match.group().rstrip(".,:").replace(",", "") for match in _NUMBER.finditer(lowered)}
    return found | {_WORDS_AS_NUMBERS[word] for word in re.findall(r"[a-z]+", lowered) if word in _WORDS_AS_NUMBERS}


def foreign_unit(sentence: str, evidence: str) -> str:
    """A number of the sentence with a unit (currency, per cent, else the word behind it) that it does not have in the
    evidence, as in `71 dollars` for `71 pounds`; nothing where all are the evidence's own.

    In a table the unit may stand anywhere in the number's row or above its columns."""
    allowed: dict[str, set[str]] = {}
    head = ""
    for line in _normal(evidence).splitlines():
        row = line.lstrip().startswith("|")
        head = (head or line) if row else ""
        around = {_unit(word) for word in _WORD.findall(f"{head} {line}")} if row else set()
        for number, symbols, words in _measures(line):
            allowed.setdefault(number, set()).update(symbols, map(_unit, words), around)
    for number, symbols, words in _measures(_normal(sentence)):
        unit = {_unit(words[0])} if words and not symbols and words[0] not in _NO_UNIT else set()
        if number in allowed and (unit | symbols) - allowed[number]:
            return " ".join([*sorted(symbols), number, *words[:1]])
    return ""


def _unit(word: str) -> str:
    return word.removesuffix("s")[:5]


def _measures(text: str) -> list[tuple[str, set[str], list[str]]]:
    """Each number with the symbols beside it and the words behind it, up to the next number or pause."""
    found = []
    for match in _MEASURE.finditer(text):
        behind = re.split(r"[.,;:!?|\n\d]", text[match.end() :], maxsplit=1)[0]
        words = _WORD.findall(behind)[:_UNIT_WITHIN]
        found.append((match[2].replace(",", ""), set(filter(None, (match[1], match[3]))), words))
    return found


def names(text: str) -> set[str]:
    """Capitalised words inside sentences (menu labels, products, places), lower case."""
    return {match.group().lower() for match in _NAME.finditer(plain(text))}


def all_words(excerpts: Sequence[Excerpt]) -> str:
    """All that the evidence says, titles and headings included: a sentence may name what an article is about."""
    return "\n".join(f"{e.passage.title} {e.passage.heading}\n{e.text}" for e in excerpts)


def supported(sentence: str, evidence: str, *, least_overlap: float = 0.6) -> Verdict:
    """Whether the evidence carries the sentence: its numbers, names, links and enough of its words occur there."""
    have = _normal(evidence)
    sentence = _LIST_MARK.sub("", sentence)
    if missing := numbers(sentence) - numbers(evidence):
        return Verdict(False, f"numbers not in the evidence: {', '.join(sorted(missing))}")
    if foreign := foreign_unit(sentence, evidence):
        return Verdict(False, f"another unit than in the evidence: {foreign}")
    for match in _FACT.finditer(_normal(sentence)):
        fact = match.group().strip(" .,")
        if ("@" in fact or "www." in fact or "http" in fact) and fact not in have:
            return Verdict(False, f"not in the evidence: {fact}")
    if missing := {name for name in names(sentence) if name not in have}:
        return Verdict(False, f"names not in the evidence: {', '.join(sorted(missing))}")
    stems = {word[:5] for word in terms(evidence)}
    said = [word for word in terms(plain(sentence)) if not word.isdigit()]
    share = sum(word[:5] in stems for word in said) / len(said) if said else 1.0
    if share < least_overlap:
        return Verdict(False, f"only {share:.0%} of its words are in the evidence")
    if bool(_NEGATION.search(sentence)) and not _NEGATION.search(evidence):
        return Verdict(False, "denies what the evidence does not deny")
    return Verdict(True)


def said_by_one(sentence: str, excerpts: Sequence[Excerpt]) -> Verdict:
    """Whether one sentence, item or row of the evidence carries the sentence by itself, with all that introduces it.

    A small model joins halves of two true sentences into a false one, takes the price of one thing for another's, turns
    a sentence around or drops its `sometimes`: all its words occur in the evidence then."""
    verdict = supported(sentence, all_words(excerpts))
    if not verdict.ok:
        return verdict
    pieces = [
        (piece, f"{excerpt.passage.title} {excerpt.passage.heading} {piece.context}\n{piece.table_head}\n{piece.text}")
        for excerpt in excerpts
        for piece in segments(excerpt.text)
    ]
    said = _stems(sentence)
    most = max((len(said & _stems(whole)) for _, whole in pieces), default=0)
    for piece, whole in pieces:
        if not supported(sentence, whole, least_overlap=_LEAST_OVERLAP_WITH_ONE).ok:
            continue
        if len(said & _stems(whole)) < most:
            verdict = Verdict(False, "has its facts from another place of the evidence than its words")
        elif piece.kind != "row" and in_order(sentence, whole) < _LEAST_IN_ORDER:
            verdict = Verdict(False, "turns the words of the evidence around")
        elif lost := _hedges(piece.text) - _hedges(sentence):
            verdict = Verdict(False, f"says for certain what the evidence limits: {', '.join(sorted(lost))}")
        else:
            return Verdict(True)
    return verdict if not verdict.ok else Verdict(False, "joins what stands apart in the evidence")


def in_order(sentence: str, evidence: str) -> float:
    """The share of the sentence's telling words that the evidence has in the same order, 0..1; 1 where it has none."""
    said, known = ([word[:5] for word in terms(plain(text))] for text in (sentence, evidence))
    matches = SequenceMatcher(None, said, known, autojunk=False).get_matching_blocks()
    return sum(match.size for match in matches) / len(said) if said else 1.0


def _stems(text: str) -> set[str]:
    return {word[:5] for word in terms(plain(text)) if not word.isdigit()}


def _hedges(text: str) -> set[str]:
    return {match.group().lower() for match in _HEDGE.finditer(text)}


def brief(sentences: Sequence[str], evidence: str) -> Verdict:
    """Whether the sentences say nothing twice and take hardly more words than the evidence they stand for."""
    said = [_normal(sentence) for sentence in sentences]
    if len(set(said)) < len(said):
        return Verdict(False, "says something twice")
    if sum(len(words.split()) for words in said) > len(_normal(evidence).split()) + _FEW_WORDS:
        return Verdict(False, "longer than the evidence")
    return Verdict(True)


def begins_anew(draft: str, shown: Sequence[str]) -> Verdict:
    """Whether the draft begins with an answer, and not with one of the titles that stood above its evidence."""
    first = _normal(draft.strip().partition("\n")[0]).strip(" :")
    if any(first and _normal(title).startswith(first) for title in shown):
        return Verdict(False, "begins with the title")
    return Verdict(True)


def keeps_facts(answer: str, evidence: str, *, least_overlap: float = 0.7) -> Verdict:
    """Whether the answer still says what the evidence says: no number, name, restriction or step was lost.

    The evidence may be the part of it that must not be lost; `least_overlap` is the share of its words to be said."""
    if lost := numbers(evidence) - numbers(answer):
        return Verdict(False, f"lost numbers: {', '.join(sorted(lost))}")
    said = _normal(answer)
    if lost := {name for name in names(evidence) if name not in said}:
        return Verdict(False, f"lost names: {', '.join(sorted(lost))}")
    if len(_NEGATION.findall(evidence)) > len(_NEGATION.findall(answer)):
        return Verdict(False, "lost a restriction")
    stems = {word[:5] for word in terms(plain(answer))}
    wanted = terms(plain(evidence))
    share = sum(word[:5] in stems for word in wanted) / len(wanted) if wanted else 1.0
    if share < least_overlap:
        return Verdict(False, f"keeps only {share:.0%} of the evidence's words")
    return Verdict(True)
