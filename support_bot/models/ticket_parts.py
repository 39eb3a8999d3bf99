"""Rows that belong to one ticket: its tags and who watches it. Whoever changes them is the ticket itself."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class TicketTag(Base):
    """One tag of one ticket, as `services/ticket_edits.py` normalises it."""

    __tablename__ = "ticket_tag"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, init=False
    )
    tag: Mapped[str] = mapped_column(String(40), primary_key=True, index=True)


class TicketWatcher(Base):
    """A member of staff who follows a ticket."""

    __tablename__ = "ticket_watcher"

    ticket_id: Mapped[int] = mapped_column(
        ForeignKey("ticket.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, init=False
    )
    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
