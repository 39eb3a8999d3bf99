"""What a connector to somebody else's help desk does, in our words. Knows no vendor and no database."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from support_bot.errors import SupportBotError


class Who(enum.StrEnum):
    """Who wrote something over there. BOT is the user we sign in as; SYSTEM is rules, mailers, auto-replies."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


class RemoteStatus(enum.StrEnum):
    """A help desk's status, as far as it matters here."""

    OPEN = "open"
    SOLVED = "solved"


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """A ticket to be made. `key` is ours, unique for ever, and must be found again by `find`."""

    key: str
    subject: str
    text: str
    priority: str = "normal"
    email: str | None = None


@dataclass(frozen=True, slots=True)
class File:
    """Something to attach: its name, media type and bytes."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """Something written in a ticket over there."""

    id: str
    who: Who
    text: str
    private: bool


@dataclass(frozen=True, slots=True)
class RemoteTicket:
    """A ticket as it is over there, oldest entry first."""

    id: str
    status: RemoteStatus
    entries: Sequence[Entry]

    def has(self, key: str) -> bool:
        """Whether something with this key arrived already."""
        return any(marker(key) in entry.text for entry in self.entries)


@dataclass(frozen=True, slots=True)
class TicketCreated:
    """A ticket was made over there."""

    ticket_id: str
    who: Who


@dataclass(frozen=True, slots=True)
class MessageWritten:
    """Something was written in a ticket over there."""

    ticket_id: str
    entry: Entry
    name: str | None = None


@dataclass(frozen=True, slots=True)
class StatusChanged:
    """A ticket was solved or opened again over there."""

    ticket_id: str
    who: Who
    status: RemoteStatus


InboundEvent = TicketCreated | MessageWritten | StatusChanged


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook that was verified: the id by which its repetition is known, and its body."""

    id: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Missed:
    """What happened since a position, as webhooks would have told it (their ids too), and the position to ask from
    next. What is told a second time does no harm."""

    deliveries: Sequence[Delivery]
    next: str


@dataclass(frozen=True, slots=True)
class ConnectorConfig:
    """What an admin wrote down for one connector: where the help desk is, how to sign in, what signs webhooks."""

    name: str
    url: str
    queue: str = ""
    token: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    user: str = ""
    """The user we sign in as over there: what it does is our own doing."""


class ConnectorError(SupportBotError):
    """The help desk did not do what was asked; `lasting` where asking again cannot help."""

    code = "connector"

    def __init__(self, detail: str, *, lasting: bool = False, retry_after: float | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.lasting = lasting


class Unsupported(ConnectorError):
    """This help desk has no such thing."""

    def __init__(self, what: str) -> None:
        super().__init__(f"This help desk cannot {what}.", lasting=True)


class HelpdeskConnector(Protocol):
    """One help desk. Every call may raise ConnectorError; none is repeated by the connector itself.

    What carries a `key` writes `marker(key)` where `read` (or, for a new ticket, `find`) sees it again."""

    needs: ClassVar[frozenset[str]]
    """The fields of ConnectorConfig that must be filled."""

    def __init__(self, config: ConnectorConfig) -> None: ...

    def check(self) -> None:
        """Sign in and look; nothing over there changes."""

    def create(self, draft: TicketDraft) -> str:
        """Make a ticket; its id over there."""

    def reply(self, ticket_id: str, text: str, key: str) -> None:
        """Write to the customer, as the bot."""

    def say(self, ticket_id: str, text: str, key: str) -> None:
        """Write what the customer said, as the customer."""

    def note(self, ticket_id: str, text: str, key: str) -> None:
        """Write what no customer sees."""

    def attach(self, ticket_id: str, file: File, key: str) -> None:
        """Add a file that no customer sees."""

    def set_status(self, ticket_id: str, status: RemoteStatus) -> None: ...

    def assign(self, ticket_id: str, agent: str) -> None: ...

    def read(self, ticket_id: str) -> RemoteTicket: ...

    def find(self, key: str) -> str | None:
        """The id of the ticket that `create` made with this key, if it did."""

    def verify(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        """Check a webhook; header names in small letters. Raises Unauthorized."""

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        """What a verified webhook says; nothing where it does not concern us. Raises ValueError for nonsense."""

    def missed(self, after: str) -> Missed:
        """What happened since `after`, for when webhooks got lost; only the present position where it is empty.

        A help desk that repeats its webhooks until they arrive has nothing to tell."""


def marker(key: str) -> str:
    """How a key stands in a text that people read."""
    return f"[chat {key}]"


def marked(text: str, key: str) -> str:
    return f"{text}\n\n{marker(key)}"


def text_of(data: Mapping[str, Any], name: str) -> str:
    """A text of a webhook. Raises ValueError where there is none."""
    value = data.get(name)
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(f"{name} is missing")
    return str(value)
