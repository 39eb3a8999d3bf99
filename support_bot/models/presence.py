"""Presence: somebody of the team has a conversation open. Worth something for seconds, so nothing refers to it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class Presence(Base):
    """`seen_at` is when their browser last said so, `wrote_at` when they last typed in it."""

    __tablename__ = "presence"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    staff_id: Mapped[int] = mapped_column(
        ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True, autoincrement=False, index=True
    )
    seen_at: Mapped[dt.datetime]
    wrote_at: Mapped[dt.datetime | None] = mapped_column(default=None)
