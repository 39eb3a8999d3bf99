"""Make a follow-up question stand alone, so that it can be searched without its history. Rules only, no model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from support_bot.index.keyword import terms
from support_bot.values import Author, Turn

_REFERS_BACK = re.compile(
    r"\b(it|its|that|this|those|these|they|them|their|he|she|ones|there|then|same|instead|either|neither|both|else"
    r"|other|another|previous|above|step|also)\b|\b(the|this|that|which|another|other|last|first|second) one\b",
    re.IGNORECASE,
)
# These words say nothing of what came before: `is there a lift`, `this week`, `one bag`, `is it possible to`.
_POINTS_NOWHERE = re.compile(
    r"\b(is|are|was|were|isn['’]?t|aren['’]?t|will) there\b|\bthere(['’]?s| is| are)\b|\bit['’]?s? (is )?(possible|ok"
    r"|okay|allowed|true|worth)\b|\bthis (week|month|year|morning|afternoon|evening|weekend|summer|winter)\b"
    r"|\b(one|another|the other) (day|week|month|year|person|people|country|account|address|bag|time)s?\b"
    r"|\b(someone|somebody|something|anything|anyone|nothing|what|who|where) else\b"
    r"|\b(think|thought|heard|read|know) that\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\W*(and|but|or|so|ok|okay|what about|how about|what if|also|then|why|no|yes|yeah)\b", re.IGNORECASE
)
_GREETS = re.compile(
    r"^\W*((hi|hello|hey|thanks|thank you|thx|great|perfect|cool|please|pls|sorry)\b\W*)+", re.IGNORECASE
)
_ASKS = re.compile(
    r"^(what|which|who|whose|when|where|how|do|does|did|can|could|is|are|am|will|would|should|may|have|has)\b"
    r"(?! (about|if|come|so)\b)",
    re.IGNORECASE,
)
# What one can ask about anything: how long, how much.
_ABOUT_ANYTHING = frozenset(
    "long much many take takes cost costs price time times day days week weeks month months year years work "
    "works need needs use pay money number free happen happens mean means still tho though lol m s re ve ll d "
    "exactly really actually even ever only today tomorrow first last next".split()
)
_FEW_TERMS = 4
_ENOUGH_ASKED = 2
_NAMED_BEFORE = 3


def is_follow_up(question: str, turns: Sequence[Turn]) -> bool:
    """Whether the question leans on what was said before: it refers back, continues, or says too little alone.

    A whole question needs fewer words than a scrap to stand alone: `What are your opening hours?`"""
    if not any(turn.author is Author.CUSTOMER for turn in turns):
        return False
    if _CONTINUES.match(question) or _refers_back(question):
        return True
    asked = _about(question)
    enough = _ENOUGH_ASKED if _ASKS.match(_GREETS.sub("", question)) else _FEW_TERMS
    return len(asked) < enough


def _refers_back(question: str) -> bool:
    """Whether it points at something that the message itself has not named: `it` in `how long does it take`, not in
    `my sofa came with a torn cover, can I swap it`."""
    pointing = _REFERS_BACK.search(_POINTS_NOWHERE.sub(" ", question))
    return pointing is not None and len(_about(pointing.string[: pointing.start()])) < _NAMED_BEFORE


def _about(text: str) -> list[str]:
    """The words that say what it is about. (The 0 keeps `terms` from falling back on empty words; it goes again.)"""
    return [term for term in terms(f"{text} 0") if term not in _ABOUT_ANYTHING and not term.isdigit()]


def leans_on(question: str, turns: Sequence[Turn]) -> str:
    """The customer's question before, where this one leans on it; nothing where it stands alone."""
    return _asked_before(turns) if is_follow_up(question, turns) else ""


def standalone(question: str, turns: Sequence[Turn]) -> str:
    """The question as it is searched: with the customer's last question in front where it leans on it."""
    return _joined(leans_on(question, turns), question)


def second_try(question: str, turns: Sequence[Turn]) -> str:
    """What is searched where the question alone found nothing: the same with the question before in front, if it says
    little or points at something; else nothing."""
    if is_follow_up(question, turns) or not (before := _asked_before(turns)):
        return ""
    may_lean = len(_about(question)) < _FEW_TERMS or _REFERS_BACK.search(_POINTS_NOWHERE.sub(" ", question))
    return _joined(before, question) if may_lean else ""


def _asked_before(turns: Sequence[Turn]) -> str:
    """What the customer asked last: messages in a row are one question; one that says nothing (`thanks`) is none."""
    asked: list[str] = []
    for turn in reversed(turns):
        if turn.author is Author.CUSTOMER:
            asked.insert(0, turn.text)
        elif _about(" ".join(asked)):
            break
        else:
            asked.clear()
    return " ".join(asked)


def _joined(*texts: str) -> str:
    return " ".join(" ".join(texts).split())
