"""Answers of the bot that staff found wrong, each with the reason and how it came about."""

from __future__ import annotations

from support_bot.errors import Conflict, TooLong
from support_bot.models import AnswerFlag
from support_bot.services.views import FlagView
from support_bot.storage.database import Database
from support_bot.values import Author, FlagReason

_COMMENT_CHARS = 2000


class FlagService:
    """Flags on answers; the newest of an answer counts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def flag(self, message_id: int, staff_id: int, reason: FlagReason, comment: str = "") -> FlagView:
        """Say what is wrong with an answer. Raises NotFound, Conflict for what the bot did not say, and TooLong."""
        comment = comment.replace("\x00", "").strip()
        if len(comment) > _COMMENT_CHARS:
            raise TooLong(f"The comment is too long: at most {_COMMENT_CHARS} characters.")
        with self._db.transaction() as tx:
            conversation_id = tx.conversations.get_message(message_id).conversation_id
            tx.conversations.lock(conversation_id)
            message = tx.conversations.get_message(message_id)
            if message.author is not Author.BOT:
                raise Conflict("Only the assistant's answers can be flagged.")
            traces = [trace for trace in tx.traces.of_conversation(conversation_id) if trace.message_id == message_id]
            trace = traces[-1] if traces else None
            row = AnswerFlag(
                conversation_id=conversation_id, message_id=message_id, staff_id=staff_id, reason=reason,
                comment=comment, trace_id=trace.id if trace else None,
            )  # fmt: skip
            return FlagView.of(tx.flags.put(row), message, trace, tx.staff.names())

    def unflag(self, message_id: int) -> None:
        """Take a flag back. Raises NotFound where there is none."""
        with self._db.transaction() as tx:
            tx.flags.remove(message_id)

    def of_conversation(self, conversation_id: str) -> dict[int, FlagReason]:
        """The reason of each flagged answer, by message."""
        with self._db.reading() as tx:
            return {number: flag.reason for number, flag in tx.flags.of_conversation(conversation_id).items()}

    def page(self, *, reason: FlagReason | None = None, before: int | None = None, limit: int = 50) -> list[FlagView]:
        """Flagged answers with their traces, newest first."""
        with self._db.reading() as tx:
            names = tx.staff.names()
            found = tx.flags.page(reason=reason, before=before, limit=limit)
            return [FlagView.of(flag, message, trace, names) for flag, message, trace in found]

    def counts(self) -> dict[str, int]:
        """How many answers are flagged, by reason."""
        with self._db.reading() as tx:
            found = tx.flags.count_by_reason()
        return {reason.value: found.get(reason, 0) for reason in FlagReason}
