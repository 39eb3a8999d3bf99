"""Work on webhooks that were verified and stored: public replies go to the customer, a status is followed."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import time
from collections.abc import Sequence

from support_bot.connectors.base import (
    ConnectorError,
    HelpdeskConnector,
    InboundEvent,
    MessageWritten,
    RemoteStatus,
    StatusChanged,
    Unsupported,
    Who,
)
from support_bot.errors import SupportBotError
from support_bot.models import (
    Connector,
    ConnectorDelivery,
    ConnectorLink,
    Conversation,
    Delivered,
    Message,
    Ticket,
    TicketEventKind,
    TicketStatus,
    utcnow,
)
from support_bot.services.connector_plan import OPEN, SOLVED, catch_up
from support_bot.services.connector_send import Open, wait_s
from support_bot.services.handoff import change_mode, lock_ticket, retract_running_turn
from support_bot.services.service_levels import keep_time, staff_replied
from support_bot.services.ticket_edits import require_text, solve
from support_bot.services.ticket_merging import say_to_companions
from support_bot.storage.database import Database, Transaction
from support_bot.values import Author, Mode, Said

_MOST_ATTEMPTS = 8
_KEPT = dt.timedelta(days=7)
_ROUND_S = 60.0
_log = logging.getLogger(__name__)


class Receiver:
    """Each delivery is worked on in one transaction with its own mark, so that it counts once whatever breaks."""

    def __init__(self, db: Database, open: Open) -> None:
        self._db = db
        self._open = open

    def work(self, now: dt.datetime | None = None, *, limit: int = 50) -> int:
        """Work on what waits; how many deliveries were done. What a slow desk leaves no time for is done later."""
        now, done, began = now or utcnow(), 0, time.monotonic()
        with self._db.reading() as tx:
            waiting = [row.id for row in tx.connectors.deliveries(now, limit)]
        for row_id in waiting:
            if time.monotonic() - began > _ROUND_S:
                break
            done += self._work_on(row_id, now)
        return done

    def _work_on(self, row_id: int, now: dt.datetime) -> bool:
        try:
            events = self._events(row_id)
            with self._db.transaction() as tx:
                tx.one_at_a_time("deliveries")
                row = tx.connectors.find_delivery(row_id)
                if row is None or row.state is not Delivered.WAITING:
                    return False
                connector = tx.connectors.get_by_id(row.connector_id)
                for event in events:
                    _take_in(tx, connector, event)
                row.state, row.body, row.error = Delivered.DONE, "", ""
                tx.connectors.forget_deliveries(now - _KEPT)
        except (SupportBotError, ValueError) as error:
            self._postpone(row_id, error)
            return False
        except Exception as error:  # noqa: BLE001  # one delivery's fault holds up none of the others
            _log.exception("a connector broke over a delivery")
            self._postpone(row_id, error)
            return False
        return True

    def _events(self, row_id: int) -> Sequence[InboundEvent]:
        """What a delivery says, but for a `solved` that is not so any more: it was late, and the ticket was opened
        again since. Reads the help desk, so no transaction is open."""
        with self._db.reading() as tx:
            row = tx.connectors.find_delivery(row_id)
            if row is None or row.state is not Delivered.WAITING:
                return ()
            connector, body = tx.connectors.get_by_id(row.connector_id), row.body
            desk = self._open(connector)
            events = desk.parse(body.encode())
            known = {e.ticket_id for e in events if tx.connectors.link_of(connector.id, e.ticket_id)}
        return [event for event in events if event.ticket_id not in known or _still_so(desk, event)]

    def _postpone(self, row_id: int, error: Exception) -> None:
        _log.warning("a delivery could not be worked on: %s", type(error).__name__)
        with self._db.transaction() as tx:
            row = tx.connectors.find_delivery(row_id)
            if row is None:
                return
            row.attempts += 1
            row.error = str(error)[:300]
            lasting = isinstance(error, ValueError) or row.attempts >= _MOST_ATTEMPTS
            row.state = Delivered.DEAD if lasting else Delivered.WAITING
            row.next_at = utcnow() + dt.timedelta(seconds=wait_s(row.attempts))


def _still_so(desk: HelpdeskConnector, event: InboundEvent) -> bool:
    if not isinstance(event, StatusChanged) or event.status is not RemoteStatus.SOLVED:
        return True
    if event.who not in (Who.AGENT, Who.CUSTOMER):
        return True
    try:
        return desk.read(event.ticket_id).status is RemoteStatus.SOLVED
    except Unsupported:
        return True


def store(tx: Transaction, connector: Connector, delivery_id: str, body: bytes) -> bool:
    """Keep a verified delivery for later; False where it came before."""
    tx.one_at_a_time("deliveries")
    if tx.connectors.has_delivery(connector.id, delivery_id):
        return False
    text = body.decode(errors="replace").replace("\x00", "")
    tx.connectors.add(ConnectorDelivery(connector_id=connector.id, delivery_id=delivery_id, body=text))
    return True


def _take_in(tx: Transaction, connector: Connector, event: InboundEvent) -> None:
    """Only people over there change something here: never we ourselves, a rule, a mailer, an auto-reply."""
    link = tx.connectors.link_of(connector.id, event.ticket_id)
    if link is None:
        if tx.connectors.is_creating(connector.id):
            raise ConnectorError("A ticket is on its way there; this may be about it.")
        return
    match event:
        case MessageWritten(entry=entry, name=name) if entry.who is Who.AGENT and not entry.private:
            _say(tx, connector, link, event, name)
        case StatusChanged(who=who, status=status) if who in (Who.AGENT, Who.CUSTOMER):
            _follow(tx, connector, link, status)


def _say(tx: Transaction, connector: Connector, link: ConnectorLink, event: MessageWritten, name: str | None) -> None:
    ticket, conversation = lock_ticket(tx, link.ticket_id)
    came_as = came_from(connector.name, event.entry.id)
    if not event.entry.text.strip() or tx.conversations.find_by_client_id(conversation.id, came_as):
        return
    text = require_text(event.entry.text[:20_000])
    if ticket.is_open:
        _person_has_it(tx, ticket, conversation)
    message = tx.conversations.add_message(
        Message(conversation_id=conversation.id, author=Author.STAFF, text=text, client_message_id=came_as)
    )
    tx.events.append(conversation.id, Said(message.id, Author.STAFF, text, name))
    if ticket.is_open:
        say_to_companions(tx, conversation, message, name)
        ticket.record(TicketEventKind.REPLIED, None, message=message.id, connector=connector.name)
        staff_replied(tx, ticket)


def _person_has_it(tx: Transaction, ticket: Ticket, conversation: Conversation) -> None:
    """Somebody over there answers: the bot is silent, nobody here need hurry."""
    if ticket.status is TicketStatus.NEW:
        ticket.change(None, status=TicketStatus.OPEN)
    if conversation.mode in (Mode.BOT, Mode.WAITING):
        retract_running_turn(tx, conversation)
        change_mode(tx, conversation, Mode.HUMAN)


def came_from(connector: str, entry_id: str) -> str:
    """What a message from there is known by here, in at most 64 characters; a long id is hashed, never cut."""
    whole = f"{connector}:{entry_id}"
    return whole if len(whole) <= 64 else f"{connector}:{hashlib.sha256(entry_id.encode()).hexdigest()[:23]}"


def _follow(tx: Transaction, connector: Connector, link: ConnectorLink, status: RemoteStatus) -> None:
    """Solved over there is solved here, and what the customer said until then still goes there. Opened again
    over there waits for the customer's next word: a closed conversation is begun again by its customer alone."""
    ticket, conversation = lock_ticket(tx, link.ticket_id)
    if status is RemoteStatus.SOLVED and ticket.is_open:
        tx.one_at_a_time("connectors")
        if link.status == SOLVED or tx.connectors.opens(connector.id, link.ticket_id):
            return  # the customer came back: our opening of it is on its way
        catch_up(tx, connector, link)
        link.status = SOLVED
        solve(tx, ticket, conversation, None)
        keep_time(tx, ticket)
    elif status is RemoteStatus.OPEN and ticket.is_open:
        link.status = OPEN
