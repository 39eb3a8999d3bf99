"""Who of the team has a conversation open, and who writes in it: known for seconds, on every server of a database."""

from __future__ import annotations

import datetime as dt

from support_bot.models import utcnow
from support_bot.services.views import Present
from support_bot.storage.database import Database

THERE_FOR = dt.timedelta(seconds=10)
"""A browser that says nothing for so long is gone; it has to say so more often."""
WRITES_FOR = dt.timedelta(seconds=6)


class PresenceService:
    """Browsers say that they are there; others ask who is."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def look(self, conversation_id: str, staff_id: int, *, writing: bool = False) -> None:
        """This person has the conversation open now, or is writing in it. Raises NotFound."""
        with self._db.transaction() as tx:
            tx.conversations.get(conversation_id)
            tx.one_at_a_time(f"presence {staff_id}")
            now = utcnow()
            tx.presences.forget_before(staff_id, now - THERE_FOR)
            tx.presences.put(conversation_id, staff_id, now, writing=writing)

    def leave(self, conversation_id: str, staff_id: int) -> None:
        """They look at something else."""
        with self._db.transaction() as tx:
            tx.presences.remove(conversation_id, staff_id)

    def others(self, conversation_id: str, staff_id: int) -> tuple[Present, ...]:
        """Who else is there, by name, those who write first."""
        now = utcnow()
        with self._db.reading() as tx:
            names = tx.staff.names()
            rows = tx.presences.since(conversation_id, now - THERE_FOR)
        there = [
            Present(row.staff_id, names.get(row.staff_id, ""), bool(row.wrote_at and now - row.wrote_at < WRITES_FOR))
            for row in rows
            if row.staff_id != staff_id
        ]
        return tuple(sorted(there, key=lambda person: (not person.writing, person.name, person.staff_id)))
