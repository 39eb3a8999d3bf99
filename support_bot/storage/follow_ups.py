"""All SQL about customers who wait and where else they can be answered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from support_bot.models import Conversation, FollowUp, Ticket, TicketStatus
from support_bot.values import Mode


class FollowUpRepository:
    """One row for a conversation, if any."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, follow_up: FollowUp) -> FollowUp:
        self._session.add(follow_up)
        self._session.flush()
        return follow_up

    def find(self, conversation_id: str) -> FollowUp | None:
        """Read again: whoever held the conversation's lock before may have changed it."""
        return self._session.get(FollowUp, conversation_id, populate_existing=True)

    def waiting(self) -> Sequence[Conversation]:
        """Conversations that wait for a person, and whose customers were not told yet that it takes long."""
        query = (
            select(Conversation)
            .join(Ticket, Ticket.conversation_id == Conversation.id)
            .outerjoin(FollowUp, FollowUp.conversation_id == Conversation.id)
            .where(Conversation.mode == Mode.WAITING, Ticket.status.in_((TicketStatus.NEW, TicketStatus.OPEN)))
            .where(or_(FollowUp.ticket_id.is_(None), FollowUp.ticket_id != Ticket.id))
        )
        return self._session.scalars(query).all()
