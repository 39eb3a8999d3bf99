"""Suggestion: a draft that an agent was offered, and what became of it. Kept only where the admin's switch is on."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow


class Fate(enum.StrEnum):
    """What became of a draft; `open` as long as nothing was sent after it."""

    OPEN = "open"
    SENT = "sent"
    EDITED = "edited"
    DROPPED = "dropped"


class Suggestion(Base):
    """A draft for a ticket, with its question, its sources (title, audience), and what was sent instead.

    `likeness` (0..1) is how much of the draft is in what was sent, None until something was."""

    __tablename__ = "suggestion"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    kind: Mapped[str] = mapped_column(String(16))
    question: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(default_factory=list)
    fate: Mapped[Fate] = mapped_column(enum_column(Fate), default=Fate.OPEN)
    sent_message_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), default=None, index=True
    )
    likeness: Mapped[float | None] = mapped_column(default=None)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    def settle(self, fate: Fate, likeness: float | None = None, message_id: int | None = None) -> None:
        """Say what became of the draft."""
        self.fate, self.likeness, self.sent_message_id = fate, likeness, message_id
