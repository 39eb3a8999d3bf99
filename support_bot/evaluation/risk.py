"""How often the bot is wrong at which threshold, by its own confidence. Arithmetic over judged answers; asks nobody.

Selective prediction (El-Yaniv and Wiener 2010): what is answered is what is sure enough, the rest goes to people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from support_bot.evaluation.dataset import Prediction
from support_bot.evaluation.metrics import Score
from support_bot.services.risk import CurvePoint

RATES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
_DECIDED = ("answer:", "refuse:")  # what the threshold decides; a request for a person is none of its business
_BINS = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """One question that the threshold decides: how sure the bot was, whether it answered, and rightly."""

    confidence: float
    answered: bool
    right: bool


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of like confidence: their number, mean confidence and the share that was right."""

    n: int
    confidence: float
    right: float


def judged(predictions: Mapping[str, Prediction], scores: Sequence[Score]) -> list[Judged]:
    """Every question that has a trace and was decided by the threshold. Right is what the exam passes."""
    found = []
    for score in scores:
        trace = predictions[score.id].trace if score.id in predictions else None
        if trace and trace.decision.startswith(_DECIDED):
            answered = score.status == "answered"
            found.append(Judged(trace.confidence, answered, bool(score.figures["pass"])))
    return found


def curve(questions: Sequence[Judged]) -> list[CurvePoint]:
    """A point for each confidence at which one more question would be answered, the surest first.

    A question that was refused in the run counts among all, but nothing is known of its answer."""
    answers = sorted((q for q in questions if q.answered), key=lambda q: -q.confidence)
    points: list[CurvePoint] = []
    wrong = 0
    for number, answer in enumerate(answers, start=1):
        wrong += not answer.right
        if number < len(answers) and answers[number].confidence == answer.confidence:
            continue
        points.append(CurvePoint(math.floor(answer.confidence * 1e4) / 1e4, len(questions), number, wrong))
    return points


def best(points: Sequence[CurvePoint], wrong_at_most: float) -> CurvePoint | None:
    """The point that answers most with at most this rate (0..1) of wrong answers; None where there is none."""
    fit = [point for point in points if point.wrong_rate <= wrong_at_most]
    return max(fit, key=lambda point: point.answered) if fit else None


def reliability(questions: Sequence[Judged]) -> list[Bin]:
    """The answers in ten bins of confidence, empty ones left out."""
    bins: dict[int, list[Judged]] = {}
    for question in questions:
        if question.answered:
            bins.setdefault(min(_BINS - 1, int(question.confidence * _BINS)), []).append(question)
    return [
        Bin(len(group), sum(q.confidence for q in group) / len(group), sum(q.right for q in group) / len(group))
        for _, group in sorted(bins.items())
    ]


def table(points: Sequence[CurvePoint]) -> str:
    """For some rates of wrong answers: how many questions may be answered, and at which threshold."""
    widths = {
        "wrong at most": 13,
        "answered": 10,
        "of n": 6,
        "share": 8,
        "wrong": 7,
        "95 % interval": 17,
        "threshold": 11,
    }
    head = "".join(name.rjust(width) for name, width in widths.items())
    return "\n".join([head, *(_row(rate, best(points, rate)) for rate in RATES)])


def _row(rate: float, point: CurvePoint | None) -> str:
    if point is None:
        return f"{rate:13.0%}{0:10}"
    low, high = point.interval
    between = f"{low:.1%} - {high:.1%}"
    return (
        f"{rate:13.0%}{point.answered:10}{point.n:6}{point.coverage:8.1%}{point.wrong_rate:7.1%}{between:>17}"
        f"{point.threshold:11.4f}"
    )
