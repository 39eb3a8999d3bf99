"""Clock: how much of its time a ticket has used for one promise, and whether that was kept. Knows no hours."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column


class Metric(enum.StrEnum):
    """What is promised: the first answer of a person, each later one, and the end of the matter."""

    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    RESOLUTION = "resolution"


class Clock(Base):
    """One promise on one ticket; times are seconds of open time.

    It runs since `since`, stands still where that is None, and is over at `ended_at`. `due_at` and `warn_at` are None
    while it stands still, and where the channel never opens; `target_s` is 0 where nothing is promised any more."""

    __tablename__ = "ticket_clock"
    __table_args__ = (UniqueConstraint("ticket_id", "metric"),)

    metric: Mapped[Metric] = mapped_column(enum_column(Metric))
    target_s: Mapped[int]
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), init=False)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    used_s: Mapped[float] = mapped_column(default=0.0)
    since: Mapped[dt.datetime | None] = mapped_column(default=None)
    warn_at: Mapped[dt.datetime | None] = mapped_column(default=None, index=True)
    due_at: Mapped[dt.datetime | None] = mapped_column(default=None, index=True)
    warned_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    breached_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    ended_at: Mapped[dt.datetime | None] = mapped_column(default=None)

    @property
    def runs(self) -> bool:
        return self.since is not None and self.ended_at is None

    def run(self, now: dt.datetime) -> None:
        """Go on from what was used; a clock that was over begins to count again."""
        self.since, self.ended_at = now, None

    def pause(self, used_s: float) -> None:
        """Stand still with so much used."""
        self.used_s, self.since, self.warn_at, self.due_at = used_s, None, None, None

    def end(self, now: dt.datetime, used_s: float) -> None:
        """The promise was kept, or is pointless now; ending twice keeps the first time."""
        if self.ended_at is None:
            self.pause(used_s)
            self.ended_at = now

    def begin_anew(self, now: dt.datetime, target_s: int) -> None:
        """Count from nothing, for the customer's next message."""
        self.target_s, self.used_s, self.warned_at, self.breached_at = target_s, 0.0, None, None
        self.run(now)
