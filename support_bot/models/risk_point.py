"""RiskPoint: the threshold chosen on an exam, with the curve it was chosen from."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, utcnow


class RiskPoint(Base):
    """From `since` on, the bot answers from this confidence (0..1); the newest row counts.

    `points` is the curve: threshold, questions in all, answered and wrong for each of them."""

    __tablename__ = "risk_point"

    threshold: Mapped[float]
    wrong_at_most: Mapped[float]
    points: Mapped[list[dict[str, Any]]]
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    since: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
