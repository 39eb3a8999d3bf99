"""The risk dial: from which confidence the bot answers, as chosen on an exam. Knows no exam and asks nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from support_bot.errors import Invalid
from support_bot.models import RiskPoint
from support_bot.services.intervals import wilson
from support_bot.settings import AnsweringSettings
from support_bot.storage.database import Database


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """With this threshold `answered` of `n` questions of the exam are answered, `wrong` of those wrongly."""

    threshold: float
    n: int
    answered: int
    wrong: int

    @property
    def coverage(self) -> float:
        return self.answered / self.n

    @property
    def wrong_rate(self) -> float:
        return self.wrong / self.answered

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the wrong-answer rate."""
        return wilson(self.wrong, self.answered)


@dataclass(frozen=True, slots=True)
class RiskDial:
    """What was chosen: the threshold, the rate of wrong answers it was chosen for, and the curve it lies on."""

    threshold: float
    wrong_at_most: float
    points: list[CurvePoint]
    since: dt.datetime | None = None


class RiskService:
    """The newest choice counts, from the next start on; a threshold in the settings goes before it."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def find(self) -> RiskDial | None:
        """The choice in force; None where none was ever made."""
        with self._db.reading() as tx:
            row = tx.installation.find_risk_point()
        if row is None:
            return None
        return RiskDial(row.threshold, row.wrong_at_most, [CurvePoint(**point) for point in row.points], row.since)

    def choose(self, threshold: float, wrong_at_most: float, points: Sequence[CurvePoint]) -> RiskDial:
        """Answer from this confidence (0..1) on, once the product starts again.

        Raises Invalid for points that are no curve of one exam."""
        _require_curve(points)
        row = RiskPoint(threshold=threshold, wrong_at_most=wrong_at_most, points=[asdict(point) for point in points])
        with self._db.transaction() as tx:
            tx.installation.add_risk_point(row)
        return RiskDial(threshold, wrong_at_most, list(points), row.since)

    def applied(self, answering: AnsweringSettings) -> AnsweringSettings:
        """The settings with the chosen threshold, unless they name one themselves."""
        chosen = self.find()
        if chosen is None or "answer_threshold" in answering.model_fields_set:
            return answering
        return answering.model_copy(update={"answer_threshold": chosen.threshold})


def _require_curve(points: Sequence[CurvePoint]) -> None:
    """Raise Invalid for what no exam gives: more wrong than answered, or fewer answers where less is asked of them."""
    before = None
    for point in sorted(points, key=lambda point: (-point.threshold, point.answered)):
        if not 0 <= point.wrong <= point.answered <= point.n or point.answered < 1:
            raise Invalid(f"{_said(point)} cannot be: at least 1 and at most n are answered, and of those some wrong.")
        if before is not None and point.n != before.n:
            raise Invalid(f"{_said(before)} and {_said(point)} are not of one exam: n differs.")
        if before is not None and (point.answered < before.answered or point.wrong < before.wrong):
            raise Invalid(f"{_said(point)} cannot be: {_said(before)}, and a lower threshold answers all of these too.")
        before = point


def _said(point: CurvePoint) -> str:
    return f"threshold {point.threshold:g} with n {point.n}, answered {point.answered}, wrong {point.wrong}"
