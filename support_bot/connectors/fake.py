"""A help desk in memory, for tests: it keeps what it is told and breaks when asked to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from support_bot.connectors.base import (
    ConnectorConfig,
    ConnectorError,
    Delivery,
    Entry,
    File,
    Missed,
    RemoteStatus,
    RemoteTicket,
    TicketDraft,
    Who,
    marked,
    marker,
)
from support_bot.connectors.standard import SignedInbound


@dataclass
class Desk:
    """What a help desk holds. `trouble` is asked before and after each change, with `before` or `after`, and with
    `asked` where somebody asks what was missed; `told` are the webhooks it sent, whether or not they arrived."""

    tickets: dict[str, RemoteTicket] = field(default_factory=dict)
    drafts: list[TicketDraft] = field(default_factory=list)
    told: list[Delivery] = field(default_factory=list)
    trouble: Callable[[str], ConnectorError | None] = lambda _when: None

    def change(self, ticket: RemoteTicket) -> None:
        for when in ("before", "after"):
            if error := self.trouble(when):
                raise error
            if when == "before":
                self.tickets[ticket.id] = ticket


class FakeConnector(SignedInbound):
    """Works on the `Desk` of its address; several connectors with one address share it."""

    needs: ClassVar[frozenset[str]] = frozenset({"url"})
    desks: ClassVar[dict[str, Desk]] = {}

    def __init__(self, config: ConnectorConfig) -> None:
        super().__init__(config)
        self.desk = self.desks.setdefault(config.url, Desk())

    def check(self) -> None:
        if error := self.desk.trouble("before"):
            raise error

    def create(self, draft: TicketDraft) -> str:
        number = str(len(self.desk.tickets) + 1)
        self.desk.drafts.append(draft)
        first = Entry("0", Who.CUSTOMER, marked(draft.text, draft.key), private=False)
        self.desk.change(RemoteTicket(number, RemoteStatus.OPEN, [first]))
        return number

    def reply(self, ticket_id: str, text: str, key: str) -> None:
        self._add(ticket_id, Who.BOT, marked(text, key))

    def say(self, ticket_id: str, text: str, key: str) -> None:
        self._add(ticket_id, Who.CUSTOMER, marked(text, key))

    def note(self, ticket_id: str, text: str, key: str) -> None:
        self._add(ticket_id, Who.BOT, marked(text, key), private=True)

    def attach(self, ticket_id: str, file: File, key: str) -> None:
        self._add(ticket_id, Who.BOT, marked(file.name, key), private=True)

    def set_status(self, ticket_id: str, status: RemoteStatus) -> None:
        ticket = self.read(ticket_id)
        self.desk.change(RemoteTicket(ticket.id, status, ticket.entries))

    def assign(self, ticket_id: str, agent: str) -> None:
        self.read(ticket_id)

    def read(self, ticket_id: str) -> RemoteTicket:
        if ticket_id not in self.desk.tickets:
            raise ConnectorError(f"There is no ticket {ticket_id}.", lasting=True)
        return self.desk.tickets[ticket_id]

    def find(self, key: str) -> str | None:
        return next((t.id for t in self.desk.tickets.values() if marker(key) in t.entries[0].text), None)

    def missed(self, after: str) -> Missed:
        if error := self.desk.trouble("asked"):
            raise error
        told = self.desk.told
        return Missed(told[int(after) :] if after else (), str(len(told)))

    def _add(self, ticket_id: str, who: Who, text: str, *, private: bool = False) -> None:
        ticket = self.read(ticket_id)
        entries = [*ticket.entries, Entry(str(len(ticket.entries)), who, text, private)]
        self.desk.change(RemoteTicket(ticket.id, ticket.status, entries))
