"""What agents are offered: a draft with its evidence, similar tickets, a priority; and what they flagged."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from support_bot.models import AnswerFlag, AnswerTrace, Message, Suggestion
from support_bot.services.views.conversations import TraceView
from support_bot.values import Audience, FlagReason, Passage, SourceRef


@dataclass(frozen=True, slots=True)
class DraftSource:
    """An article that carries a part of a draft, and who may read it."""

    source: SourceRef
    audience: Audience


@dataclass(frozen=True, slots=True)
class DraftPart:
    """A sentence or block as an agent would type it; `internal` where only internal articles carry it."""

    text: str
    internal: bool
    sources: tuple[DraftSource, ...]


@dataclass(frozen=True, slots=True)
class SuggestionView:
    """A draft for the customer's last question, in parts with their evidence.

    `text` is the whole draft, `public_text` what of it may be sent as it stands. Where there is no part, `nearest` are
    the passages closest to the question. `note` says what the agent should know. `id` is there where drafts are kept,
    `message_id` is the customer's message that it answers."""

    id: int | None
    ticket_id: int
    message_id: int
    question: str
    parts: tuple[DraftPart, ...]
    text: str
    public_text: str
    nearest: tuple[Passage, ...]
    note: str
    model: str
    seconds: float


@dataclass(frozen=True, slots=True)
class SimilarTicket:
    """A solved ticket, how like it is (cosine, up to 1), and how it ended: what an agent told the customer last."""

    id: int
    conversation_id: str
    subject: str
    question: str
    outcome: str
    likeness: float
    solved_at: dt.datetime | None


@dataclass(frozen=True, slots=True)
class PriorityView:
    """The priority that the team's own solved tickets suggest; empty with the reason why not in `note`.

    `share` (0..1) is how sure it is, `tickets` how many solved ones it learned from."""

    priority: str
    share: float
    tickets: int
    note: str


@dataclass(frozen=True, slots=True)
class FateView:
    """A draft that was kept, and what became of it."""

    id: int
    conversation_id: str
    ticket_id: int
    kind: str
    question: str
    text: str
    fate: str
    likeness: float | None
    sent_message_id: int | None
    created_at: dt.datetime

    @classmethod
    def of(cls, suggestion: Suggestion) -> FateView:
        values = {name: getattr(suggestion, name) for name in cls.__slots__ if name != "fate"}
        return cls(fate=suggestion.fate.value, **values)


@dataclass(frozen=True, slots=True)
class FlagView:
    """An answer of the bot that a member of staff found wrong, with how it came about."""

    id: int
    conversation_id: str
    message_id: int
    reason: FlagReason
    comment: str
    by: str
    answer: str
    trace: TraceView | None
    created_at: dt.datetime

    @classmethod
    def of(cls, flag: AnswerFlag, message: Message, trace: AnswerTrace | None, names: dict[int, str]) -> FlagView:
        return cls(
            id=flag.id,
            conversation_id=flag.conversation_id,
            message_id=flag.message_id,
            reason=flag.reason,
            comment=flag.comment,
            by=names.get(flag.staff_id, ""),
            answer=message.text,
            trace=TraceView.of(trace) if trace else None,
            created_at=flag.created_at,
        )
