"""All SQL about who has which conversation open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from support_bot.models import Presence


class PresenceRepository:
    """One row for each person and conversation; rows that are too old mean nothing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, conversation_id: str, staff_id: int, now: dt.datetime, *, writing: bool) -> None:
        """Somebody is there now. Call it while nobody else does the same for this person."""
        found = self._session.get(Presence, (conversation_id, staff_id))
        if found is None:
            found = Presence(conversation_id=conversation_id, staff_id=staff_id, seen_at=now)
            self._session.add(found)
        found.seen_at = now
        if writing:
            found.wrote_at = now

    def remove(self, conversation_id: str, staff_id: int) -> None:
        """They are there no more."""
        query = delete(Presence).where(Presence.conversation_id == conversation_id, Presence.staff_id == staff_id)
        self._session.execute(query)

    def forget_before(self, staff_id: int, moment: dt.datetime) -> None:
        """Throw away what this person's browsers said before then."""
        self._session.execute(delete(Presence).where(Presence.staff_id == staff_id, Presence.seen_at < moment))

    def since(self, conversation_id: str, moment: dt.datetime) -> Sequence[Presence]:
        """Who was there then or later, by person."""
        query = select(Presence).where(Presence.conversation_id == conversation_id, Presence.seen_at >= moment)
        return self._session.scalars(query.order_by(Presence.staff_id)).all()
