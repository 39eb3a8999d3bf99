"""Ticket and TicketEvent: work for a person, and the history of who did what to it."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from support_bot.errors import Conflict
from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import HandoffReason


class TicketStatus(enum.StrEnum):
    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    SOLVED = "solved"
    CLOSED = "closed"


class TicketEventKind(enum.StrEnum):
    """What happened to a ticket; `detail` on the event says more."""

    OPENED = "opened"
    ASSIGNED = "assigned"
    REPLIED = "replied"
    NOTED = "noted"
    CHANGED = "changed"
    HANDED_BACK = "handed_back"
    SOLVED = "solved"
    REOPENED = "reopened"
    CLOSED = "closed"


class Ticket(Base):
    """A hand-off to people; `id` is the number agents see. One open ticket per conversation, kept by an index."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index(
            "uq_ticket_open_conversation",
            "conversation_id",
            unique=True,
            sqlite_where=text("status IN ('new', 'open', 'pending')"),
            postgresql_where=text("status IN ('new', 'open', 'pending')"),
        ),
        # What agents look at all day is a small part of what there is.
        Index(
            "ix_ticket_open_assignee_id_id",
            "assignee_id",
            "id",
            sqlite_where=text("status IN ('new', 'open', 'pending')"),
            postgresql_where=text("status IN ('new', 'open', 'pending')"),
        ),
        Index("ix_ticket_status_id", "status", "id"),
        Index("ix_ticket_updated_at_id", "updated_at", "id"),
    )

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    subject: Mapped[str] = mapped_column(String(300))
    reason: Mapped[HandoffReason] = mapped_column(enum_column(HandoffReason))
    summary: Mapped[str] = mapped_column(Text, default="")
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    status: Mapped[TicketStatus] = mapped_column(enum_column(TicketStatus), default=TicketStatus.NEW)
    priority: Mapped[str] = mapped_column(String(16), default="normal")
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), default=None, index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    solved_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    events: Mapped[list[TicketEvent]] = relationship(
        default_factory=list, order_by="TicketEvent.id", cascade="all, delete-orphan", lazy="selectin", init=False
    )

    @property
    def is_open(self) -> bool:
        return self.status in (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING)

    def record(self, kind: TicketEventKind, by: int | None, **detail: Any) -> None:
        """Add a line to the history; `by` is a staff id, None for the bot or the customer."""
        self.updated_at = utcnow()
        self.events.append(TicketEvent(kind=kind, staff_id=by, detail=detail))

    def assign(self, to: int | None, by: int | None, **why: Any) -> None:
        """Give the ticket to somebody (or to nobody); a new ticket becomes open. `why` goes into the history."""
        self._require_open()
        if self.assignee_id == to:
            return
        was, self.assignee_id = self.assignee_id, to
        if to is not None and self.status is TicketStatus.NEW:
            self.status = TicketStatus.OPEN
        self.record(TicketEventKind.ASSIGNED, by, to=to, was=was, **why)

    def change(self, by: int, *, subject: str | None = None, priority: str | None = None) -> None:
        """Change subject or priority; what stays the same leaves no line in the history."""
        changes: dict[str, Any] = {}
        if subject is not None and subject != self.subject:
            changes["subject"], self.subject = [self.subject, subject], subject
        if priority is not None and priority != self.priority:
            changes["priority"], self.priority = [self.priority, priority], priority
        if changes:
            self.record(TicketEventKind.CHANGED, by, **changes)

    def solve(self, by: int | None) -> None:
        """Mark as solved; solving twice is a conflict."""
        self._require_open()
        self.status = TicketStatus.SOLVED
        self.solved_at = utcnow()
        self.record(TicketEventKind.SOLVED, by)

    def hand_back(self, by: int) -> None:
        """The bot goes on; the ticket is done for people."""
        self._require_open()
        self.status = TicketStatus.CLOSED
        self.record(TicketEventKind.HANDED_BACK, by)

    def close(self, by: int | None) -> None:
        """The customer left before anybody solved it."""
        self._require_open()
        self.status = TicketStatus.CLOSED
        self.record(TicketEventKind.CLOSED, by)

    def _require_open(self) -> None:
        if not self.is_open:
            raise Conflict(f"Ticket {self.id} is already {self.status}.")


class TicketEvent(Base):
    """One line of a ticket's history."""

    __tablename__ = "ticket_event"

    kind: Mapped[TicketEventKind] = mapped_column(enum_column(TicketEventKind))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), default=None)
    detail: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True, init=False)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
