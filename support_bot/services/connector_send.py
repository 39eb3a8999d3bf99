"""Bring what waits in the outbox to the other help desk: in order, once, patiently. Reads back before any retry."""

from __future__ import annotations

import datetime as dt
import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from support_bot.connectors.base import ConnectorError, HelpdeskConnector, RemoteStatus, TicketDraft, Unsupported
from support_bot.models import Connector, Delivered, Message, MessageStatus, OutboxItem, OutboxKind, utcnow
from support_bot.storage.database import Database, Transaction
from support_bot.values import Audience, Author

MOST_ATTEMPTS = 12
MOST_A_MINUTE = 30
_LEASE = dt.timedelta(seconds=120)
_ROUND_S = 60.0
_MINUTE = dt.timedelta(minutes=1)
_FIRST_WAIT_S, _LONGEST_WAIT_S = 5.0, 3600.0
_TRANSCRIPT_CHARS = 50_000
_WHO = {Author.CUSTOMER: "Customer", Author.BOT: "Automated assistant", Author.STAFF: "Support"}
_log = logging.getLogger(__name__)

Open = Callable[[Connector], HelpdeskConnector]


@dataclass(frozen=True, slots=True)
class _Parcel:
    """One item with everything that sending it takes; no transaction is open while it travels."""

    item_id: int
    connector: Connector
    kind: OutboxKind
    key: str
    attempts: int
    external_id: str | None
    draft: TicketDraft | None
    text: str
    author: Author | None
    private: bool
    status: RemoteStatus | None

    @property
    def again(self) -> bool:
        """Whether it may be there already."""
        return self.attempts > 1


class Sender:
    """Works on what is due. Several servers may: an item is taken for two minutes before it is sent."""

    def __init__(self, db: Database, open: Open) -> None:
        self._db = db
        self._open = open

    def send_due(self, now: dt.datetime | None = None, *, limit: int = 20) -> int:
        """Try each item that is due once; how many arrived. What a slow desk leaves no time for is tried later."""
        arrived, began = 0, time.monotonic()
        parcels = self._take(now or utcnow(), limit)
        for number, parcel in enumerate(parcels):
            if time.monotonic() - began > _ROUND_S:
                self._give_back(parcels[number:])
                break
            try:
                external_id = _deliver(self._open(parcel.connector), parcel)
            except ConnectorError as error:
                self._postpone(parcel, error)
            except Exception:  # noqa: BLE001  # one connector's fault holds up nothing of the others
                _log.exception("connector %s broke", parcel.connector.name)
                self._postpone(parcel, ConnectorError("The connector broke; the logs say how."))
            else:
                self._finish(parcel, external_id)
                arrived += 1
        return arrived

    def _take(self, now: dt.datetime, limit: int) -> list[_Parcel]:
        parcels = []
        with self._db.reading() as tx:
            if not tx.connectors.due(now, 1):
                return []
        with self._db.transaction() as tx:
            tx.one_at_a_time("connectors")
            for item in tx.connectors.due(now, limit):
                if tx.connectors.sent_since(item.connector_id, item.ticket_id, now - _MINUTE) >= MOST_A_MINUTE:
                    item.next_at = now + _MINUTE
                    continue
                item.attempts += 1
                item.next_at = now + _LEASE
                if (parcel := _pack(tx, item)) is not None:
                    parcels.append(parcel)
        return parcels

    def _give_back(self, untried: Sequence[_Parcel]) -> None:
        """What was not tried is no attempt: a slow help desk would use them up without any."""
        with self._db.transaction() as tx:
            tx.one_at_a_time("connectors")
            for parcel in untried:
                item = tx.connectors.find_item(parcel.item_id)
                if item is not None and item.attempts == parcel.attempts:  # else another server has taken it since
                    item.attempts, item.next_at = item.attempts - 1, utcnow()

    def _finish(self, parcel: _Parcel, external_id: str | None) -> None:
        with self._db.transaction() as tx:
            item = tx.connectors.find_item(parcel.item_id)
            if item is None:
                return  # the conversation was erased meanwhile
            item.state, item.error, item.done_at = Delivered.DONE, "", utcnow()
            link = tx.connectors.link(item.connector_id, item.ticket_id)
            if external_id is not None and link is not None:
                link.external_id = external_id

    def _postpone(self, parcel: _Parcel, error: ConnectorError) -> None:
        _log.warning("connector %s: %s did not arrive: %s", parcel.connector.name, parcel.kind, error.detail)
        with self._db.transaction() as tx:
            item = tx.connectors.find_item(parcel.item_id)
            if item is None:
                return
            item.error = error.detail[:300]
            if error.lasting or item.attempts >= MOST_ATTEMPTS:
                item.state = Delivered.DEAD
            item.next_at = utcnow() + dt.timedelta(seconds=wait_s(item.attempts, error.retry_after))


def wait_s(attempts: int, retry_after: float | None = None) -> float:
    """Seconds until the next attempt: doubled each time, spread by half either way so that not all come at once."""
    usual = min(_FIRST_WAIT_S * 2.0 ** (attempts - 1), _LONGEST_WAIT_S)
    return max(usual * random.uniform(0.5, 1.5), retry_after or 0.0)


def _pack(tx: Transaction, item: OutboxItem) -> _Parcel | None:
    """What to send; None where there is nothing to send any more (it is done by that), or its ticket is not there."""
    connector = tx.connectors.get_by_id(item.connector_id)
    link = tx.connectors.link(item.connector_id, item.ticket_id)
    external_id = link.external_id if link is not None else None
    if item.attempts > MOST_ATTEMPTS:  # something broke each time before it could say why
        item.state, item.error = Delivered.DEAD, item.error or "The connector broke; the logs say how."
        return None
    if item.kind is not OutboxKind.CREATE and external_id is None:
        item.state, item.error = Delivered.DEAD, "The ticket could not be made over there."
        return None
    message = tx.conversations.get_message(item.message_id) if item.message_id is not None else None
    text, author, private = "", None, True
    if item.kind is OutboxKind.NOTE:
        text = tx.tickets.get(item.ticket_id).summary
    elif item.kind is OutboxKind.MESSAGE and message is not None:
        text, author = message.text, message.author
        # In safe mode people over there read first what customers would; the bot's own words are for them anyway.
        private = connector.safe or message.audience is not Audience.PUBLIC or message.author is Author.BOT
    return _Parcel(
        item_id=item.id,
        connector=connector,
        kind=item.kind,
        key=item.key,
        attempts=item.attempts,
        external_id=external_id,
        draft=_draft(tx, item, connector) if item.kind is OutboxKind.CREATE else None,
        text=text,
        author=author,
        private=private,
        status=RemoteStatus(item.detail) if item.kind is OutboxKind.STATUS else None,
    )


def _draft(tx: Transaction, item: OutboxItem, connector: Connector) -> TicketDraft:
    ticket = tx.tickets.get(item.ticket_id)
    found = tx.follow_ups.find(ticket.conversation_id)
    return TicketDraft(
        key=item.key,
        subject=ticket.subject,
        text=_transcript(tx, ticket.conversation_id, item.message_id or 0),
        priority=ticket.priority,
        # Help desks mail their customers: not before an admin wants it.
        email=found.email if found is not None and not connector.safe else None,
    )


def _transcript(tx: Transaction, conversation_id: str, until: int) -> str:
    """What the customer saw, oldest first; of a very long one the end."""
    said = [m for m in tx.connectors.messages_after(conversation_id, 0) if m.id <= until and _was_seen(m)]
    lines = [f"{_WHO[m.author]} ({m.created_at:%Y-%m-%d %H:%M} UTC):\n{m.text}" for m in said]
    return "\n\n".join(lines)[-_TRANSCRIPT_CHARS:] or "The customer asked for a person."


def _was_seen(message: Message) -> bool:
    is_final = message.status is MessageStatus.FINAL
    return message.audience is Audience.PUBLIC and message.author in _WHO and is_final


def _deliver(desk: HelpdeskConnector, parcel: _Parcel) -> str | None:
    """Send, unless it is there already; the ticket's id where one was made."""
    if parcel.draft is not None:
        return (_found(desk, parcel.key) if parcel.again else None) or desk.create(parcel.draft)
    ticket_id = parcel.external_id or ""
    if parcel.status is not None:
        desk.set_status(ticket_id, parcel.status)
    elif not (parcel.again and _has(desk, ticket_id, parcel.key)):
        author = _WHO.get(parcel.author, "") if parcel.author is not None else ""
        if parcel.private:
            desk.note(ticket_id, f"{author}: {parcel.text}" if author else parcel.text, parcel.key)
        elif parcel.author is Author.CUSTOMER:
            desk.say(ticket_id, parcel.text, parcel.key)
        else:
            desk.reply(ticket_id, parcel.text, parcel.key)
    return None


def _found(desk: HelpdeskConnector, key: str) -> str | None:
    try:
        return desk.find(key)
    except Unsupported:
        return None


def _has(desk: HelpdeskConnector, ticket_id: str, key: str) -> bool:
    try:
        return desk.read(ticket_id).has(key)
    except Unsupported:
        return False
