"""What tools answer. Smaller than the API's shapes: a model reads all of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from support_bot.services.briefing import Briefing
from support_bot.services.views import Answer, DraftPart, MessageView, SuggestionView, TrialView
from support_bot.values import AnswerStatus, Audience, Author, Passage, SourceRef


@dataclass(frozen=True)
class FoundPassage:
    """A passage of an article; `audience` is `internal` where customers may not read it."""

    title: str
    heading: str
    text: str
    url: str | None
    audience: Audience
    score: float

    @classmethod
    def of(cls, passage: Passage) -> FoundPassage:
        score = round(passage.scores.fused, 4)
        return cls(passage.title, passage.heading, passage.text, passage.url, passage.audience, score)


@dataclass(frozen=True)
class Found:
    passages: list[FoundPassage]


@dataclass(frozen=True)
class Cited:
    """What the `[index]` of an answer rests on, in the article's own words."""

    index: int
    title: str
    heading: str
    quote: str
    url: str | None

    @classmethod
    def all(cls, sources: Iterable[SourceRef]) -> list[Cited]:
        return [cls(s.index, s.title, s.heading, s.quote, s.url) for s in sources]


@dataclass(frozen=True)
class Answered:
    status: AnswerStatus
    text: str
    citations: list[Cited]

    @classmethod
    def of(cls, said: TrialView) -> Answered:
        return cls(said.status, said.text, Cited.all(said.citations))


@dataclass(frozen=True)
class Said:
    """An answer within a conversation; id and token go on with it."""

    conversation_id: str
    token: str
    status: AnswerStatus
    text: str
    citations: list[Cited]
    ticket: int | None

    @classmethod
    def of(cls, conversation_id: str, token: str, answer: Answer) -> Said:
        ticket = answer.handoff.ticket if answer.handoff else None
        return cls(conversation_id, token, answer.status, answer.text, Cited.all(answer.citations), ticket)


@dataclass(frozen=True)
class DraftedPart:
    """A sentence or block of a draft; `internal` must not reach a customer before a person has read it."""

    text: str
    internal: bool
    sources: list[Cited]

    @classmethod
    def of(cls, part: DraftPart) -> DraftedPart:
        return cls(part.text, part.internal, Cited.all(used.source for used in part.sources))


@dataclass(frozen=True)
class Drafted:
    """`text` is the whole draft, `public_text` what of it customers may read, `note` what the agent should know."""

    ticket_id: int
    question: str
    text: str
    public_text: str
    parts: list[DraftedPart]
    note: str

    @classmethod
    def of(cls, draft: SuggestionView) -> Drafted:
        parts = [DraftedPart.of(part) for part in draft.parts]
        return cls(draft.ticket_id, draft.question, draft.text, draft.public_text, parts, draft.note)


@dataclass(frozen=True)
class Summarised:
    ticket_id: int
    conversation_id: str
    subject: str
    status: str
    priority: str
    assignee: str | None
    summary: str

    @classmethod
    def of(cls, brief: Briefing) -> Summarised:
        return cls(
            brief.ticket_id, brief.conversation_id, brief.subject, brief.status, brief.priority, brief.assignee,
            brief.summary,
        )  # fmt: skip


@dataclass(frozen=True)
class ReadMessage:
    """`internal` messages are notes of the staff, which the customer does not see."""

    author: Author
    name: str | None
    text: str
    at: dt.datetime
    internal: bool
    citations: list[Cited]

    @classmethod
    def of(cls, message: MessageView) -> ReadMessage:
        internal = message.audience is Audience.INTERNAL
        cited = Cited.all(message.citations)
        return cls(message.author, message.name, message.text, message.created_at, internal, cited)


@dataclass(frozen=True)
class Conversation:
    id: str
    mode: str
    ticket_id: int | None
    messages: list[ReadMessage]


@dataclass(frozen=True)
class Noted:
    message_id: int
