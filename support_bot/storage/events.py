"""The conversations' logs: events are appended, and read from a position. Nothing is ever changed in them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ScalarSelect, SQLColumnExpression, func, select
from sqlalchemy.orm import Session

from support_bot.models import ConversationEvent
from support_bot.values import (
    AnswerEvent,
    Asked,
    Audience,
    HandOff,
    LoggedEvent,
    Refused,
    StateChanged,
    Text,
    event_from_payload,
    event_payload,
)

_READABLE = [event.kind for event in (Text, Asked, Refused, HandOff)]


class EventRepository:
    """Append under the conversation's lock, so that the ids of one conversation grow in the order of what happened."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def append(
        self,
        conversation_id: str,
        event: AnswerEvent,
        *,
        turn_id: int | None = None,
        audience: Audience = Audience.PUBLIC,
    ) -> int:
        """Add an event; the result is its position."""
        row = ConversationEvent(
            conversation_id=conversation_id,
            kind=event.kind,
            payload=event_payload(event),
            turn_id=turn_id,
            audience=audience,
        )
        self._session.add(row)
        self._session.flush()
        return row.id

    def after(
        self, conversation_id: str, position: int, *, audience: Audience = Audience.PUBLIC, limit: int = 500
    ) -> Sequence[LoggedEvent]:
        """Events behind `position`, in order; `public` leaves out what only staff may see."""
        query = select(ConversationEvent).where(
            ConversationEvent.conversation_id == conversation_id, ConversationEvent.id > position
        )
        if audience is Audience.PUBLIC:
            query = query.where(ConversationEvent.audience == Audience.PUBLIC)
        rows = self._session.scalars(query.order_by(ConversationEvent.id).limit(limit))
        return [LoggedEvent(row.id, event_from_payload(row.kind, row.payload), row.turn_id) for row in rows]

    def of_turn(self, turn_id: int, conversation_id: str) -> Sequence[LoggedEvent]:
        """Everything one turn said, in order."""
        query = select(ConversationEvent).where(
            ConversationEvent.conversation_id == conversation_id, ConversationEvent.turn_id == turn_id
        )
        rows = self._session.scalars(query.order_by(ConversationEvent.id))
        return [LoggedEvent(row.id, event_from_payload(row.kind, row.payload), row.turn_id) for row in rows]

    def last_of_turn(self, turn_id: int, conversation_id: str) -> tuple[AnswerEvent, dt.datetime] | None:
        """The newest event of a turn and when it was told; None where it has said nothing."""
        query = select(ConversationEvent).where(
            ConversationEvent.conversation_id == conversation_id, ConversationEvent.turn_id == turn_id
        )
        row = self._session.scalars(query.order_by(ConversationEvent.id.desc()).limit(1)).first()
        return (event_from_payload(row.kind, row.payload), row.created_at) if row else None

    def waiting_since(self, conversation_id: str) -> dt.datetime | None:
        """When the conversation last changed who speaks; None where it never did."""
        query = select(func.max(ConversationEvent.created_at)).where(
            ConversationEvent.conversation_id == conversation_id, ConversationEvent.kind == StateChanged.kind
        )
        return self._session.scalar(query)

    def last_position(self, conversation_id: str) -> int:
        """The position of the newest event, 0 for an empty log."""
        query = select(func.max(ConversationEvent.id)).where(ConversationEvent.conversation_id == conversation_id)
        return self._session.scalar(query) or 0


def first_text_at(turn_id: SQLColumnExpression[int]) -> ScalarSelect[dt.datetime]:
    """When the customer could read the first words of a turn, as part of a query; null where it said nothing."""
    return (
        select(func.min(ConversationEvent.created_at))
        .where(ConversationEvent.turn_id == turn_id, ConversationEvent.kind.in_(_READABLE))
        .scalar_subquery()
    )
