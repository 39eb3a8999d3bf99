"""All SQL about channels."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import Channel


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
