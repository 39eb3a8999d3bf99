"""What happens to tickets by the clock alone."""

from __future__ import annotations

import datetime as dt

from support_bot.models import utcnow
from support_bot.services.handoff import change_mode, lock_ticket
from support_bot.services.service_levels import keep_time
from support_bot.settings import TicketSettings
from support_bot.storage.database import Database
from support_bot.values import Mode, TicketStatus


class TicketClock:
    """Looks at all tickets; a periodic job calls it, as often and from as many servers as it likes."""

    def __init__(self, db: Database, settings: TicketSettings) -> None:
        self._db = db
        self._settings = settings

    def tick(self, now: dt.datetime | None = None) -> None:
        """Bring back what has slept long enough, close what waited for its customer for too long."""
        now = now or utcnow()
        self._wake(now)
        if self._settings.pending_days:
            self._close(now - dt.timedelta(days=self._settings.pending_days))

    def _wake(self, now: dt.datetime) -> None:
        with self._db.reading() as tx:
            due = tx.tickets.due(now)
        for ticket_id in due:
            with self._db.transaction() as tx:
                ticket, _ = lock_ticket(tx, ticket_id)
                if ticket.snoozed_until is not None and ticket.snoozed_until <= now:
                    ticket.wake(None)

    def _close(self, since: dt.datetime) -> None:
        with self._db.reading() as tx:
            silent = tx.tickets.silent(since)
        for ticket_id in silent:
            with self._db.transaction() as tx:
                ticket, conversation = lock_ticket(tx, ticket_id)
                if ticket.status is TicketStatus.PENDING and ticket.updated_at <= since:
                    ticket.close(None, silent_days=self._settings.pending_days)
                    keep_time(tx, ticket)
                    change_mode(tx, conversation, Mode.CLOSED)
