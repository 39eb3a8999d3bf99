"""Who of the staff is there: a page of theirs is open, and they did not say that they are away."""

from __future__ import annotations

import datetime as dt

from support_bot.models import Availability, utcnow
from support_bot.services.views import AvailabilityView
from support_bot.storage.database import Database, Transaction

ONLINE_FOR = dt.timedelta(minutes=5)
_FRESH = dt.timedelta(minutes=4)


class AvailabilityService:
    """Tickets that somebody has stay theirs when they go away; rules give them no new ones."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def seen(self, staff_id: int, now: dt.datetime | None = None) -> AvailabilityView:
        """A page of theirs is open: they are there for some minutes more. Writes at most once a minute."""
        now = now or utcnow()
        with self._db.reading() as tx:
            availability = tx.teams.find_availability(staff_id)
        if (
            availability is not None
            and availability.online_until is not None
            and availability.online_until > now + _FRESH
        ):
            return AvailabilityView.of(availability, now)
        with self._db.transaction() as tx:
            availability = _of(tx, staff_id)
            availability.online_until = now + ONLINE_FOR
            return AvailabilityView.of(availability, now)

    def switch(self, staff_id: int, *, online: bool) -> AvailabilityView:
        """They say themselves whether they take tickets; a sign that they are there, either way."""
        now = utcnow()
        with self._db.transaction() as tx:
            availability = _of(tx, staff_id)
            availability.away, availability.online_until = not online, now + ONLINE_FOR
            return AvailabilityView.of(availability, now)

    def of(self, staff_id: int) -> AvailabilityView:
        with self._db.reading() as tx:
            return AvailabilityView.of(tx.teams.find_availability(staff_id), utcnow())


def _of(tx: Transaction, staff_id: int) -> Availability:
    """The row, made at the first sign of somebody, of whom two pages may be opened at once."""
    found = tx.teams.find_availability(staff_id)
    if found is None:
        tx.one_at_a_time("availability")
        found = tx.teams.find_availability(staff_id) or tx.teams.add_availability(Availability(staff_id=staff_id))
    return found
