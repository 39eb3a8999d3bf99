"""Conversation and Message: who speaks, and what was said. The mode changes only through the methods here."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.errors import Conflict
from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import AnswerStatus, Audience, Author, Mode

_ALLOWED: dict[Mode, frozenset[Mode]] = {
    Mode.BOT: frozenset({Mode.WAITING, Mode.HUMAN, Mode.CLOSED}),
    Mode.WAITING: frozenset({Mode.HUMAN, Mode.BOT, Mode.CLOSED}),
    Mode.HUMAN: frozenset({Mode.WAITING, Mode.BOT, Mode.CLOSED}),
    Mode.CLOSED: frozenset({Mode.BOT}),
}


class Conversation(Base):
    """One customer's conversation on one channel."""

    __tablename__ = "conversation"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id"), index=True)
    visitor: Mapped[str | None] = mapped_column(String(200), default=None, index=True)
    id: Mapped[str] = mapped_column(String(32), primary_key=True, default_factory=lambda: uuid.uuid4().hex)
    mode: Mapped[Mode] = mapped_column(enum_column(Mode), default=Mode.BOT, index=True)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow, index=True)
    closed_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    waiting_since: Mapped[dt.datetime | None] = mapped_column(default=None)

    def change_mode(self, mode: Mode) -> bool:
        """Move to `mode`; False when already there. Raises Conflict where the state machine has no such arrow."""
        if mode is self.mode:
            return False
        if mode not in _ALLOWED[self.mode]:
            raise Conflict(f"A conversation that is {self.mode} cannot become {mode}.")
        self.mode = mode
        self.updated_at = utcnow()
        self.closed_at = self.updated_at if mode is Mode.CLOSED else None
        self.waiting_since = self.updated_at if mode is Mode.WAITING else None
        return True

    @property
    def bot_may_speak(self) -> bool:
        return self.mode is Mode.BOT


class MessageStatus(enum.StrEnum):
    """A bot message grows while it streams; a retracted one is kept for the trace and shown to no customer."""

    STREAMING = "streaming"
    FINAL = "final"
    RETRACTED = "retracted"


class Message(Base):
    """Something said in a conversation; audience `internal` marks a note that no customer ever sees."""

    __tablename__ = "message"
    __table_args__ = (
        UniqueConstraint("conversation_id", "client_message_id"),
        Index("ix_message_conversation_id_id", "conversation_id", "id"),
    )

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    author: Mapped[Author] = mapped_column(enum_column(Author))
    text: Mapped[str] = mapped_column(Text)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    audience: Mapped[Audience] = mapped_column(enum_column(Audience), default=Audience.PUBLIC)
    status: Mapped[MessageStatus] = mapped_column(enum_column(MessageStatus), default=MessageStatus.FINAL)
    client_message_id: Mapped[str | None] = mapped_column(String(64), default=None)
    reply_to_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), default=None, index=True
    )
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), default=None)
    answer_status: Mapped[AnswerStatus | None] = mapped_column(enum_column(AnswerStatus), default=None)
    citations: Mapped[list[dict[str, Any]]] = mapped_column(default_factory=list)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    def retract(self) -> None:
        """Take back what was shown; the text stays for the trace. A person's message cannot be taken back."""
        if self.author is not Author.BOT:
            raise Conflict("Only the bot's messages are retracted.")
        self.status = MessageStatus.RETRACTED
        self.answer_status = AnswerStatus.RETRACTED
