"""Notice and NoticeChoice: what staff are told outside the desk, once each, and what each of them wants."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import NoticeKind


class NoticeVia(enum.StrEnum):
    """By which way a notice goes: to one person's address, or to the installation's webhook."""

    MAIL = "mail"
    WEBHOOK = "webhook"


class NoticeState(enum.StrEnum):
    """Where a notice is; only a pending one is sent. One whose matter was over by then is dropped."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DROPPED = "dropped"
    FAILED = "failed"


class NoticeChoice(Base):
    """Of what one member of staff wants to be told; without a row, of everything at any time.

    `quiet` are hours as typed (`20:00-8:00`), on the clocks of `zone`, every day."""

    __tablename__ = "notice_choice"

    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    escalation_mail: Mapped[bool] = mapped_column(default=True)
    assignment_mail: Mapped[bool] = mapped_column(default=True)
    escalation_browser: Mapped[bool] = mapped_column(default=True)
    assignment_browser: Mapped[bool] = mapped_column(default=True)
    sound: Mapped[bool] = mapped_column(default=True)
    quiet: Mapped[str] = mapped_column(String(200), default="")
    zone: Mapped[str] = mapped_column(String(64), default="UTC")

    def wants_mail(self, kind: NoticeKind) -> bool:
        return self.escalation_mail if kind is NoticeKind.ESCALATION else self.assignment_mail

    def wants_browser(self, kind: NoticeKind) -> bool:
        return self.escalation_browser if kind is NoticeKind.ESCALATION else self.assignment_browser


class Notice(Base):
    """One notice by one way; `staff_id` is whom a mail is for, and whose the ticket became.

    `key` is the mail's Message-ID, the same at every attempt."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_state_next_at", "state", "next_at"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    kind: Mapped[NoticeKind] = mapped_column(enum_column(NoticeKind))
    via: Mapped[NoticeVia] = mapped_column(enum_column(NoticeVia))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), default=None)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    state: Mapped[NoticeState] = mapped_column(enum_column(NoticeState), default=NoticeState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    next_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    def begin(self, now: dt.datetime) -> None:
        """An attempt starts; one that is cut off shows by its state once `next_at` has passed."""
        self.state, self.attempts = NoticeState.SENDING, self.attempts + 1
        self.next_at = now + dt.timedelta(minutes=10)

    def end(self, state: NoticeState, error: str = "") -> None:
        """It is settled for good."""
        self.state, self.error = state, error[:300]

    def hold(self, until: dt.datetime) -> None:
        """It waits, as in quiet hours."""
        self.state, self.next_at = NoticeState.PENDING, until

    def fail(self, error: str, now: dt.datetime) -> None:
        """An attempt failed: the next follows after 1, 2, 4 … minutes, at most 60."""
        self.state, self.error = NoticeState.PENDING, error[:300]
        self.next_at = now + dt.timedelta(minutes=min(60, 2 ** (self.attempts - 1)))
