"""Erase a customer, or what has grown old: all rows in one transaction, then the traces in files, then a search that
proves it."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from support_bot.models import Conversation, Erasure, utcnow
from support_bot.services.handoff import lock_root_first, retract_running_turn
from support_bot.services.telling_words import telling_words
from support_bot.services.ticket_merging import let_companions_stay, told_by
from support_bot.settings import Settings
from support_bot.storage.database import Database, Transaction
from support_bot.storage.erasures import add_to_list, digest, erased, names, read_list
from support_bot.storage.remains import drop_traces, search_database, search_files
from support_bot.values.customers import Customer, Remain

_SALT = "erasure"
_OLD_AT_ONCE = 100
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """What there is of a customer: rows by table, words that nobody else used, and tickets in other help desks, which
    keep theirs."""

    customer: Customer
    counts: dict[str, int]
    words: tuple[str, ...]
    elsewhere: tuple[str, ...]


class ErasureService:
    """What admins do to forget somebody. Safe to call twice, and to be cut off anywhere."""

    def __init__(self, db: Database, settings: Settings) -> None:
        self._db = db
        self._settings = settings
        self._sweeping = threading.Lock()

    # ---- looking

    def preview(self, key: str, *, only: bool = False) -> Found:
        """What `erase` would erase; see `CustomerRepository.find` for what `key` may be."""
        with self._db.reading() as tx:
            customer = tx.customers.find(key, only=only)
            return _found(tx, customer, telling_words(tx, customer))

    def search(self, words: Sequence[str], places: Sequence[Path] = ()) -> list[Remain]:
        """Where one of the words is still found: every column of the database, every file of the data folder, and the
        files and folders named besides."""
        words = [word for word in words if word.strip()]
        with self._db.read_connection() as connection:
            found = search_database(connection, words)
        return found + search_files([self._settings.data_dir, *places], words)

    # ---- erasing

    def erase(self, key: str, *, by: int | None = None, only: bool = False) -> Found:
        """Erase everything of a customer; what it was, with nothing left that was theirs.

        Somebody who is not known any more is no error: an erasure that was cut off is then brought to its end."""
        words = self.preview(key, only=only).words  # every message is read for them: nobody has to wait meanwhile
        with self._db.transaction() as tx:
            tx.one_at_a_time(_SALT)
            found = _found(tx, tx.customers.find(key, only=only), words)
            if found.counts:
                ids = _erase(tx, found.customer)
                salt = tx.installation.secret(_SALT)
                digests = sorted({digest(salt, name) for name in names(found.customer)})
                tx.erasures.add(
                    Erasure(
                        salt=salt,
                        digests=digests,
                        counts=found.counts,
                        staff_id=by,
                        last_message=ids[0],
                        last_ticket=ids[1],
                    )
                )
        self.finish()
        return found

    def erase_old(self, now: dt.datetime | None = None) -> int:
        """Erase conversations in which nothing happened for the days that the setting names; how many there were."""
        days = self._settings.conversation_days
        if not days:
            return 0
        before, done = (now or utcnow()) - dt.timedelta(days=days), 0
        while ids := self._erase_old(before):
            done += ids
        if done:
            _log.info("%d conversations older than %d days were erased", done, days)
            self.finish()
        return done

    def _erase_old(self, before: dt.datetime) -> int:
        with self._db.transaction() as tx:
            tx.one_at_a_time(_SALT)
            # Whoever they were may have newer ones: no name of theirs goes with it.
            customer = replace(
                tx.customers.described({*tx.customers.old(before, _OLD_AT_ONCE)}), visitors=(), emails=()
            )
            if not customer.conversations:
                return 0
            counts = tx.customers.counts(customer)
            ids = _erase(tx, customer)
            # After a restore they are old again: nothing has to be remembered of whose they were.
            tx.erasures.add(Erasure(salt="", digests=[], counts=counts, last_message=ids[0], last_ticket=ids[1]))
            return len(customer.conversations)

    def gone(self, conversation_ids: Collection[str]) -> set[str]:
        """Those of them that are not there any more."""
        with self._db.reading() as tx:
            return set(conversation_ids) - tx.customers.known(conversation_ids)

    def count(self) -> int:
        """How many erasures there were; it grows with each."""
        with self._db.reading() as tx:
            return tx.erasures.count()

    def finish(self) -> int:
        """Bring erasures to their end whose traces in files are not gone yet; how many. What cannot be done now (a full
        disk, a long backup) is logged and done later."""
        with self._sweeping:
            with self._db.reading() as tx:
                rows = tx.erasures.unfinished()
            if not rows:
                return 0
            try:
                add_to_list(self._settings.data_dir, [erased(row) for row in rows if row.digests])
                drop_traces(self._db.engine)
            except Exception:  # noqa: BLE001 - the rows are gone; what is left is tried again each minute
                _log.warning("the traces of %d erasures are not gone yet", len(rows), exc_info=True)
                return 0
            with self._db.transaction() as tx:
                for row in tx.erasures.unfinished():
                    if row.id <= rows[-1].id:
                        row.finished_at = utcnow()
            return len(rows)

    def apply_again(self) -> int:
        """Erase once more whom the list in the data folder names and the database does not: it was restored from a
        copy that was made before. How many conversations there were; later ones of the same customers stay."""
        listed, again = read_list(self._settings.data_dir), 0
        if not listed:
            return 0
        with self._db.transaction() as tx:
            tx.one_at_a_time(_SALT)
            known = {one.digests for one in tx.erasures.all()}
            missing = [one for one in listed if one.digests not in known]
            begun = tx.erasures.names() if missing else []
            for one in missing:
                theirs = {key for key, visitor, at in begun if at <= one.at and one.means(key, visitor)}
                customer = tx.customers.described(theirs & tx.customers.known(theirs))
                counts = tx.customers.counts(customer)
                ids = _erase(tx, customer)
                again += len(customer.conversations)
                row = Erasure(
                    salt=one.salt,
                    digests=sorted(one.digests),
                    counts=counts,
                    created_at=one.at,
                    last_message=ids[0],
                    last_ticket=ids[1],
                )
                tx.erasures.add(row)
        self.finish()
        return again


def _found(tx: Transaction, customer: Customer, words: tuple[str, ...]) -> Found:
    links = tx.connectors.links_of(customer.tickets)
    elsewhere = tuple(f"{connector}: {number}" for connector, number in links)
    return Found(customer, tx.customers.counts(customer), words, elsewhere)


def _erase(tx: Transaction, customer: Customer) -> tuple[int, int]:
    """Others who hang on them go on without them; what they said in conversations of others goes, too. The highest ids
    of messages and tickets before."""
    tx.one_at_a_time("merge")
    ids = tx.erasures.last_ids()
    for conversation_id in customer.conversations:
        conversation = lock_root_first(tx, conversation_id)
        retract_running_turn(tx, conversation)
        _free_companions(tx, conversation)
        for ticket in tx.tickets.of_conversation(conversation_id):
            for above in tx.tickets.way_to_root(ticket):
                if tx.customers.forget_notes(above.conversation_id, told_by(ticket.id)):
                    tx.words.put([above.conversation_id])
    tx.customers.erase(customer)
    return ids


def _free_companions(tx: Transaction, conversation: Conversation) -> None:
    ticket = tx.tickets.find_open(conversation.id)
    if ticket is not None and ticket.conversation_id == conversation.id:
        let_companions_stay(tx, ticket, conversation)
