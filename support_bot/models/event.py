"""ConversationEvent: one line of a conversation's log, which every reader follows from a position."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import Audience


class ConversationEvent(Base):
    """An answer event as stored; `id` only grows, so it is the position readers resume from."""

    __tablename__ = "conversation_event"
    __table_args__ = (
        Index("ix_conversation_event_conversation_id_id", "conversation_id", "id"),
        {"sqlite_autoincrement": True},
    )

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(20))
    payload: Mapped[dict[str, Any]]
    turn_id: Mapped[int | None] = mapped_column(default=None)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    audience: Mapped[Audience] = mapped_column(enum_column(Audience), default=Audience.PUBLIC)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
