"""What happens to tickets by the clock alone."""

from __future__ import annotations

import datetime as dt

from support_bot.models import utcnow
from support_bot.services.handoff import lock_ticket
from support_bot.storage.database import Database


class TicketClock:
    """Looks at all tickets; a periodic job calls it, as often and from as many servers as it likes."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def tick(self, now: dt.datetime | None = None) -> None:
        """Bring back what has slept long enough."""
        now = now or utcnow()
        with self._db.reading() as tx:
            due = tx.tickets.due(now)
        for ticket_id in due:
            with self._db.transaction() as tx:
                ticket, _ = lock_ticket(tx, ticket_id)
                if ticket.snoozed_until is not None and ticket.snoozed_until <= now:
                    ticket.wake(None)
