"""All SQL about which answers cite which document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from support_bot.models import Document, Message, MessageCitation, MessageStatus


class CitationRepository:
    """The lines between messages and documents. A document deleted since, or its id used again, has none."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, document_id: int, message_id: int) -> None:
        """Note that the message cites the document; noting it twice is noting it once."""
        if self._session.get(MessageCitation, (document_id, message_id)) is None:
            self._session.add(MessageCitation(document_id=document_id, message_id=message_id))
            self._session.flush()

    def remove_document(self, document_id: int) -> None:
        self._session.execute(delete(MessageCitation).where(MessageCitation.document_id == document_id))

    def answers(self, document_id: int, *, before: int | None = None, limit: int = 20) -> Sequence[Message]:
        """Answers that customers got from the document, newest first; `before` is a message id."""
        query = _given(select(Message), document_id).order_by(Message.id.desc()).limit(limit)
        if before is not None:
            query = query.where(Message.id < before)
        return self._session.scalars(query).all()

    def count(self, document_id: int) -> int:
        """How many answers customers got from the document."""
        return self._session.scalar(_given(select(func.count(Message.id)), document_id)) or 0


def _given(query: Select[Any], document_id: int) -> Select[Any]:
    # An id that SQLite has given out again must not bring up the answers of a document that is gone.
    return (
        query.join(MessageCitation, MessageCitation.message_id == Message.id)
        .join(Document, Document.id == MessageCitation.document_id)
        .where(
            MessageCitation.document_id == document_id,
            Message.status != MessageStatus.RETRACTED,
            Message.created_at >= Document.created_at,
        )
    )
