"""What admins see around the articles: pinned answers, a tested question, the answers that cite a document."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from support_bot.models import Document, Message, PinnedAnswer
from support_bot.values import AnswerStatus, Audience, Passage, PinState, SourceRef


@dataclass(frozen=True, slots=True)
class PinnedView:
    """A pinned answer; `reason` says why it has lapsed."""

    id: int
    question: str
    others: tuple[str, ...]
    answer: str
    url: str | None
    document_id: int | None
    document_title: str | None
    state: PinState
    reason: str
    created_at: dt.datetime
    updated_at: dt.datetime

    @classmethod
    def of(cls, pinned: PinnedAnswer, document: Document | None) -> PinnedView:
        """`document` is the article it rests on, None where that is gone."""
        return cls(
            id=pinned.id,
            question=pinned.question,
            others=tuple(pinned.others),
            answer=pinned.answer,
            url=pinned.url,
            document_id=pinned.document_id,
            document_title=document.title if document else None,
            state=pinned.state(document),
            reason=pinned.why_lapsed(document),
            created_at=pinned.created_at,
            updated_at=pinned.updated_at,
        )


@dataclass(frozen=True, slots=True)
class CitedAnswer:
    """An answer that rests on a document: where it was given, what was asked, what was quoted."""

    message_id: int
    conversation_id: str
    question: str
    answer: str
    quotes: tuple[str, ...]
    created_at: dt.datetime

    @classmethod
    def of(cls, message: Message, document_id: int, question: Message | None) -> CitedAnswer:
        return cls(
            message_id=message.id,
            conversation_id=message.conversation_id,
            question=question.text if question else "",
            answer=message.text,
            quotes=tuple(cited["quote"] for cited in message.citations if cited["document_id"] == document_id),
            created_at=message.created_at,
        )


@dataclass(frozen=True, slots=True)
class TrialView:
    """What the bot would say to a question, and how it came to it; the last fields are those of a trace."""

    question: str
    audience: Audience
    status: AnswerStatus
    text: str
    citations: tuple[SourceRef, ...]
    passages: tuple[Passage, ...]
    standalone: str
    decision: str
    confidence: float
    threshold: float
    excerpts: list[dict[str, Any]]
    model: str
    prompt_hash: str
    draft: str
    sentences_cut: list[str]
    timings: dict[str, float]
    tokens: dict[str, int]
