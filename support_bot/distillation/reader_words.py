"""Questions said otherwise, and names exchanged, so that the reader learns no company by heart. No arithmetic."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from support_bot.distillation.reader_data import Example

_RARE = 2  # companies that may share a name
_NAMED = re.compile(r"(?<=[a-z,] )[A-Z][a-z]{3,}\b")  # a word with a capital in the middle of a sentence
_PLAIN = re.compile(r"\b[a-z]{3,}\b")
_BESIDE = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        "sq vn xv sf wr dg fh gj uo hk jl k n bm ip o wa et ad ry yi cb qe zc tu x".split(),
        strict=True,
    )
)


def names(examples: Iterable[Example]) -> dict[str, list[str]]:
    """By company the words that are names there: plans, products and places, written with a capital and rare."""
    texts: dict[str, dict[int, str]] = {}
    for example in examples:
        texts.setdefault(example.company, {}).update({seen.chunk: seen.text for seen in example.passages})
    joined = {company: " ".join(chunks.values()) for company, chunks in texts.items()}
    large = {company: {*_NAMED.findall(text)} for company, text in joined.items()}
    small = {company: {*_PLAIN.findall(text)} for company, text in joined.items()}
    as_name = Counter(word.lower() for words in large.values() for word in words)
    as_word = Counter(word for words in small.values() for word in words)
    return {
        company: sorted(
            word
            for word in words
            if word.lower() not in small[company] and max(as_name[word.lower()], as_word[word.lower()]) <= _RARE
        )
        for company, words in large.items()
    }


def renamed(text: str, to: Mapping[str, str]) -> str:
    """The text with each name (in small letters in `to`) exchanged for another, capitals as they were."""
    if not to:
        return text
    return re.sub(
        rf"\b({'|'.join(map(re.escape, to))})\b",
        lambda match: _like(match[0], to[match[0].lower()]),
        text,
        flags=re.IGNORECASE,
    )


def said(example: Example, rng: random.Random) -> str:
    """The question as somebody might type it: without the company's name, in small letters, with a slip or two."""
    text = example.alone if example.followup or rng.random() < 0.4 else example.asked
    if rng.random() < 0.3:
        text = re.sub(rf"\b{re.escape(example.visitor or example.company)}('s)?\b ?", "", text, flags=re.IGNORECASE)
    if rng.random() < 0.35:
        text = text.lower()
    if rng.random() < 0.25:
        text = text.rstrip("?.! ")
    return mistyped(text, rng) if rng.random() < 0.25 else text


def own_names(question: str, known: Sequence[str]) -> list[str]:
    """Those of the names that the question says."""
    return [word for word in known if re.search(rf"\b{re.escape(word)}\b", question, re.IGNORECASE)]


def mistyped(text: str, rng: random.Random) -> str:
    """One or two letters left out, doubled, exchanged, or hit beside."""
    if len(text) < 12:
        return text
    for _ in range(rng.choice((1, 1, 2))):
        at = rng.randrange(1, len(text) - 1)
        if text[at].isalpha() and text[at - 1].isalpha():
            text = text[: at - 1] + _slip(text[at - 1], text[at], rng) + text[at + 1 :]
    return text


def _slip(before: str, letter: str, rng: random.Random) -> str:
    beside = rng.choice(_BESIDE.get(letter.lower(), letter))
    slips = (before, letter + before, before + letter + letter, before + beside)
    return rng.choices(slips, weights=(0.35, 0.25, 0.2, 0.2))[0]


def _like(old: str, new: str) -> str:
    if old.islower():
        return new.lower()
    return new.upper() if old.isupper() and len(old) > 1 else new
