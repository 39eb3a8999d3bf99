"""All SQL about answer traces."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.models import AnswerTrace


class TraceRepository:
    """Traces, by conversation or by the message they explain."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, trace: AnswerTrace) -> AnswerTrace:
        self._session.add(trace)
        self._session.flush()
        return trace

    def of_conversation(self, conversation_id: str) -> Sequence[AnswerTrace]:
        query = select(AnswerTrace).where(AnswerTrace.conversation_id == conversation_id)
        return self._session.scalars(query.order_by(AnswerTrace.id)).all()

    def find_for_question(self, message_id: int) -> AnswerTrace | None:
        """The newest trace of the turn that began with this customer message."""
        query = select(AnswerTrace).where(AnswerTrace.question_id == message_id).order_by(AnswerTrace.id.desc())
        return self._session.scalars(query).first()
