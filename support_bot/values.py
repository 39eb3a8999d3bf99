"""Frozen things that travel between the stages: passages, citations, answer events. Knows no database and no model."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


class Audience(enum.StrEnum):
    """Who may read a document or a message."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Mode(enum.StrEnum):
    """Who speaks in a conversation: the bot, nobody yet (a person was asked for), a person, or no one any more."""

    BOT = "bot"
    WAITING = "waiting"
    HUMAN = "human"
    CLOSED = "closed"


class Author(enum.StrEnum):
    CUSTOMER = "customer"
    BOT = "bot"
    STAFF = "staff"
    SYSTEM = "system"


class AnswerStatus(enum.StrEnum):
    """How a turn of the bot ended."""

    ANSWERED = "answered"
    REFUSED = "refused"
    HANDOFF = "handoff"
    ASKED = "asked"
    RETRACTED = "retracted"
    FAILED = "failed"


class HandoffReason(enum.StrEnum):
    """Why a conversation goes to a person; each has its own text to the customer."""

    CUSTOMER_REQUEST = "customer_request"
    NO_EVIDENCE = "no_evidence"
    LOW_CONFIDENCE = "low_confidence"
    UNSUPPORTED_REQUEST = "unsupported_request"
    POLICY = "policy"
    TOOL_FAILURE = "tool_failure"
    BOT_SILENT = "bot_silent"
    AGENT_PULL = "agent_pull"


class Role(enum.StrEnum):
    """What a member of staff may do; an admin may do everything an agent may."""

    AGENT = "agent"
    ADMIN = "admin"


class DocumentStatus(enum.StrEnum):
    """Where a document is on its way from file to searchable chunks."""

    PENDING = "pending"
    PROCESSING = "processing"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message as the pipeline sees it: who spoke (`customer`, `bot`, `staff`) and what was said."""

    author: Author
    text: str


@dataclass(frozen=True, slots=True)
class ChunkDraft:
    """A piece of a document before it has an id.

    `text` is Markdown as a reader sees it (a table keeps its header row); `start` and `end` are character offsets
    into the cleaned text of its document version, so a citation can be opened at the passage."""

    text: str
    heading_path: tuple[str, ...]
    position: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class ParsedDocument:
    """What a loader and the cleaner made of a file: title, cleaned Markdown text, and what the file said of itself."""

    title: str
    text: str
    url: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Scores:
    """Every score a passage earned on the way; None where that search did not return it.

    `vector` is cosine similarity (-1..1), `keyword` a BM25 score (higher is better), `fused` the reciprocal rank sum,
    `rerank` the share of the question's weight that the passage's best sentences cover (0..1)."""

    vector: float | None = None
    keyword: float | None = None
    fused: float = 0.0
    rerank: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that was found, read back from SQL, with its document's name and every score."""

    chunk_id: int
    document_id: int
    name: str
    title: str
    heading_path: tuple[str, ...]
    text: str
    url: str | None
    audience: Audience
    scores: Scores = Scores()

    @property
    def heading(self) -> str:
        """`Returns › How long do I have`: the path inside the article, without its title."""
        return " › ".join(part for part in self.heading_path if part != self.title)


@dataclass(frozen=True, slots=True)
class Excerpt:
    """The sentences, steps or table rows of one passage that were chosen as evidence, in the article's own words."""

    passage: Passage
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class SourceRef:
    """A citation the server has resolved: what the customer sees and can open. `index` counts from 1 within an answer."""

    index: int
    document_id: int
    chunk_id: int
    name: str
    title: str
    heading: str
    quote: str
    url: str | None = None


# ---- Answer events: what the log holds and every reader consumes. Each has a `kind`, its name on the wire.


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
    | Done
    | Failed
)

_EVENTS: dict[str, type[Any]] = {
    event.kind: event
    for event in (
        Queued, Evidence, Text, Citation, Asked, Refused, HandOff, Retract, Said, Typing, StateChanged, Done, Failed,
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
    """An event with its place in the conversation's log (a number that only grows), and the bot's turn it belongs to."""

    id: int
    event: AnswerEvent
    turn_id: int | None = None


@dataclass(frozen=True, slots=True)
class TraceDraft:
    """Everything the chain knows about how it came to an answer; stored as AnswerTrace.

    `timings` in seconds by step; `sentences_cut` are drafts of the model that the evidence gate refused."""

    standalone: str
    passages: tuple[Passage, ...] = ()
    excerpts: tuple[Excerpt, ...] = ()
    decision: str = ""
    confidence: float = 0.0
    threshold: float = 0.0
    model: str = ""
    prompt_hash: str = ""
    draft: str = ""
    sentences_cut: tuple[str, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, int] = field(default_factory=dict)


def history_from(records: Sequence[Mapping[str, str]]) -> list[Turn]:
    """Turns from the `[{"role", "content"}]` form that evaluation files and OpenAI clients use."""
    authors = {"user": Author.CUSTOMER, "assistant": Author.BOT}
    return [Turn(authors.get(r["role"], Author.SYSTEM), r["content"]) for r in records]
