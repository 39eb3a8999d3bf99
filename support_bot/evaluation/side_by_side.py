"""What several models did on the same questions, summed up as plain values for a page and for scripts. Asks nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from support_bot.evaluation import report
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.drafts import Draft
from support_bot.evaluation.metrics import Score
from support_bot.evaluation.paired import difference
from support_bot.services.intervals import wilson


@dataclass(slots=True)
class Column:
    """What one model did: its answers by question, processor seconds of each, its drafts by question and number of
    passages. Memory in megabytes: of the model alone, and the most that the whole product took with it."""

    label: str
    says: str
    bytes: int
    predictions: dict[str, Prediction] = field(default_factory=dict)
    cpu_s: list[float] = field(default_factory=list)
    model_mb: float = 0.0
    memory_mb: float = 0.0
    drafts: dict[tuple[str, int], Draft] = field(default_factory=dict)


def summary(columns: Sequence[Column], questions: Sequence[Question], beside: str) -> dict[str, Any]:
    """Each model's figures, and how it passes beside the one that is called `beside`. Seconds are medians.

    Raises Invalid unless all were asked the same questions, of which some say what is right."""
    scores = {column.label: report.scored(questions, column.predictions) for column in columns}
    by_id = {question.id: question for question in questions}
    return {
        "questions": len(questions),
        "beside": beside,
        "sides": [_side(column, scores[column.label], scores[beside]) for column in columns],
        "drafts": _drafts(columns, by_id),
    }


def _side(column: Column, scores: Sequence[Score], other: Sequence[Score]) -> dict[str, Any]:
    found = column.predictions.values()
    by = difference(scores, other)
    fewest = min((count for _, count in column.drafts), default=0)  # which every side drafted from
    return {
        "label": column.label,
        "says": column.says,
        "bytes": column.bytes,
        "model_mb": round(column.model_mb),
        "memory_mb": round(column.memory_mb),
        "exam": {line.name: _exam(line) for line in report.totals(scores)},
        "beside": {"by": round(by.by, 4), "low": round(by.low, 4), "high": round(by.high, 4)},
        "first_s": _median([one.seconds_first_token for one in found if one.seconds_first_token is not None]),
        "total_s": _median([one.seconds_total for one in found if one.seconds_total is not None]),
        "cpu_s_per_1000": round(1000 * sum(column.cpu_s) / len(column.cpu_s)) if column.cpu_s else None,
        "tokens_per_s": _speed([each for (_, count), each in column.drafts.items() if count == fewest]),
    }


def _exam(line: report.Total) -> dict[str, float]:
    low, high = wilson(line.figures["pass"] * line.n, line.n)
    figures = {"pass": line.figures["pass"], "low": low, "high": high}
    if "cite_prec" in line.figures:
        figures["cite_prec"] = line.figures["cite_prec"]
    return {"n": line.n, **{name: round(value, 4) for name, value in figures.items()}}


def _drafts(columns: Sequence[Column], questions: Mapping[str, Question]) -> list[dict[str, Any]]:
    """A row for each number of passages and model that drafted from so many."""
    rows = []
    for count in sorted({count for column in columns for _, count in column.drafts}):
        for column in columns:
            drafts = {name: each for (name, number), each in column.drafts.items() if number == count}
            if drafts:
                rows.append({"passages": count, "label": column.label, **_drafted(drafts, questions)})
    return rows


def _drafted(drafts: Mapping[str, Draft], questions: Mapping[str, Question]) -> dict[str, Any]:
    said = {name: Prediction(id=name, answer=each.text, status="answered") for name, each in drafts.items()}
    scores = report.scored([questions[name] for name in drafts], said)
    right = sum(score.figures["pass"] for score in scores)
    low, high = wilson(right, len(scores))
    return {
        "n": len(scores),
        "pass": round(right / len(scores), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "prompt_tokens": round(median(each.prompt_tokens for each in drafts.values())),
        "read_tokens": round(median(each.read_tokens for each in drafts.values())),
        "first_s": _median([each.first_s for each in drafts.values()]),
        "total_s": _median([each.total_s for each in drafts.values()]),
    }


def _median(values: Sequence[float]) -> float | None:
    return round(median(values), 3) if values else None


def _speed(drafts: Sequence[Draft]) -> float | None:
    """Tokens written per second, reading the prompt left out."""
    seconds = sum(each.total_s - each.first_s for each in drafts)
    tokens = sum(max(0, each.answer_tokens - 1) for each in drafts)  # the first one is there when the reading ends
    return round(tokens / seconds, 1) if tokens and seconds > 0 else None
