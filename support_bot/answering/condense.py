"""Make a follow-up question stand alone, so that it can be searched without its history. Rules only, no model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from support_bot.index.keyword import terms
from support_bot.values import Author, Turn

_REFERS_BACK = re.compile(
    r"\b(it|its|that|this|those|these|they|them|their|he|she|one|ones|there|then|same|instead|either|neither|both|else"
    r"|other|another|previous|above|step|also)\b",
    re.IGNORECASE,
)
_CONTINUES = re.compile(
    r"^\W*(and|but|or|so|ok|okay|what about|how about|what if|also|then|why|no|yes|yeah)\b", re.IGNORECASE
)
_FEW_TERMS = 4


def is_follow_up(question: str, turns: Sequence[Turn]) -> bool:
    """Whether the question leans on what was said before: it refers back, continues, or says too little alone."""
    if not any(turn.author is Author.CUSTOMER for turn in turns):
        return False
    return bool(_REFERS_BACK.search(question) or _CONTINUES.match(question) or len(terms(question)) < _FEW_TERMS)


def leans_on(question: str, turns: Sequence[Turn]) -> str:
    """The customer's message before, where the question leans on it; nothing where it stands alone."""
    if not is_follow_up(question, turns):
        return ""
    return " ".join(next(turn.text for turn in reversed(turns) if turn.author is Author.CUSTOMER).split())


def standalone(question: str, turns: Sequence[Turn]) -> str:
    """The question as it is searched: with the customer's last question in front where it leans on it."""
    question = " ".join(question.split())
    return f"{leans_on(question, turns)} {question}".strip()
