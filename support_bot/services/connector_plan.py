"""What has to go to other help desks: found by comparing tickets with what was planned, so that nothing is missed."""

from __future__ import annotations

import uuid

from support_bot.models import Connector, ConnectorLink, Message, MessageStatus, OutboxItem, OutboxKind, Ticket
from support_bot.storage.database import Database, Transaction
from support_bot.values import Author

OPEN, SOLVED = "open", "solved"


def plan(db: Database) -> int:
    """Put everything new into the outbox; how many items. Safe to call at any time and from several servers."""
    with db.reading() as tx:
        on = [found for found in tx.connectors.all() if found.enabled]
        work = any(tx.connectors.unlinked(each) or tx.connectors.behind(each.id) for each in on)
    if not work:
        return 0
    planned = 0
    with db.transaction() as tx:
        tx.one_at_a_time("connectors")
        for connector in tx.connectors.all():
            if not connector.enabled:
                continue
            for ticket in tx.connectors.unlinked(connector):
                planned += _begin(tx, connector, ticket)
            for link in tx.connectors.behind(connector.id):
                planned += catch_up(tx, connector, link)
    return planned


def key_for(letter: str, row_id: int, conversation_id: str) -> str:
    """What an item is known by on both sides, unique among installations as well."""
    return f"{letter}{row_id}-{conversation_id[:12]}"


def _begin(tx: Transaction, connector: Connector, ticket: Ticket) -> int:
    """A new ticket here is a new ticket there; where the customer comes back, their old one is opened again."""
    earlier = tx.connectors.earlier_link(connector.id, ticket.conversation_id)
    if earlier is not None:
        tx.connectors.add(
            ConnectorLink(
                connector_id=connector.id,
                ticket_id=ticket.id,
                external_id=earlier.external_id,
                message_id=earlier.message_id,
                status=SOLVED,
            )
        )
        return 0
    messages = tx.connectors.messages_after(ticket.conversation_id, 0)
    last = messages[-1].id if messages else 0
    link = ConnectorLink(connector_id=connector.id, ticket_id=ticket.id, message_id=last)
    tx.connectors.add(link)
    _add(tx, link, OutboxKind.CREATE, key_for("t", ticket.id, ticket.conversation_id), last or None)
    _add(tx, link, OutboxKind.NOTE, key_for("s", ticket.id, ticket.conversation_id))
    return 2


def catch_up(tx: Transaction, connector: Connector, link: ConnectorLink) -> int:
    """Put what a link is behind with into the outbox; how many items. Under the lock of `connectors`."""
    ticket = tx.tickets.get(link.ticket_id)
    planned = 0
    if ticket.is_open and link.status != OPEN:
        planned += _status(tx, link, OPEN)
    for message in tx.connectors.messages_after(ticket.conversation_id, link.message_id):
        if message.status is MessageStatus.STREAMING:
            break
        link.message_id = message.id
        if _goes_out(connector, message):
            key = key_for("m", message.id, ticket.conversation_id)
            _add(tx, link, OutboxKind.MESSAGE, key, message.id)
            planned += 1
    if not ticket.is_open and link.status == OPEN:
        planned += _status(tx, link, SOLVED)
    return planned


def _status(tx: Transaction, link: ConnectorLink, status: str) -> int:
    link.status = status
    _add(tx, link, OutboxKind.STATUS, f"c-{uuid.uuid4().hex}", detail=status)
    return 1


def _goes_out(connector: Connector, message: Message) -> bool:
    """Not what came from there, what the system said by itself, or what was taken back."""
    came = (message.client_message_id or "").startswith(f"{connector.name}:") and message.author is Author.STAFF
    return not came and message.author is not Author.SYSTEM and message.status is MessageStatus.FINAL


def _add(
    tx: Transaction, link: ConnectorLink, kind: OutboxKind, key: str, message_id: int | None = None, detail: str = ""
) -> None:
    tx.connectors.add(
        OutboxItem(
            connector_id=link.connector_id,
            ticket_id=link.ticket_id,
            kind=kind,
            key=key,
            message_id=message_id,
            detail=detail,
        )
    )
