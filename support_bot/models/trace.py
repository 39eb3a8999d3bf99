"""AnswerTrace: how one answer came to be, kept for the desk and for learning."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, utcnow


class AnswerTrace(Base):
    """The stand-alone question, every passage with its scores, the decision, what was cut, timings in seconds."""

    __tablename__ = "answer_trace"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    question_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    standalone: Mapped[str] = mapped_column(Text)
    decision: Mapped[str] = mapped_column(String(60))
    confidence: Mapped[float]
    threshold: Mapped[float]
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), default=None, index=True
    )
    answer: Mapped[str] = mapped_column(Text, default="")
    passages: Mapped[list[dict[str, Any]]] = mapped_column(default_factory=list)
    excerpts: Mapped[list[dict[str, Any]]] = mapped_column(default_factory=list)
    model: Mapped[str] = mapped_column(String(100), default="")
    prompt_hash: Mapped[str] = mapped_column(String(64), default="")
    draft: Mapped[str] = mapped_column(Text, default="")
    sentences_cut: Mapped[list[str]] = mapped_column(default_factory=list)
    timings: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    tokens: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
