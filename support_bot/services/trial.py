"""Test a question: all that the bot would do with it now, step by step, without a conversation and without a trace."""

from __future__ import annotations

from support_bot.answering.chain import AnswerChain
from support_bot.retrieval.retriever import Retriever
from support_bot.services.answers import assemble
from support_bot.services.traces import trace_fields
from support_bot.services.typed import typed
from support_bot.services.views import TrialView
from support_bot.settings import Settings
from support_bot.values import (
    AnswerEvent,
    AnswerStatus,
    Asked,
    Audience,
    Evidence,
    HandOff,
    LoggedEvent,
    Passage,
    Queued,
    Refused,
    TraceDraft,
)


class TrialService:
    """Asks the same chain that answers customers; nothing is stored."""

    def __init__(self, chain: AnswerChain, retriever: Retriever, settings: Settings) -> None:
        self._chain = chain
        self._retriever = retriever
        self._settings = settings

    def ask(self, question: str, *, audience: Audience = Audience.PUBLIC) -> TrialView:
        """What the bot would answer; `internal` lets it use what only staff may read, as for an agent.

        Raises Invalid for an empty or too long question. Takes as long as an answer does, seconds with a model."""
        question = typed(question, what="question", most=self._settings.security.message_chars)
        searched = Audience.PUBLIC if audience is Audience.PUBLIC else None
        events: list[AnswerEvent] = []
        trace = TraceDraft(question)
        for item in self._chain.stream(question, [], audience=searched):
            if isinstance(item, TraceDraft):
                trace = item
            elif not isinstance(item, Queued | Evidence):
                events.append(item)
        said = assemble(0, [LoggedEvent(number, event) for number, event in enumerate(events)])
        return TrialView(
            question=question,
            audience=audience,
            status=_status(events),
            text=said.text,
            citations=said.citations,
            passages=trace.passages or self._found(trace, searched),
            **{name: value for name, value in trace_fields(trace).items() if name != "passages"},
        )

    def _found(self, trace: TraceDraft, audience: Audience | None) -> tuple[Passage, ...]:
        """What a search finds where the decision needed none, so that it can be seen what was passed over."""
        return tuple(self._retriever.retrieve(trace.standalone, audience=audience))


def _status(events: list[AnswerEvent]) -> AnswerStatus:
    for event in events:
        match event:
            case Refused():
                return AnswerStatus.REFUSED
            case HandOff():
                return AnswerStatus.HANDOFF
            case Asked():
                return AnswerStatus.ASKED
            case _:
                pass
    return AnswerStatus.ANSWERED
