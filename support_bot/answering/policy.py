"""Decide what to do with the evidence: answer, refuse or hand off. A pure function of scores; sees no words."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.answering.intent import CERTAIN, Intent, Recognised
from support_bot.values import Passage


class Step(enum.StrEnum):
    """What the bot does next."""

    PINNED = "pinned"
    ANSWER = "answer"
    REFUSE = "refuse"
    DECLINE = "decline"
    SMALL_TALK = "small_talk"
    HAND_OFF = "hand_off"


# A message that does not look like a question needs better evidence, from the threshold at `_ODD` up to `_SUREST`:
# companies sell odd things, and a wrong refusal costs a customer more than a quoted article.
_ODD, _SUREST = 0.6, 0.75
_OTHERWISE = {
    Intent.CHITCHAT: Step.SMALL_TALK,
    Intent.INJECTION: Step.DECLINE,
    Intent.HUMAN_REQUEST: Step.HAND_OFF,
}


@dataclass(frozen=True, slots=True)
class Features:
    """What the decision rests on, all about 0..1: cosine of the best passage and of the closest piece, the share of
    the question's words that the passage has, and how many of the first three passages the keyword search found too."""

    passage: float
    piece: float
    coverage: float
    agreement: float


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Logistic regression, fitted on the training companies (answerable against unanswerable and off-topic, classes
    weighted equally). Area under the curve: 0.86 there, 0.83 on the validation companies, 0.83 on the login.gov help
    centre, which it never saw."""

    passage: float = 1.57
    piece: float = 11.00
    coverage: float = 1.44
    agreement: float = 0.56
    bias: float = -6.20


@dataclass(frozen=True, slots=True)
class Decision:
    step: Step
    confidence: float


def features(passages: Sequence[Passage], closest: float, coverage: float) -> Features:
    """The features of one question; all zero where nothing was found. `closest` is the cosine of the closest piece."""
    if not passages:
        return Features(0.0, 0.0, 0.0, 0.0)
    best = max((p.scores.vector or 0.0) for p in passages)
    agreed = sum(p.scores.keyword is not None for p in passages[:3]) / 3
    return Features(best, closest, coverage, agreed)


def confidence(found: Features, by: Coefficients = Coefficients()) -> float:
    """The probability (0..1) that the evidence answers the question."""
    total = by.bias + by.passage * found.passage + by.piece * found.piece
    total += by.coverage * found.coverage + by.agreement * found.agreement
    return 1.0 / (1.0 + math.exp(-total))


def is_settled(recognised: Recognised) -> bool:
    """Whether not even a pinned answer is looked for: a person is wanted or orders are given, beyond doubt."""
    return recognised.intent in (Intent.HUMAN_REQUEST, Intent.INJECTION) and recognised.score >= CERTAIN


def needs_evidence(recognised: Recognised) -> bool:
    """Whether the articles have a say in what becomes of the message. What its words say beyond doubt stands."""
    return recognised.intent not in _OTHERWISE or recognised.score < CERTAIN


def _needed(recognised: Recognised, threshold: float) -> float:
    """The confidence with which a message is answered."""
    return max(threshold, threshold + (_SUREST - threshold) * (recognised.odd - _ODD) / (1.0 - _ODD))


def decide(recognised: Recognised, found: Features, *, threshold: float, pinned: float = 0.0) -> Decision:
    """What to do. What a message wants beyond doubt comes first: a person is called, orders to the bot are declined,
    never obeyed. Then a pinned answer wins, if the question is (`pinned`, 0..1) like one, over whatever was found. What
    only looks like something else than a question is answered on strong evidence, and else given its polite path."""
    intent, sure = recognised.intent, confidence(found)
    if pinned and not is_settled(recognised):
        return Decision(Step.PINNED, pinned)
    if needs_evidence(recognised) and found.piece > 0 and sure >= _needed(recognised, threshold):
        return Decision(Step.ANSWER, sure)
    if intent in _OTHERWISE:
        return Decision(_OTHERWISE[intent], recognised.score)
    return Decision(Step.REFUSE, sure)
