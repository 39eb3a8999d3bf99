"""AnswerFlag: what a member of staff found wrong with an answer of the bot."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import FlagReason


class AnswerFlag(Base):
    """One per answer: a second one replaces the first. `trace_id` is how the answer came about, where that is kept."""

    __tablename__ = "answer_flag"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id"))
    reason: Mapped[FlagReason] = mapped_column(enum_column(FlagReason))
    comment: Mapped[str] = mapped_column(Text, default="")
    trace_id: Mapped[int | None] = mapped_column(
        ForeignKey("answer_trace.id", ondelete="SET NULL"), default=None, index=True
    )
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
