"""BotTurn: the bot's work on one customer message (or a burst of them), which outlives its readers."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import AnswerStatus


class TurnState(enum.StrEnum):
    """`waiting` for an earlier turn or a worker, `running`, or `ended`."""

    WAITING = "waiting"
    RUNNING = "running"
    ENDED = "ended"


class BotTurn(Base):
    """One turn. At most one runs per conversation; `last_read_at` is when somebody last followed the log."""

    __tablename__ = "bot_turn"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), index=True)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    state: Mapped[TurnState] = mapped_column(enum_column(TurnState), default=TurnState.WAITING, index=True)
    bot_message_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), default=None, index=True
    )
    status: Mapped[AnswerStatus | None] = mapped_column(enum_column(AnswerStatus), default=None)
    joined_until_id: Mapped[int | None] = mapped_column(default=None)
    started_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    last_read_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    ended_at: Mapped[dt.datetime | None] = mapped_column(default=None)

    def begin(self) -> None:
        self.state = TurnState.RUNNING
        self.started_at = self.last_read_at = utcnow()

    def end(self, status: AnswerStatus) -> None:
        """Ending twice keeps the first outcome: whoever ended the turn first was right."""
        if self.state is TurnState.ENDED:
            return
        self.state = TurnState.ENDED
        self.status = status
        self.ended_at = utcnow()
