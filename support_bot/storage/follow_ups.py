"""All SQL about customers who wait and where else they can be answered."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.models import Conversation, FollowUp
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
        """Conversations that wait for a person."""
        return self._session.scalars(select(Conversation).where(Conversation.mode == Mode.WAITING)).all()
