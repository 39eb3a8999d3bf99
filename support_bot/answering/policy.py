"""Decide what to do with the evidence: answer, refuse or hand off. A pure function of scores; sees no words."""

from __future__ import annotations

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass

from support_bot.answering.intent import Intent, Recognised
from support_bot.values import Passage

_DESPITE_TOPIC = 0.6


class Step(enum.StrEnum):
    """What the bot does next."""

    PINNED = "pinned"
    ANSWER = "answer"
    REFUSE = "refuse"
    DECLINE = "decline"
    SMALL_TALK = "small_talk"
    HAND_OFF = "hand_off"


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


def decide(recognised: Recognised, found: Features, *, threshold: float, pinned: float = 0.0) -> Decision:
    """What to do. A request for a person wins over everything; orders to the bot are declined, never obeyed. Then a
    pinned answer wins, if the question is (`pinned`, 0..1) like one, over whatever was found."""
    sure = confidence(found)
    match recognised.intent:
        case Intent.HUMAN_REQUEST:
            return Decision(Step.HAND_OFF, recognised.score)
        case Intent.INJECTION:
            return Decision(Step.DECLINE, recognised.score)
        case _ if pinned:
            return Decision(Step.PINNED, pinned)
        case Intent.CHITCHAT:
            return Decision(Step.SMALL_TALK, recognised.score)
        case Intent.OFFTOPIC | Intent.QUESTION:
            # What looks off-topic needs better evidence: companies sell odd things.
            needed = max(threshold, _DESPITE_TOPIC) if recognised.intent is Intent.OFFTOPIC else threshold
            found_something = found.piece > 0 and sure >= needed
            return Decision(Step.ANSWER if found_something else Step.REFUSE, sure)
