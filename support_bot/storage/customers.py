"""All SQL about a customer as a whole: which conversations are theirs, what hangs on them, and erasing all of it.

What belongs to a conversation is known by the foreign keys, so that a new table needs no line here."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Collection, Iterator, Sequence
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
from support_bot.values import OPEN_STATUSES, Author
from support_bot.values.customers import Customer

_AT_ONCE = 500
_MOST_STEPS = 10
_MAILTO = "mailto:"
_OWNERS = ("conversation", "ticket", "message")


class CustomerRepository:
    """Customers by what they are known by."""

    def __init__(self, session: Session) -> None:
        self._session = session

    # ---- who it is

    def find(self, key: str, *, only: bool = False) -> Customer:
        """Who is meant by an e-mail address, a name that a site gave, the id of a conversation, or a ticket's number
        (`#12`; `12` where no site calls a customer so). With `only`, that conversation or ticket and nothing else."""
        key = key.strip()
        seeds = self._conversation(key) or self._named({key}, {key}) or self._ticket(key)
        if only:
            return dataclasses.replace(self.described(seeds, key), visitors=(), emails=())
        return self.described(self._all_of(key, seeds), key)

    def _conversation(self, key: str) -> set[str]:
        return set(self._session.scalars(select(Conversation.id).where(Conversation.id == key)))

    def _ticket(self, key: str) -> set[str]:
        number = key.removeprefix("#")
        if not number.isascii() or not number.isdigit() or len(number) > 9:
            return set()
        return set(self._session.scalars(select(Ticket.conversation_id).where(Ticket.id == int(number))))

    def _named(self, visitors: set[str], emails: set[str]) -> set[str]:
        """Conversations of these names, or in which one of these addresses was left; addresses in any case."""
        lower = {email.lower() for email in emails if "@" in email}
        found: set[str] = set()
        names = [*visitors, *(f"{_MAILTO}{email}" for email in lower)]
        for part in _parts(sorted(names)):
            found |= set(self._session.scalars(select(Conversation.id).where(Conversation.visitor.in_(part))))
        for part in _parts(sorted(lower)):
            visitor = func.lower(Conversation.visitor)
            found |= set(self._session.scalars(select(Conversation.id).where(visitor.in_(part))))
            for conversation, email in _addresses():
                query = select(conversation).where(func.lower(email).in_(part))
                found |= set(self._session.scalars(query))
        return found

    def _all_of(self, key: str, seeds: set[str]) -> set[str]:
        """From some conversations of a customer to all, by every name and address in them."""
        found = seeds
        for _ in range(_MOST_STEPS):
            known = self.described(found, key)
            wider = found | self._named(set(known.visitors), set(known.emails))
            if wider == found:
                break
            found = wider
        return found

    def described(self, conversations: set[str], key: str = "") -> Customer:
        """Whose conversations these are."""
        ids = sorted(conversations)
        visitors: set[str] = set()
        emails = {key.lower()} if "@" in key else set()
        tickets: list[int] = []
        for part in _parts(ids):
            query = select(Conversation.visitor).where(Conversation.id.in_(part), Conversation.visitor.is_not(None))
            visitors |= {visitor for visitor in self._session.scalars(query) if visitor}
            for conversation, email in _addresses():
                left = select(email).where(conversation.in_(part), email.is_not(None))
                emails |= {address.lower() for address in self._session.scalars(left) if address}
            tickets += self._session.scalars(select(Ticket.id).where(Ticket.conversation_id.in_(part)))
        emails |= {visitor.removeprefix(_MAILTO).lower() for visitor in visitors if "@" in visitor}
        return Customer(tuple(sorted(visitors)), tuple(sorted(emails)), tuple(ids), tuple(sorted(tickets)))

    def known(self, conversation_ids: Collection[str]) -> set[str]:
        """Those of the conversations that exist."""
        query = select(Conversation.id)
        return {
            key
            for part in _parts(sorted(conversation_ids))
            for key in self._session.scalars(query.where(Conversation.id.in_(part)))
        }

    # ---- what there is

    def counts(self, customer: Customer) -> dict[str, int]:
        """How many rows of each table are theirs, tables without any left out."""
        counts = {"conversation": len(customer.conversations)}
        for table, column in _owned():
            counts[table.name] = counts.get(table.name, 0) + sum(
                self._session.scalar(select(func.count()).select_from(table).where(column.in_(part))) or 0
                for part in _parts(self._owner_ids(column, customer))
            )
        refused = self._session.scalar(_refused(select(func.count(ReceivedMail.id)), customer)) or 0
        counts["received_mail"] = counts.get("received_mail", 0) + refused
        return {name: count for name, count in sorted(counts.items()) if count}

    def _owner_ids(self, column: Column[Any], customer: Customer) -> Sequence[Any]:
        match _target(column):
            case "conversation":
                return customer.conversations
            case "ticket":
                return customer.tickets
        return [
            message
            for part in _parts(customer.conversations)
            for message in self._session.scalars(select(Message.id).where(Message.conversation_id.in_(part)))
        ]

    def records(self, customer: Customer) -> dict[str, list[dict[str, Any]]]:
        """Every row that is theirs, by table and column; what is not text, number or time is left out."""
        found: dict[str, list[dict[str, Any]]] = {}
        owned = [(Base.metadata.tables["conversation"], Base.metadata.tables["conversation"].columns["id"]), *_owned()]
        for table, column in owned:
            shown = [one for one in table.columns if not isinstance(one.type, LargeBinary)]
            ids = customer.conversations if table.name == "conversation" else self._owner_ids(column, customer)
            for part in _parts(ids):
                query = select(*shown).where(column.in_(part)).order_by(*table.primary_key.columns)
                rows = [dict(row) for row in self._session.execute(query).mappings()]
                found.setdefault(table.name, []).extend(rows)
        refused = _refused(select(ReceivedMail.created_at, ReceivedMail.subject, ReceivedMail.refused), customer)
        found["refused_mail"] = [dict(row) for row in self._session.execute(refused).mappings()]
        return {name: rows for name, rows in found.items() if rows}

    def raw_mails(self, customer: Customer) -> list[tuple[int, bytes]]:
        """Their mails as they came, by number."""
        query = select(ReceivedMail.id, ReceivedMail.raw).where(ReceivedMail.raw.is_not(None))
        return [
            (number, raw)
            for part in _parts(customer.conversations)
            for number, raw in self._session.execute(query.where(ReceivedMail.conversation_id.in_(part)))
            if raw is not None
        ]

    def said(self, customer: Customer) -> list[str]:
        """What the customer wrote, the newest first."""
        query = select(Message.text).where(Message.author == Author.CUSTOMER).order_by(Message.id.desc())
        return [
            text
            for part in _parts(customer.conversations)
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
        for part in _parts(customer.conversations):
            statement = delete(Conversation).where(Conversation.id.in_(part))
            self._session.execute(statement, execution_options={"synchronize_session": False})
        self._session.expunge_all()
        self._session.execute(_refused(delete(ReceivedMail), customer))
        for words in (*customer.emails, *customer.conversations):
            self._session.execute(delete(ConnectorDelivery).where(ConnectorDelivery.body.contains(words)))

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


def _parts(ids: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))


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


def _addresses() -> list[tuple[Column[Any], Column[Any]]]:
    """Where customers left e-mail addresses: the conversation and the address."""
    return [
        (column, table.columns["email"])
        for table, column in _owned()
        if _target(column) == "conversation" and "email" in table.columns
    ]


def _refused(statement: Any, customer: Customer) -> Any:
    """Mails of theirs that belong to no conversation."""
    return statement.where(ReceivedMail.conversation_id.is_(None), func.lower(ReceivedMail.sender).in_(customer.emails))
