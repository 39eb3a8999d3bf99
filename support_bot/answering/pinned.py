"""Tell whether a customer asks a pinned question: the same words, or the same question in nearly the same words.

Sees questions only, never answers. A pinned answer is said without looking at any article, so a near miss ("to Spain",
"to France") must not fire; how often it does and how the limits were fitted: docs/benchmarks.md."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from support_bot.answering.grounding import numbers
from support_bot.answering.intent_weights import Embed

_WORD = re.compile(r"\w+(?:['’]\w+)*", re.UNICODE)
# Words that carry how something is asked, not what is asked for.
_ASKING = frozenset(
    """a about am an and any anyone anything are at available be been by can cost costs could d did do does doing for
    get give go got had has have hello help hey hi how i id if im in info information is it its just know last lasts
    like ll look looking may me might mine my need needed of offer offered ok on or our ours please pls possible
    possibly provide question re s should so some somehow take takes tell thank thanks that the their then there
    these they this those to u ur us ve want wanted was way we were what whats which will wish wondering would you
    your yours""".split()
)
_NOT = frozenset("not no never without except unless cannot cant dont doesnt isnt arent wont didnt neither nor".split())
# Both questions must have the same of these; where one stands, the order of the other words is part of the meaning.
_DIRECTIONS = frozenset(
    "from into onto than before after over above under below until instead on off in out up down".split()
)
_OURS, _YOURS = frozenset("my mine our ours".split()), frozenset("your yours ur".split())
_NUMBER_WORDS = frozenset("one two three four five six seven eight nine ten eleven twelve".split())
_ENDINGS = ("ing", "ed", "ie", "e", "y")
_LEAST_STEM = 3
LIKENESS = 0.80
"""The least cosine of two questions that are the same: all that `same_words` lets through is mostly above it."""


@dataclass(frozen=True, slots=True)
class Wording:
    """One way to ask for the pinned answer `pin`."""

    pin: int
    text: str


@dataclass(frozen=True, slots=True)
class Match:
    """The pinned answer that was asked for, in which of its wordings, and the cosine (1 for the very same words)."""

    pin: int
    wording: str
    likeness: float


class PinnedMatcher:
    """Compares questions with wordings: by their words first, then by meaning."""

    def __init__(self, embed: Embed) -> None:
        self._embed = embed

    def match(self, question: str, wordings: Sequence[Wording], *, alone: str | None = None) -> Match | None:
        """The pinned question that is asked, if one is. `alone` is the question together with what it leans on, which
        is compared first; alone or not, nothing important may stand in one and not in the other."""
        wanted = normal(question)
        if not wanted:
            return None
        for wording in wordings:
            if normal(wording.text) == wanted:
                return Match(wording.pin, wording.text, 1.0)
        for asked in dict.fromkeys((alone or question, question)):
            if found := self._nearest(asked, wordings):
                return found
        return None

    def _nearest(self, asked: str, wordings: Sequence[Wording]) -> Match | None:
        near = [wording for wording in wordings if same_words(asked, wording.text)]
        if not near:
            return None
        vectors = self._embed([asked, *(wording.text for wording in near)])
        cosines = vectors[1:] @ vectors[0]
        best = int(cosines.argmax())
        if cosines[best] < LIKENESS:
            return None
        return Match(near[best].pin, near[best].text, min(float(cosines[best]), 1.0))


@lru_cache(maxsize=10_000)
def normal(text: str) -> str:
    """The words alone, lower case: punctuation, accents of typing (`’`) and spaces do not count."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'")
    return " ".join(word.replace("'", "") for word in _WORD.findall(folded))


def same_words(question: str, wording: str) -> bool:
    """Whether both ask with the same important words: nothing that could change the answer stands in one only."""
    if _numbers(question) != _numbers(wording):
        return False
    asked, pinned = normal(question).split(), normal(wording).split()
    have, want = set(asked), set(pinned)
    if bool(_NOT & have) != bool(_NOT & want) or _DIRECTIONS & have != _DIRECTIONS & want or _whose(have, want):
        return False
    ours, theirs = _stems(asked), _stems(pinned)
    if not ours or set(ours) != set(theirs):
        return False
    # "A discount for students" is "a student discount", but "from A to B" is not "from B to A".
    return ours == theirs or (len(ours) == 2 and not _DIRECTIONS & have)


@lru_cache(maxsize=10_000)
def _numbers(text: str) -> frozenset[str]:
    return frozenset(numbers(text))


def _whose(have: set[str], want: set[str]) -> bool:
    """Whether one asks about the customer's own thing and the other about the company's."""
    return any(
        bool(_OURS & one) and not _YOURS & one and bool(_YOURS & other) and not _OURS & other
        for one, other in ((have, want), (want, have))
    )


def _stems(words: Sequence[str]) -> list[str]:
    left_out = _ASKING | _NOT | _DIRECTIONS | _NUMBER_WORDS
    return list(dict.fromkeys(_stem(word) for word in words if word not in left_out and not word.isdigit()))


def _stem(word: str) -> str:
    """`refunds`, `refunded` and `refunding` as `refund`."""
    if word.endswith("s") and not word.endswith("ss") and len(word) > _LEAST_STEM:
        word = word[:-1]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            return word[: -len(ending)]
    return word
