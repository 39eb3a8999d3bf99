"""Macro: words that agents use again and again, with what is done to the ticket when they are sent."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import MacroDraft, TicketStatus


class Macro(Base):
    """`key` is the name as it is compared, so that no two look the same; `version` grows with each change."""

    __tablename__ = "macro"

    name: Mapped[str] = mapped_column(String(100))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    text: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[bool] = mapped_column(default=False)
    status: Mapped[TicketStatus | None] = mapped_column(enum_column(TicketStatus), default=None)
    priority: Mapped[str | None] = mapped_column(String(16), default=None)
    tags: Mapped[list[str]] = mapped_column(default_factory=list)
    assign: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    @staticmethod
    def key_of(name: str) -> str:
        """A name as it is compared."""
        return name.casefold()[:200]

    def rewrite(self, draft: MacroDraft) -> None:
        """Say and do this from now on."""
        self.name, self.key, self.text, self.note = draft.name, self.key_of(draft.name), draft.text, draft.note
        self.status, self.priority, self.assign = draft.status, draft.priority, draft.assign
        self.tags = list(draft.tags)
        self.version += 1
        self.updated_at = utcnow()
