"""What admins change about a channel's hours, reply times and hand-off texts."""

from __future__ import annotations

from support_bot.services.service_levels import keep_time
from support_bot.services.terms import Promise, promise_of, store_promise
from support_bot.storage.database import Database


class PromiseService:
    """One promise for each channel."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def get(self, slug: str) -> Promise:
        """What the channel promises; the defaults where nothing was set. Raises NotFound."""
        with self._db.reading() as tx:
            return promise_of(tx, tx.channels.get(slug).id)

    def replace(self, slug: str, promise: Promise) -> Promise:
        """Promise this from now on; open tickets are due anew in the same transaction. Raises Invalid, NotFound."""
        with self._db.transaction() as tx:
            channel = tx.channels.get(slug)
            tx.one_at_a_time("promises")
            stored = store_promise(tx, channel.id, promise)
            for ticket_id in tx.clocks.open_tickets_of(channel.id):
                tx.conversations.lock(tx.tickets.get(ticket_id).conversation_id)
                keep_time(tx, tx.tickets.lock(ticket_id))
            return stored
