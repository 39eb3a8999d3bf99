"""Answer events: what a conversation's log holds and every reader consumes. Each has a `kind`, its name on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from support_bot.values.passages import SourceRef
from support_bot.values.states import AnswerStatus, Author, HandoffReason, Mode


@dataclass(frozen=True, slots=True)
class Queued:
    """The turn waits for the engine: place in the queue (1 = next) and expected wait in seconds."""

    place: int
    wait_s: float
    kind = "queued"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The passages the answer will rest on, shown at once while the answer is written."""

    citations: tuple[SourceRef, ...]
    kind = "evidence"


@dataclass(frozen=True, slots=True)
class Text:
    """One released sentence (or quoted block) of the answer; final, except for a retract."""

    sentence: str
    kind = "text"


@dataclass(frozen=True, slots=True)
class Citation:
    """A source of the sentence before it."""

    source: SourceRef
    kind = "citation"


@dataclass(frozen=True, slots=True)
class Asked:
    """The bot asks one question back, with the options it sees."""

    text: str
    options: tuple[str, ...] = ()
    kind = "asked"


@dataclass(frozen=True, slots=True)
class Refused:
    """The bot says what it could not find; `offer` is the label of the button that leads to a person."""

    text: str
    offer: str
    kind = "refused"


@dataclass(frozen=True, slots=True)
class HandOff:
    """The conversation goes to a person. `ticket` is None until the transaction that opens it has run."""

    reason: HandoffReason
    text: str
    ticket: int | None = None
    kind = "handoff"


@dataclass(frozen=True, slots=True)
class Retract:
    """Remove this message: a person took over while it was being said."""

    message_id: int
    kind = "retract"


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a person (customer or staff) or a note of the system; `message` on the wire."""

    message_id: int
    author: Author
    text: str
    name: str | None = None
    kind = "message"


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody is writing."""

    author: Author
    kind = "typing"


@dataclass(frozen=True, slots=True)
class StateChanged:
    """The conversation's mode has changed; `state` on the wire."""

    mode: Mode
    kind = "state"


@dataclass(frozen=True, slots=True)
class EmailAsked:
    """Whether the customer, who waits for a person, is asked for an e-mail address; `email` on the wire."""

    wanted: bool
    kind = "email"


@dataclass(frozen=True, slots=True)
class Done:
    """The turn is over; `message_id` is the bot's message (the customer's own where the bot said nothing)."""

    message_id: int
    status: AnswerStatus
    kind = "done"


@dataclass(frozen=True, slots=True)
class Failed:
    """The turn broke; `error` on the wire. `retry_after` in seconds where trying again may help."""

    code: str
    text: str
    retry_after: float | None = None
    kind = "error"


AnswerEvent = (
    Queued
    | Evidence
    | Text
    | Citation
    | Asked
    | Refused
    | HandOff
    | Retract
    | Said
    | Typing
    | StateChanged
    | EmailAsked
    | Done
    | Failed
)

_EVENTS: dict[str, type[Any]] = {
    event.kind: event
    for event in (
        Queued, Evidence, Text, Citation, Asked, Refused, HandOff, Retract, Said, Typing, StateChanged, EmailAsked,
        Done, Failed,
    )
}  # fmt: skip


def event_payload(event: AnswerEvent) -> dict[str, Any]:
    """The event's fields as plain JSON; a citation's source is laid flat, as the contract shows it."""
    payload = asdict(event)
    return payload["source"] if isinstance(event, Citation) else payload


def event_from_payload(kind: str, payload: Mapping[str, Any]) -> AnswerEvent:
    """The inverse of `event_payload`. Raises KeyError for a kind that does not exist."""
    cls = _EVENTS[kind]
    values = dict(payload)
    if cls is Citation:
        return Citation(SourceRef(**values))
    if cls is Evidence:
        return Evidence(tuple(SourceRef(**item) for item in values["citations"]))
    if cls is Asked:
        return Asked(values["text"], tuple(values.get("options", ())))
    for name, kind_of in (("reason", HandoffReason), ("author", Author), ("mode", Mode), ("status", AnswerStatus)):
        if name in values:
            values[name] = kind_of(values[name])
    event: AnswerEvent = cls(**values)
    return event


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """An event with its place in the conversation's log and the bot's turn it belongs to; `id` only grows."""

    id: int
    event: AnswerEvent
    turn_id: int | None = None
