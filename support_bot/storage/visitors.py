"""All SQL about the keys that sites sign their users with, and about what is known of customers."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import IdentityKey, VisitorProfile


class VisitorRepository:
    """Keys by channel, profiles by conversation."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_key(self, key: IdentityKey) -> IdentityKey:
        self._session.add(key)
        self._session.flush()
        return key

    def get_key(self, channel_id: int, key_id: int) -> IdentityKey:
        found = self._session.get(IdentityKey, key_id)
        if found is None or found.channel_id != channel_id:
            raise NotFound(f"This channel has no identity key {key_id}.")
        return found

    def page_keys(self, channel_id: int) -> Sequence[IdentityKey]:
        """Every key, revoked ones too, the oldest first."""
        query = select(IdentityKey).where(IdentityKey.channel_id == channel_id)
        return self._session.scalars(query.order_by(IdentityKey.id)).all()

    def live_keys(self, channel_id: int) -> Sequence[IdentityKey]:
        query = select(IdentityKey).where(IdentityKey.channel_id == channel_id, IdentityKey.revoked_at.is_(None))
        return self._session.scalars(query.order_by(IdentityKey.id)).all()

    def find(self, conversation_id: str) -> VisitorProfile | None:
        """Read again: whoever held the conversation's lock before may have changed it."""
        return self._session.get(VisitorProfile, conversation_id, populate_existing=True)

    def ensure(self, conversation_id: str) -> VisitorProfile:
        """The conversation's profile, made if there is none; the conversation must be locked."""
        if found := self.find(conversation_id):
            return found
        self._session.add(added := VisitorProfile(conversation_id=conversation_id))
        self._session.flush()
        return added
