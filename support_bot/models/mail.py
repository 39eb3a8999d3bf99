"""ReceivedMail and OutgoingMail: what came in by mail, once each, and what goes out."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow


class ReceivedMail(Base):
    """A mail that was looked at; `refused` says why it became no message, empty where it did.

    `key` is its Message-ID, or a hash where it has none; a channel takes each once. `raw` is kept of taken ones."""

    __tablename__ = "received_mail"
    __table_args__ = (
        UniqueConstraint("channel_id", "key"),
        Index("ix_received_mail_sender_created_at", "sender", "created_at"),
    )

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"))
    key: Mapped[str] = mapped_column(String(255))
    sender: Mapped[str] = mapped_column(String(254), default="")
    subject: Mapped[str] = mapped_column(String(300), default="")
    refused: Mapped[str] = mapped_column(String(300), default="")
    answers: Mapped[list[str]] = mapped_column(default_factory=list)
    size: Mapped[int] = mapped_column(default=0)
    conversation_id: Mapped[str | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), default=None, index=True
    )
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), default=None, index=True
    )
    raw: Mapped[bytes | None] = mapped_column(LargeBinary, default=None, deferred=True)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)


class MailState(enum.StrEnum):
    """Where a mail to a customer is; a failed one is not tried again."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class OutgoingMail(Base):
    """What a person wrote, on its way to a customer's address; `key` is its Message-ID, the same at every attempt."""

    __tablename__ = "outgoing_mail"
    __table_args__ = (Index("ix_outgoing_mail_state_next_at", "state", "next_at"),)

    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), unique=True)
    key: Mapped[str] = mapped_column(String(255), unique=True)
    target: Mapped[str] = mapped_column(String(254))
    name: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(400))
    answers: Mapped[list[str]] = mapped_column(default_factory=list)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    state: Mapped[MailState] = mapped_column(enum_column(MailState), default=MailState.PENDING)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    next_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    sent_at: Mapped[dt.datetime | None] = mapped_column(default=None)

    def begin(self, now: dt.datetime) -> None:
        """An attempt starts; nobody else makes one within ten minutes, and one that is cut off is made again then."""
        self.attempts += 1
        self.next_at = now + dt.timedelta(minutes=10)

    def succeed(self, now: dt.datetime) -> None:
        self.state, self.sent_at, self.error = MailState.SENT, now, ""

    def fail(self, error: str, now: dt.datetime, *, final: bool) -> None:
        """An attempt failed: the next follows after 1, 2, 4 … minutes, at most 60, unless this one was the last."""
        self.error = error[:500]
        if final:
            self.state = MailState.FAILED
        self.next_at = now + dt.timedelta(minutes=min(60, 2 ** (self.attempts - 1)))
