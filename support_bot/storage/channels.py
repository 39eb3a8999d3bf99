"""All SQL about channels and their keys."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import Channel, ChannelKey


class ChannelRepository:
    """Channels by slug."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, channel: Channel) -> Channel:
        self._session.add(channel)
        self._session.flush()
        return channel

    def get(self, slug: str) -> Channel:
        found = self.find(slug)
        if found is None:
            raise NotFound(f"There is no channel “{slug}”.")
        return found

    def get_by_id(self, channel_id: int) -> Channel:
        found = self._session.get(Channel, channel_id)
        if found is None:
            raise NotFound(f"There is no channel {channel_id}.")
        return found

    def find(self, slug: str) -> Channel | None:
        return self._session.scalars(select(Channel).where(Channel.slug == slug)).one_or_none()

    def page(self) -> Sequence[Channel]:
        return self._session.scalars(select(Channel).order_by(Channel.slug)).all()

    def add_key(self, key: ChannelKey) -> ChannelKey:
        self._session.add(key)
        self._session.flush()
        return key

    def get_key(self, channel_id: int, key_id: int) -> ChannelKey:
        found = self._session.get(ChannelKey, key_id)
        if found is None or found.channel_id != channel_id:
            raise NotFound(f"This channel has no key {key_id}.")
        return found

    def find_key(self, key_hash: str) -> ChannelKey | None:
        """The key, unless it was revoked."""
        query = select(ChannelKey).where(ChannelKey.key_hash == key_hash, ChannelKey.revoked_at.is_(None))
        return self._session.scalars(query).one_or_none()

    def page_keys(self, channel_id: int) -> Sequence[ChannelKey]:
        query = select(ChannelKey).where(ChannelKey.channel_id == channel_id)
        return self._session.scalars(query.order_by(ChannelKey.id)).all()
