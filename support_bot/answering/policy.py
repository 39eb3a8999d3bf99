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


# The confidence with which a message that only looks like no question is answered all the same: companies sell odd
# things, and a wrong refusal costs a customer more than a quoted article.
_DESPITE = {Intent.OFFTOPIC: 0.6, Intent.CHITCHAT: 0.6, Intent.ABUSE: 0.6, Intent.INJECTION: 0.75}
_LIKELY, _SURER = 0.6, 0.5
_OTHERWISE = {Intent.CHITCHAT: Step.SMALL_TALK, Intent.INJECTION: Step.DECLINE}


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


def needs_evidence(recognised: Recognised) -> bool:
    """Whether the articles have a say in what becomes of the message. What its words say beyond doubt stands."""
    if recognised.intent is Intent.HUMAN_REQUEST:
        return False
    return recognised.intent not in _OTHERWISE or recognised.score < CERTAIN


def _despite(recognised: Recognised) -> float:
    """The surer the recogniser is that nothing was asked of the company, the better the evidence must be."""
    if recognised.intent not in _DESPITE:
        return 0.0
    return _DESPITE[recognised.intent] + _SURER * max(0.0, recognised.score - _LIKELY)


def decide(recognised: Recognised, found: Features, *, threshold: float, pinned: float = 0.0) -> Decision:
    """What to do. A request for a person wins over everything; orders to the bot are declined, never obeyed. Then a
    pinned answer wins, if the question is (`pinned`, 0..1) like one, over whatever was found."""
    intent, sure = recognised.intent, confidence(found)
    if intent is Intent.HUMAN_REQUEST:
        return Decision(Step.HAND_OFF, recognised.score)
    if pinned and intent is not Intent.INJECTION:
        return Decision(Step.PINNED, pinned)
    needed = max(threshold, _despite(recognised))
    if needs_evidence(recognised) and found.piece > 0 and sure >= needed:
        return Decision(Step.ANSWER, sure)
    if intent in _OTHERWISE:
        return Decision(_OTHERWISE[intent], recognised.score)
    return Decision(Step.REFUSE, sure)
