"""Scores as a table for people and as JSON for scripts. Adds up, judges nothing and prints nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from support_bot.evaluation.ceiling import ceilings
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.metrics import ANSWERABLE, TYPES, Rules, Score, score_all

RETRIEVAL = ("mrr", "doc_recall", "passage_recall", "ceiling")
ANSWER = ("include", "violation", "words", "status_ok", "cite_hit", "cite_prec", "lang_ok", "pass", "pass+cite")
HEADS = {
    "doc_recall": "doc_rec",
    "passage_recall": "psg_rec",
    "violation": "violat",
    "status_ok": "status",
    "lang_ok": "lang",
}
_SUMS = ("ANSWERABLE", "NON-ANSWERABLE", "TOTAL")
COUNTS = {"words"}  # everything else is a share, shown in percent


@dataclass(frozen=True, slots=True)
class Total:
    """The mean of each figure over `n` questions of a kind; a figure that applied to none of them is absent."""

    name: str
    n: int
    figures: Mapping[str, float]


def summary(questions: Sequence[Question], predictions: Mapping[str, Prediction]) -> list[Total]:
    """The totals over the questions that say what is right; none where no question does."""
    return totals(scored(questions, predictions))


def scored(questions: Sequence[Question], predictions: Mapping[str, Prediction]) -> list[Score]:
    """The scores of the questions that say what is right, with the ceiling that what was retrieved sets."""
    known = [question for question in questions if question.type]
    bounds = {name: {"ceiling": bound} for name, bound in ceilings(known, predictions).items()}
    scores = score_all(known, predictions, Rules())
    return [replace(score, figures={**score.figures, **bounds.get(score.id, {})}) for score in scores]


def totals(scores: Sequence[Score]) -> list[Total]:
    """One total a type, in a fixed order, then ANSWERABLE, NON-ANSWERABLE and TOTAL; empty groups are left out."""
    groups = {name: [s for s in scores if s.type == name] for name in TYPES}
    answerable = [s for s in scores if s.type in ANSWERABLE]
    other = [s for s in scores if s.type not in ANSWERABLE]
    groups |= zip(_SUMS, (answerable, other, list(scores)), strict=True)
    return [Total(name, len(group), _means(group)) for name, group in groups.items() if group]


def table(lines: Sequence[Total], *, retrieval_only: bool = False) -> str:
    """The totals as text, shares in percent and `-` where a figure does not apply; nothing to score is said."""
    if not lines:
        return "The questions do not say what is right; nothing was scored."
    hits = sorted({name for line in lines for name in line.figures if name.startswith("hit@")}, key=_rank)
    known = {name for line in lines for name in line.figures}
    columns = [*hits, *(name for name in RETRIEVAL if name in known), *(() if retrieval_only else ANSWER)]
    head = "type".ljust(15) + "n".rjust(4) + "".join(HEADS.get(name, name).rjust(10) for name in columns)
    rule = "-" * len(head)
    sums = [line for line in lines if line.name in _SUMS]
    types = [line for line in lines if line.name not in _SUMS]
    return "\n".join([head, *(_row(line, columns) for line in types), rule, *(_row(line, columns) for line in sums)])


def as_json(lines: Sequence[Total]) -> dict[str, dict[str, float]]:
    """The totals by name: `n` and every figure, shares 0..1, rounded to four places."""
    return {
        line.name: {"n": line.n, **{name: round(value, 4) for name, value in sorted(line.figures.items())}}
        for line in lines
    }


def _means(scores: Iterable[Score]) -> dict[str, float]:
    values: dict[str, list[float]] = {}
    for score in scores:
        for name, value in score.figures.items():
            values.setdefault(name, []).append(value)
    return {name: sum(numbers) / len(numbers) for name, numbers in values.items()}


def _row(line: Total, columns: Sequence[str]) -> str:
    cells = (_cell(name, line.figures.get(name)).rjust(10) for name in columns)
    return line.name.ljust(15) + str(line.n).rjust(4) + "".join(cells)


def _rank(hit: str) -> int:
    return int(hit.removeprefix("hit@"))


def _cell(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value if name in COUNTS else 100 * value:.1f}"
