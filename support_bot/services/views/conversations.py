"""What the desk and the customer see of conversations and tickets."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from support_bot.models import AnswerTrace, Conversation, Message, Metric, Ticket, TicketEvent
from support_bot.services.views.sla import SlaView, due_at
from support_bot.services.views.visitors import VisitorView
from support_bot.values import AnswerStatus, Audience, Author, HandOff, Mode, SourceRef, TicketType


@dataclass(frozen=True, slots=True)
class MessageView:
    id: int
    author: Author
    name: str | None
    text: str
    created_at: dt.datetime
    status: str
    audience: Audience
    answer_status: AnswerStatus | None
    citations: tuple[SourceRef, ...]
    reply_to_id: int | None
    helpful: bool | None

    @classmethod
    def of(cls, message: Message, *, names: dict[int, str], helpful: bool | None = None) -> MessageView:
        """`names` are the staff's names by id."""
        return cls(
            id=message.id,
            author=message.author,
            name=names.get(message.staff_id) if message.staff_id else None,
            text=message.text,
            created_at=message.created_at,
            status=message.status.value,
            audience=message.audience,
            answer_status=message.answer_status,
            citations=tuple(SourceRef(**item) for item in message.citations),
            reply_to_id=message.reply_to_id,
            helpful=helpful,
        )


@dataclass(frozen=True, slots=True)
class TicketRow:
    id: int
    subject: str
    status: str
    priority: str
    reason: str
    assignee: str | None
    assignee_id: int | None
    conversation_id: str
    mode: Mode
    created_at: dt.datetime
    updated_at: dt.datetime
    type: TicketType | None = None
    tags: tuple[str, ...] = ()
    team: str | None = None
    team_id: int | None = None
    snoozed_until: dt.datetime | None = None
    merged_into: int | None = None
    score: int | None = None
    sla: SlaView | None = None
    first_reply_due_at: dt.datetime | None = None
    next_reply_due_at: dt.datetime | None = None
    resolution_due_at: dt.datetime | None = None
    channel: str = ""
    visitor: str | None = None
    waiting_since: dt.datetime | None = None
    place: str = ""

    @classmethod
    def of(cls, ticket: Ticket, mode: Mode, names: dict[int, str], **listed: Any) -> TicketRow:
        """`listed` are the fields that a list adds: channel, visitor, waiting_since, place."""
        return cls(
            id=ticket.id,
            subject=ticket.subject,
            status=ticket.status.value,
            priority=ticket.priority,
            reason=ticket.reason.value,
            assignee=names.get(ticket.assignee_id) if ticket.assignee_id else None,
            assignee_id=ticket.assignee_id,
            conversation_id=ticket.conversation_id,
            mode=mode,
            created_at=ticket.created_at,
            updated_at=ticket.updated_at,
            type=ticket.type,
            tags=tuple(ticket.tags),
            team=ticket.team.name if ticket.team else None,
            team_id=ticket.team_id,
            snoozed_until=ticket.snoozed_until,
            merged_into=ticket.merged_into_id,
            score=ticket.score,
            sla=SlaView.of(ticket.clocks),
            first_reply_due_at=due_at(ticket.clocks, Metric.FIRST_REPLY),
            next_reply_due_at=due_at(ticket.clocks, Metric.NEXT_REPLY),
            resolution_due_at=due_at(ticket.clocks, Metric.RESOLUTION),
            **listed,
        )


@dataclass(frozen=True, slots=True)
class TicketHistoryLine:
    at: dt.datetime
    kind: str
    by: str | None
    detail: dict[str, Any]
    to: str | None = None
    was: str | None = None

    @classmethod
    def of(cls, event: TicketEvent, names: dict[int, str]) -> TicketHistoryLine:
        """`to` and `was` name whose the ticket became and whose it had been."""
        by, to, was = (names.get(person or 0) for person in (event.staff_id, *map(event.detail.get, ("to", "was"))))
        return cls(event.created_at, event.kind.value, by, event.detail, to, was)


@dataclass(frozen=True, slots=True)
class Watcher:
    """A member of staff who follows a ticket."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TicketView:
    row: TicketRow
    summary: str
    history: tuple[TicketHistoryLine, ...]
    watchers: tuple[Watcher, ...] = ()

    @classmethod
    def of(cls, ticket: Ticket, mode: Mode, names: dict[int, str]) -> TicketView:
        lines = tuple(TicketHistoryLine.of(event, names) for event in ticket.events)
        watchers = tuple(Watcher(person, names.get(person, "")) for person in ticket.watchers)
        return cls(TicketRow.of(ticket, mode, names), ticket.summary, lines, watchers)


@dataclass(frozen=True, slots=True)
class TraceView:
    question_id: int
    message_id: int | None
    standalone: str
    decision: str
    confidence: float
    threshold: float
    answer: str
    passages: list[dict[str, Any]]
    excerpts: list[dict[str, Any]]
    model: str
    prompt_hash: str
    draft: str
    sentences_cut: list[str]
    timings: dict[str, float]
    tokens: dict[str, int]
    created_at: dt.datetime

    @classmethod
    def of(cls, trace: AnswerTrace) -> TraceView:
        return cls(**{name: getattr(trace, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class ConversationRow:
    id: str
    first_words: str
    mode: Mode
    channel: str
    visitor: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    ticket_id: int | None

    @classmethod
    def of(
        cls, conversation: Conversation, *, first_words: str, channel: str, ticket_id: int | None
    ) -> ConversationRow:
        return cls(
            id=conversation.id,
            first_words=first_words,
            mode=conversation.mode,
            channel=channel,
            visitor=conversation.visitor,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
            ticket_id=ticket_id,
        )


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A conversation that was found, its newest ticket, and where its words are: stretches of text, each with whether
    it was asked for; `message_id` names the message they are of, None for the ticket's own words."""

    conversation: ConversationRow
    ticket: TicketRow | None
    snippet: tuple[tuple[str, bool], ...]
    message_id: int | None


@dataclass(frozen=True, slots=True)
class SearchPage:
    """Some of `total` conversations that were found."""

    hits: tuple[SearchHit, ...]
    total: int


@dataclass(frozen=True, slots=True)
class ConversationView:
    row: ConversationRow
    messages: tuple[MessageView, ...]
    traces: tuple[TraceView, ...]
    ticket: TicketView | None
    email: str | None = None
    customer: VisitorView | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished (or unfinished) answer, read from the log. `message_id` is the bot's message where there is one.

    `tokens` are those the model read (`prompt`) and wrote (`answer`); empty where it was not asked."""

    message_id: int
    status: AnswerStatus
    text: str
    citations: tuple[SourceRef, ...]
    handoff: HandOff | None
    done: bool
    tokens: dict[str, int] = field(default_factory=dict)
