"""Ask one question of a live bot as a customer would, or of its search alone, and note the answer. Judges nothing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Protocol

from support_bot.answering.condense import standalone
from support_bot.errors import Invalid
from support_bot.evaluation.dataset import Prediction, Question, Retrieved, Trace
from support_bot.services.chat import ChatService
from support_bot.services.knowledge import KnowledgeService
from support_bot.services.models import ModelService
from support_bot.services.tickets import TicketService
from support_bot.services.views import TraceView
from support_bot.values import AnswerEvent, AnswerStatus, Asked, Evidence, HandOff, Refused, SourceRef, Text

_CHANNEL = "web"
_TURN_S = 600.0
_RETRIEVED = 10  # passages that `search` writes down


class Bot(Protocol):
    """The live product, as far as it is asked here."""

    @property
    def chat(self) -> ChatService: ...
    @property
    def knowledge(self) -> KnowledgeService: ...
    @property
    def tickets(self) -> TicketService: ...
    @property
    def models(self) -> ModelService: ...
    def start(self) -> None: ...
    def close(self) -> None: ...


def search(bot: Bot, question: Question) -> Prediction:
    """What the search finds for the question as the bot would search it; no model is asked."""
    begin = time.monotonic()
    alone = standalone(question.question, question.turns)
    passages = bot.knowledge.search(alone, limit=_RETRIEVED)
    return Prediction(
        id=question.id,
        retrieved=tuple(Retrieved(doc=p.name, text=p.text, score=p.scores.fused) for p in passages),
        status=AnswerStatus.REFUSED,
        standalone=alone,
        seconds_total=_since(begin),
    )


def ask(bot: Bot, question: Question) -> Prediction:
    """Ask in a conversation of its own, as a customer would. Raises Invalid where the turn ends without an answer."""
    chat = bot.chat
    conversation = chat.start_with_history(_CHANNEL, question.turns) if question.history else chat.start(_CHANNEL)
    begin = time.monotonic()
    first: float | None = None
    started = chat.say(conversation.id, question.question)
    for logged in chat.follow(started, timeout_s=_TURN_S):
        if first is None and _shows_answer(logged.event):
            first = _since(begin)
    total = _since(begin)
    answer = chat.answer(conversation.id, started.message_id)
    if not answer.done or answer.status in (AnswerStatus.FAILED, AnswerStatus.RETRACTED):
        raise Invalid(f"the turn ended without an answer ({answer.status})")
    traces = bot.tickets.conversation(conversation.id).traces
    trace = traces[-1] if traces else None
    return Prediction(
        id=question.id,
        answer=answer.text,
        citations=_file_names(answer.citations),
        retrieved=tuple(
            Retrieved(doc=p["name"], text=p["text"], score=p["fused"]) for p in (trace.passages if trace else ())
        ),
        status=answer.status,
        standalone=trace.standalone if trace else question.question,
        seconds_first_token=first,
        seconds_total=total,
        trace=_trace(trace) if trace else None,
    )


def _trace(trace: TraceView) -> Trace:
    return Trace(
        decision=trace.decision,
        confidence=trace.confidence,
        threshold=trace.threshold,
        evidence=tuple(excerpt["text"] for excerpt in trace.excerpts),
        cut=tuple(trace.sentences_cut),
    )


def _shows_answer(event: AnswerEvent) -> bool:
    """Whether a customer now reads words that answer: a sentence, a quoted source, a question back, a refusal."""
    match event:
        case Text() | Asked() | Refused() | HandOff():
            return True
        case Evidence(citations):
            return any(source.quote for source in citations)
        case _:
            return False


def _file_names(citations: Sequence[SourceRef]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(source.name for source in citations))


def _since(begin: float) -> float:
    return round(time.monotonic() - begin, 4)
