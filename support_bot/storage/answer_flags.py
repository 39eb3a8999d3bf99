"""All SQL about answers that staff flagged."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import AnswerFlag, AnswerTrace, Message, utcnow
from support_bot.values import FlagReason


class AnswerFlagRepository:
    """One flag per answer: the newest replaces the one before."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, flag: AnswerFlag) -> AnswerFlag:
        query = select(AnswerFlag).where(AnswerFlag.message_id == flag.message_id)
        if earlier := self._session.scalars(query).one_or_none():
            earlier.reason, earlier.comment, earlier.staff_id = flag.reason, flag.comment, flag.staff_id
            earlier.trace_id, earlier.created_at = flag.trace_id, utcnow()
            return earlier
        self._session.add(flag)
        self._session.flush()
        return flag

    def remove(self, message_id: int) -> None:
        """Take a flag back. Raises NotFound where there is none."""
        query = select(AnswerFlag).where(AnswerFlag.message_id == message_id)
        found = self._session.scalars(query).one_or_none()
        if found is None:
            raise NotFound("This answer is not flagged.")
        self._session.delete(found)

    def of_conversation(self, conversation_id: str) -> dict[int, AnswerFlag]:
        """Flags by message id."""
        rows = self._session.scalars(select(AnswerFlag).where(AnswerFlag.conversation_id == conversation_id))
        return {row.message_id: row for row in rows}

    def page(
        self, *, reason: FlagReason | None = None, before: int | None = None, limit: int = 50
    ) -> list[tuple[AnswerFlag, Message, AnswerTrace | None]]:
        """Flags with their answers and traces, newest first; `before` is the last number of the page before."""
        query = (
            select(AnswerFlag, Message, AnswerTrace)
            .join(Message, Message.id == AnswerFlag.message_id)
            .outerjoin(AnswerTrace, AnswerTrace.id == AnswerFlag.trace_id)
            .order_by(AnswerFlag.id.desc())
            .limit(limit)
        )
        if reason is not None:
            query = query.where(AnswerFlag.reason == reason)
        if before is not None:
            query = query.where(AnswerFlag.id < before)
        return [(row[0], row[1], row[2]) for row in self._session.execute(query)]

    def count_by_reason(self) -> dict[FlagReason, int]:
        query = select(AnswerFlag.reason, func.count()).group_by(AnswerFlag.reason)
        return {row[0]: row[1] for row in self._session.execute(query)}
