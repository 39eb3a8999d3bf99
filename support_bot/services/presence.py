"""Who of the staff is there: a page of theirs is open, and they did not say that they are away."""

from __future__ import annotations

import datetime as dt

from support_bot.models import Presence, utcnow
from support_bot.services.views import PresenceView
from support_bot.storage.database import Database, Transaction

ONLINE_FOR = dt.timedelta(minutes=5)
_FRESH = dt.timedelta(minutes=4)


class PresenceService:
    """Tickets that somebody has stay theirs when they go away; rules give them no new ones."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def seen(self, staff_id: int, now: dt.datetime | None = None) -> PresenceView:
        """A page of theirs is open: they are there for some minutes more. Writes at most once a minute."""
        now = now or utcnow()
        with self._db.reading() as tx:
            presence = tx.teams.find_presence(staff_id)
        if presence is not None and presence.online_until is not None and presence.online_until > now + _FRESH:
            return PresenceView.of(presence, now)
        with self._db.transaction() as tx:
            presence = _of(tx, staff_id)
            presence.online_until = now + ONLINE_FOR
            return PresenceView.of(presence, now)

    def switch(self, staff_id: int, *, online: bool) -> PresenceView:
        """They say themselves whether they take tickets; a sign that they are there, either way."""
        now = utcnow()
        with self._db.transaction() as tx:
            presence = _of(tx, staff_id)
            presence.away, presence.online_until = not online, now + ONLINE_FOR
            return PresenceView.of(presence, now)

    def of(self, staff_id: int) -> PresenceView:
        with self._db.reading() as tx:
            return PresenceView.of(tx.teams.find_presence(staff_id), utcnow())


def _of(tx: Transaction, staff_id: int) -> Presence:
    """The row, made at the first sign of somebody, of whom two pages may be opened at once."""
    found = tx.teams.find_presence(staff_id)
    if found is None:
        tx.one_at_a_time("presence")
        found = tx.teams.find_presence(staff_id) or tx.teams.add_presence(Presence(staff_id=staff_id))
    return found
