"""The report of an exam as one HTML file that fetches nothing: figures, curves, and every failure with its trace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from support_bot.evaluation import risk
from support_bot.evaluation.charts import reliability_dots, risk_line
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.metrics import Score
from support_bot.evaluation.report import COUNTS, HEADS, Total, totals
from support_bot.services.intervals import wilson

_COLUMNS = ("hit@1", "hit@5", "passage_recall", "ceiling", "include", "violation", "status_ok", "cite_hit", "cite_prec",
            "lang_ok", "words")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Exam:
    """What a report is made of: the questions with answers and scores, what the gate wants and what fell short."""

    name: str
    questions: Sequence[Question]
    predictions: Mapping[str, Prediction]
    scores: Sequence[Score]
    facts: Mapping[str, str] = field(default_factory=dict)
    wanted: str = ""
    short: Sequence[str] = ()
    changes: Changes | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Against an earlier run over the same questions: pass rates by group, and which questions turned."""

    name: str
    rows: Sequence[tuple[str, int, float, float]]
    gained: Sequence[str]
    lost: Sequence[str]


def changes(name: str, before: Sequence[Score], now: Sequence[Score]) -> Changes:
    """What is different between two runs; only questions that both have an answer to count."""
    earlier = {score.id: score for score in before}
    both = [score for score in now if score.id in earlier]
    old = {line.name: line for line in totals([earlier[score.id] for score in both])}
    rows = [(line.name, line.n, old[line.name].figures["pass"], line.figures["pass"]) for line in totals(both)]
    turned = [(score.id, score.figures["pass"] - earlier[score.id].figures["pass"]) for score in both]
    return Changes(name, rows, [id for id, by in turned if by > 0], [id for id, by in turned if by < 0])


def page(exam: Exam) -> str:
    """The whole file. Whatever customers or articles say is escaped."""
    environment = Environment(
        loader=PackageLoader("support_bot.evaluation", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"percent": _percent, "figure": _figure, "between": _between}
    decided = risk.judged(exam.predictions, exam.scores)
    points = risk.curve(decided)
    return environment.get_template("exam.html.j2").render(
        name=exam.name,
        when=dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        count=len(exam.scores),
        facts=exam.facts,
        wanted=exam.wanted,
        short=exam.short,
        tables=_tables(exam),
        columns=_COLUMNS,
        heads=HEADS,
        changes=exam.changes,
        dots=reliability_dots(risk.reliability(decided)),
        line=risk_line(points),
        risk=risk.table(points),
        failures=_failures(exam),
    )


def _tables(exam: Exam) -> list[tuple[str, list[Total]]]:
    """By type, and by language where there are several."""
    languages: dict[str, list[Score]] = {}
    spoken = {question.id: question.language for question in exam.questions}
    for score in exam.scores:
        languages.setdefault(spoken[score.id], []).append(score)
    by_language = [Total(name, line.n, line.figures) for name, group in sorted(languages.items())
                   for line in totals(group)[-1:]]  # fmt: skip
    tables = [("By type", totals(exam.scores))]
    return [*tables, ("By language", by_language)] if len(by_language) > 1 else tables


def _failures(exam: Exam) -> list[dict[str, Any]]:
    by_id = {question.id: question for question in exam.questions}
    return [
        {
            "question": by_id[score.id],
            "prediction": exam.predictions.get(score.id, Prediction(id=score.id)),
            "score": score,
            "why": _why(score),
        }
        for score in exam.scores
        if not score.figures["pass"]
    ]


def _why(score: Score) -> list[str]:
    figures = score.figures
    reasons = [
        (not figures["status_ok"], f"it was {score.status}"),
        (bool(score.missing), f"it does not say: {', '.join(score.missing)}"),
        (bool(score.violated), f"it says: {', '.join(score.violated)}"),
        (not figures["lang_ok"], "it is in another language, or empty"),
    ]
    return [text for holds, text in reasons if holds] or ["it is too long"]


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _figure(value: float | None, column: str) -> str:
    return f"{value:.1f}" if value is not None and column in COUNTS else _percent(value)


def _between(line: Total) -> str:
    share = line.figures.get("pass")
    if share is None:
        return "–"
    low, high = wilson(share * line.n, line.n)
    return f"{100 * low:.0f}–{100 * high:.0f}"
