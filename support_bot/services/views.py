"""What services show to pages, routes and commands: frozen copies, so that no caller holds a database row."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from support_bot.models import (
    AnswerTrace,
    ApiKey,
    Channel,
    Chunk,
    Conversation,
    Document,
    DocumentVersion,
    Message,
    Staff,
    Ticket,
)
from support_bot.values import (
    AnswerStatus,
    Audience,
    Author,
    DocumentStatus,
    HandOff,
    Mode,
    Role,
    SourceRef,
)


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

    @classmethod
    def of(cls, ticket: Ticket, mode: Mode, names: dict[int, str]) -> TicketRow:
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
        )


@dataclass(frozen=True, slots=True)
class TicketHistoryLine:
    at: dt.datetime
    kind: str
    by: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class TicketView:
    row: TicketRow
    summary: str
    history: tuple[TicketHistoryLine, ...]

    @classmethod
    def of(cls, ticket: Ticket, mode: Mode, names: dict[int, str]) -> TicketView:
        lines = tuple(
            TicketHistoryLine(e.created_at, e.kind.value, names.get(e.staff_id) if e.staff_id else None, e.detail)
            for e in ticket.events
        )
        return cls(TicketRow.of(ticket, mode, names), ticket.summary, lines)


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
class ConversationView:
    row: ConversationRow
    messages: tuple[MessageView, ...]
    traces: tuple[TraceView, ...]
    ticket: TicketView | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished (or unfinished) answer, read from the log. `message_id` is the bot's message where there is one."""

    message_id: int
    status: AnswerStatus
    text: str
    citations: tuple[SourceRef, ...]
    handoff: HandOff | None
    done: bool


@dataclass(frozen=True, slots=True)
class DocumentView:
    id: int
    name: str
    title: str
    url: str | None
    audience: Audience
    status: DocumentStatus
    reason: str
    version: int
    chunks: int
    size: int
    created_at: dt.datetime
    updated_at: dt.datetime

    @classmethod
    def of(cls, document: Document, *, chunks: int, size: int) -> DocumentView:
        return cls(
            id=document.id,
            name=document.name,
            title=document.title,
            url=document.url,
            audience=document.audience,
            status=document.status,
            reason=document.reason,
            version=document.version,
            chunks=chunks,
            size=size,
            created_at=document.created_at,
            updated_at=document.updated_at,
        )


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    sha256: str
    size: int
    created_at: dt.datetime

    @classmethod
    def of(cls, version: DocumentVersion) -> VersionView:
        return cls(version.number, version.sha256, version.size, version.created_at)


@dataclass(frozen=True, slots=True)
class ChunkView:
    id: int
    position: int
    heading_path: tuple[str, ...]
    text: str
    start: int
    end: int

    @classmethod
    def of(cls, chunk: Chunk) -> ChunkView:
        return cls(chunk.id, chunk.position, tuple(chunk.heading_path), chunk.text, chunk.start, chunk.end)


@dataclass(frozen=True, slots=True)
class DocumentDetail:
    document: DocumentView
    versions: tuple[VersionView, ...]
    chunks: tuple[ChunkView, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an upload: `created`, `replaced`, `unchanged` (same name, same content) or `duplicate`."""

    document: DocumentView
    outcome: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """An article with the cited stretch, `text[start:end]`."""

    document_id: int
    title: str
    url: str | None
    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class StaffView:
    id: int
    email: str
    name: str
    role: Role
    active: bool

    @classmethod
    def of(cls, staff: Staff) -> StaffView:
        return cls(staff.id, staff.email, staff.name, staff.role, staff.active)

    def may(self, role: Role) -> bool:
        """Whether this person may do what `role` may do."""
        return self.active and (self.role is Role.ADMIN or self.role is role)


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str
    csrf_token: str
    staff: StaffView


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    id: int
    name: str
    prefix: str
    role: Role
    created_at: dt.datetime
    revoked_at: dt.datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyView:
        return cls(key.id, key.name, key.prefix, key.role, key.created_at, key.revoked_at)


@dataclass(frozen=True, slots=True)
class ChannelView:
    slug: str
    name: str
    greeting: str
    suggested_questions: tuple[str, ...]
    allowed_origins: tuple[str, ...]
    accent: str
    enabled: bool

    @classmethod
    def of(cls, channel: Channel) -> ChannelView:
        return cls(
            channel.slug, channel.name, channel.greeting, tuple(channel.suggested_questions),
            tuple(channel.allowed_origins), channel.accent, channel.enabled,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelRow:
    name: str
    kind: str
    present: bool
    in_use: bool
    default: bool
    bytes: int
    licence: str
    context_tokens: int
    sha256: str
