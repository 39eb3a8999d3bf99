"""All SQL about a customer as a whole: which conversations are theirs, what hangs on them, and erasing all of it.

What belongs to a conversation is known by the foreign keys, so that a new table needs no line here."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Column, LargeBinary, Table, delete, func, select, true
from sqlalchemy.orm import Session

from support_bot.models import (
    Base,
    ConnectorDelivery,
    Conversation,
    ConversationEvent,
    DocumentVersion,
    Message,
    ReceivedMail,
    Ticket,
)
from support_bot.storage.connector_bodies import deliveries_about
from support_bot.storage.customer_names import CustomerNames, parts
from support_bot.values import OPEN_STATUSES, Author
from support_bot.values.customers import Customer

_MOST_STEPS = 10
_OWNERS = ("conversation", "ticket", "message")


class CustomerRepository:
    """Customers by what they are known by."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._names = CustomerNames(session)

    # ---- who it is

    def find(self, key: str, *, only: bool = False) -> Customer:
        """Who is meant by an e-mail address, a name that a site gave, the id of a conversation, or a ticket's number
        (`#12`; `12` where no site calls a customer so). With `only`, that conversation or ticket and nothing else."""
        key = key.strip()
        seeds = self._conversation(key) or self._named(key) or self._ticket(key)
        if only:
            return dataclasses.replace(self.described(seeds, key), visitors=(), emails=())
        return self.described(self._all_of(seeds), key)

    def _conversation(self, key: str) -> set[str]:
        return set(self._session.scalars(select(Conversation.id).where(Conversation.id == key)))

    def _ticket(self, key: str) -> set[str]:
        number = key.removeprefix("#")
        if not number.isascii() or not number.isdigit() or len(number) > 9:
            return set()
        return set(self._session.scalars(select(Ticket.conversation_id).where(Ticket.id == int(number))))

    def _named(self, key: str) -> set[str]:
        """Conversations of somebody who is called so; where it was only told, none in which somebody else is proved."""
        addresses = {key.lower()} if "@" in key else set[str]()
        told = {conversation for conversation, _ in self._names.where_told({key}, addresses)}
        ids, proved = self._names.proved(told)
        others = {conversation for conversation, _ in (ids | proved if addresses else ids)}
        return self._names.where_proved({key}, addresses) | told - others

    def _all_of(self, seeds: set[str]) -> set[str]:
        """From some conversations of a customer to all, by every id and address that is proved in them."""
        found = seeds
        for _ in range(_MOST_STEPS):
            ids, addresses = self._names.proved(found)
            wider = found | self._names.where_proved({name for _, name in ids}, {name for _, name in addresses})
            if wider == found:
                break
            found = wider
        return found

    def described(self, conversations: set[str], key: str = "") -> Customer:
        """Whose conversations these are: what is proved in them, and what was told of nobody else."""
        ids, addresses = self._names.proved(conversations)
        visitors, emails = {name for _, name in ids}, {name for _, name in addresses}
        told_ids, told_emails = self._names.told(conversations)
        elsewhere = self._names.where_told(told_ids, told_emails) | self._names.senders(told_emails)
        shared = {name for conversation, name in elsewhere if conversation not in conversations}
        visitors |= {name for name in told_ids if name == key or name not in shared}
        emails |= (told_emails - shared) | ({key.lower()} if "@" in key else set())
        tickets = [
            ticket
            for part in parts(sorted(conversations))
            for ticket in self._session.scalars(select(Ticket.id).where(Ticket.conversation_id.in_(part)))
        ]
        return Customer(
            tuple(sorted(visitors)), tuple(sorted(emails)), tuple(sorted(conversations)), tuple(sorted(tickets))
        )

    def known(self, conversation_ids: Collection[str]) -> set[str]:
        """Those of the conversations that exist."""
        query = select(Conversation.id)
        return {
            key
            for part in parts(sorted(conversation_ids))
            for key in self._session.scalars(query.where(Conversation.id.in_(part)))
        }

    # ---- what there is

    def counts(self, customer: Customer) -> dict[str, int]:
        """How many rows of each table are theirs, tables without any left out."""
        counts = {"conversation": len(customer.conversations)}
        for table, column in _owned():
            counts[table.name] = counts.get(table.name, 0) + sum(
                self._session.scalar(select(func.count()).select_from(table).where(column.in_(part))) or 0
                for part in parts(self._owner_ids(column, customer))
            )
        refused = self._session.scalar(_refused(select(func.count(ReceivedMail.id)), customer)) or 0
        counts["received_mail"] = counts.get("received_mail", 0) + refused
        counts["connector_delivery"] = len(deliveries_about(self._session, customer))
        return {name: count for name, count in sorted(counts.items()) if count}

    def _owner_ids(self, column: Column[Any], customer: Customer) -> Sequence[Any]:
        match _target(column):
            case "conversation":
                return customer.conversations
            case "ticket":
                return customer.tickets
        return [
            message
            for part in parts(customer.conversations)
            for message in self._session.scalars(select(Message.id).where(Message.conversation_id.in_(part)))
        ]

    def records(self, customer: Customer) -> dict[str, list[dict[str, Any]]]:
        """Every row that is theirs, by table and column; what is not text, number or time is left out."""
        found: dict[str, list[dict[str, Any]]] = {}
        owned = [(Base.metadata.tables["conversation"], Base.metadata.tables["conversation"].columns["id"]), *_owned()]
        for table, column in owned:
            shown = [one for one in table.columns if not isinstance(one.type, LargeBinary)]
            ids = customer.conversations if table.name == "conversation" else self._owner_ids(column, customer)
            for part in parts(ids):
                query = select(*shown).where(column.in_(part)).order_by(*table.primary_key.columns)
                rows = [dict(row) for row in self._session.execute(query).mappings()]
                found.setdefault(table.name, []).extend(rows)
        refused = _refused(select(ReceivedMail.created_at, ReceivedMail.subject, ReceivedMail.refused), customer)
        found["refused_mail"] = [dict(row) for row in self._session.execute(refused).mappings()]
        bodies = select(ConnectorDelivery.created_at, ConnectorDelivery.body)
        for part in parts(deliveries_about(self._session, customer)):
            waiting = self._session.execute(bodies.where(ConnectorDelivery.id.in_(part))).mappings()
            found.setdefault("connector_delivery", []).extend(dict(row) for row in waiting)
        return {name: rows for name, rows in found.items() if rows}

    def raw_mails(self, customer: Customer) -> list[tuple[int, bytes]]:
        """Their mails as they came, by number."""
        query = select(ReceivedMail.id, ReceivedMail.raw).where(ReceivedMail.raw.is_not(None))
        return [
            (number, raw)
            for part in parts(customer.conversations)
            for number, raw in self._session.execute(query.where(ReceivedMail.conversation_id.in_(part)))
            if raw is not None
        ]

    def said(self, customer: Customer) -> list[str]:
        """What the customer wrote, the newest first."""
        query = select(Message.text).where(Message.author == Author.CUSTOMER).order_by(Message.id.desc())
        return [
            text
            for part in parts(customer.conversations)
            for text in self._session.scalars(query.where(Message.conversation_id.in_(part)))
        ]

    def only_theirs(self, customer: Customer, words: Sequence[str]) -> list[str]:
        """Those of the words that are in no message and no name of another conversation, and in no article."""
        if not words:
            return []
        others = Message.conversation_id.not_in(customer.conversations)
        names = Conversation.id.not_in(customer.conversations)
        columns = ((Message.text, others), (Conversation.visitor, names), (DocumentVersion.text, true()))
        left = list(words)
        for column, where in columns:
            seen = [func.count().filter(column.icontains(word, autoescape=True)) for word in left]
            row = self._session.execute(select(*seen).where(where)).one() if left else ()
            left = [word for word, count in zip(left, row, strict=True) if not count]
        return left

    # ---- erasing

    def erase(self, customer: Customer) -> None:
        """Delete what is theirs; call it with the conversations locked. What belongs to one goes with it."""
        self._session.flush()
        deliveries = deliveries_about(self._session, customer)
        for part in parts(customer.conversations):
            statement = delete(Conversation).where(Conversation.id.in_(part))
            self._session.execute(statement, execution_options={"synchronize_session": False})
        self._session.expunge_all()
        self._session.execute(_refused(delete(ReceivedMail), customer))
        for part in parts(deliveries):
            self._session.execute(delete(ConnectorDelivery).where(ConnectorDelivery.id.in_(part)))

    def forget_notes(self, conversation_id: str, beginning: str) -> int:
        """Delete the system's own lines in a conversation that begin with these words, and their events."""
        notes = select(Message.id).where(
            Message.conversation_id == conversation_id, Message.author == Author.SYSTEM,
            Message.text.startswith(beginning, autoescape=True),
        )  # fmt: skip
        ids = set(self._session.scalars(notes))
        if ids:
            events = select(ConversationEvent).where(
                ConversationEvent.conversation_id == conversation_id, ConversationEvent.kind == "message"
            )
            for row in self._session.scalars(events).all():
                if row.payload.get("message_id") in ids:
                    self._session.delete(row)
            self._session.flush()
            self._session.execute(delete(Message).where(Message.id.in_(ids)))
        return len(ids)

    def old(self, before: dt.datetime, limit: int) -> Sequence[str]:
        """Conversations in which nothing happened since then, the oldest first; none whose ticket is open."""
        is_open = select(Ticket.id).where(Ticket.conversation_id == Conversation.id, Ticket.status.in_(OPEN_STATUSES))
        query = select(Conversation.id).where(Conversation.updated_at < before, ~is_open.exists())
        return self._session.scalars(query.order_by(Conversation.updated_at).limit(limit)).all()


def _target(column: Column[Any]) -> str:
    return next((key.column.table.name for key in column.foreign_keys), "")


def _owned() -> list[tuple[Table, Column[Any]]]:
    """Each table whose rows belong to a conversation, with the column that says to which: directly if there is one."""
    found = []
    for table in Base.metadata.sorted_tables:
        columns = [column for owner in _OWNERS for column in table.columns if _target(column) == owner]
        if columns:
            found.append((table, columns[0]))
    return found


def _refused(statement: Any, customer: Customer) -> Any:
    """Mails of theirs that belong to no conversation."""
    return statement.where(ReceivedMail.conversation_id.is_(None), func.lower(ReceivedMail.sender).in_(customer.emails))
