"""Drafts for agents: what the chain would answer from all articles, each part with its evidence. Sends nothing."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from support_bot.answering import drafting
from support_bot.answering.chain import AnswerChain
from support_bot.answering.prompt import NO_DRAFT
from support_bot.errors import Conflict, SupportBotError
from support_bot.models import Fate, Suggestion
from support_bot.retrieval.retriever import Retriever
from support_bot.services.views import DraftPart, DraftSource, FateView, SuggestionView
from support_bot.storage.database import Database
from support_bot.values import AnswerEvent, Author, Passage, TraceDraft, Turn

_NEAREST = 3
_log = logging.getLogger(__name__)
_EDITED = 0.4
"""Of a draft's words at least so much is in what was sent, or the draft was dropped."""
_NOT_WRITTEN = "The model cannot write at the moment: these are the articles' own words."
_NOTHING_ASKED = "The customer has asked nothing yet that an article could answer."
_NOTHING_FOUND = "No article answers this question."


class CopilotService:
    """Suggests; agents decide. What became of a draft is kept only where `learn` is on."""

    def __init__(self, db: Database, chain: AnswerChain, retriever: Retriever, *, learn: bool) -> None:
        self._db = db
        self._chain = chain
        self._retriever = retriever
        self._learn = learn

    def suggest(self, ticket_id: int, staff_id: int) -> SuggestionView:
        """A draft for the customer's last question, from public and internal articles. Takes as long as an answer does.

        Raises NotFound, and Conflict for a ticket that is not open."""
        with self._db.reading() as tx:
            ticket = tx.tickets.get(ticket_id)
            if not ticket.is_open:
                raise Conflict(f"Ticket {ticket.id} is {ticket.status}; a draft is for an open one.")
            said = [m for m in tx.conversations.messages(ticket.conversation_id) if m.author is not Author.SYSTEM]
        # No transaction is open from here on: the model takes seconds.
        found, view = self._drafted([Turn(message.author, message.text) for message in said])
        view = replace(view, ticket_id=ticket.id, message_id=said[found.last].id if found else 0)
        return self._kept(view, ticket.conversation_id, staff_id) if view.parts else view

    def draft(self, turns: Sequence[Turn]) -> SuggestionView:
        """The same for what was said elsewhere; the view names no ticket and no message. Keeps nothing."""
        return self._drafted(turns)[1]

    def sent(self, ticket_id: int, staff_id: int, message_id: int, text: str) -> None:
        """An agent has answered: what became of the drafts they had been offered. Keeps nothing where that is off."""
        if not self._learn:
            return
        try:
            self._settle(ticket_id, staff_id, message_id, text)
        except SupportBotError:  # the customer has the reply: nobody may be told to send it again
            _log.warning("what became of drafts for ticket %s was not kept", ticket_id, exc_info=True)

    def _settle(self, ticket_id: int, staff_id: int, message_id: int, text: str) -> None:
        with self._db.transaction() as tx:
            offered = tx.suggestions.open_of(ticket_id, staff_id)
            for suggestion in offered:
                like = likeness(suggestion.text, text)
                if suggestion is not offered[0] or like < _EDITED:
                    suggestion.settle(Fate.DROPPED, like)
                else:
                    suggestion.settle(Fate.SENT if like == 1.0 else Fate.EDITED, like, message_id)

    def fates(self, *, before: int | None = None, limit: int = 50) -> list[FateView]:
        """Drafts that were kept, newest first, with what became of each."""
        with self._db.reading() as tx:
            return [FateView.of(suggestion) for suggestion in tx.suggestions.page(before=before, limit=limit)]

    def counts(self) -> dict[str, int]:
        """How many drafts were sent as they were, edited, dropped, or are open still."""
        with self._db.reading() as tx:
            found = tx.suggestions.count_by_fate()
        return {fate.value: found.get(fate, 0) for fate in Fate}

    @property
    def keeps(self) -> bool:
        """Whether drafts are kept."""
        return self._learn

    def _drafted(self, turns: Sequence[Turn]) -> tuple[drafting.Asked | None, SuggestionView]:
        found = drafting.asked(turns)
        if found is None:
            return None, SuggestionView(None, 0, 0, "", (), "", "", (), _NOTHING_ASKED, "", 0.0)
        events, trace = self._answer(found)
        view = _suggestion(found, tuple(map(_part, drafting.parts(events, trace))), trace)
        return found, view if view.parts else replace(view, nearest=self._nearest(trace))

    def _answer(self, found: drafting.Asked) -> tuple[list[AnswerEvent], TraceDraft]:
        events: list[AnswerEvent] = []
        trace = TraceDraft(found.question)
        for item in self._chain.stream(found.question, found.before, audience=None):
            if isinstance(item, TraceDraft):
                trace = item
            else:
                events.append(item)
        return events, trace

    def _nearest(self, trace: TraceDraft) -> tuple[Passage, ...]:
        passages = trace.passages or tuple(self._retriever.retrieve(trace.standalone, audience=None))
        return tuple(passages[:_NEAREST])

    def _kept(self, view: SuggestionView, conversation_id: str, staff_id: int) -> SuggestionView:
        if not self._learn:
            return view
        used = {(used.source.title, used.audience.value) for part in view.parts for used in part.sources}
        with self._db.transaction() as tx:
            tx.conversations.lock(conversation_id)
            row = tx.suggestions.add(
                Suggestion(
                    conversation_id=conversation_id, ticket_id=view.ticket_id, staff_id=staff_id, kind="reply",
                    question=view.question, text=view.text,
                    sources=[{"title": title, "audience": audience} for title, audience in sorted(used)],
                )
            )  # fmt: skip
        return replace(view, id=row.id)


def likeness(draft: str, sent: str) -> float:
    """The share (0..1) of words that both texts have in the same order; 1 where only spaces differ."""
    before, after = draft.split(), sent.split()
    if before == after:
        return 1.0
    return min(SequenceMatcher(None, before, after, autojunk=False).ratio(), 0.999)


def _part(part: drafting.Part) -> DraftPart:
    used = tuple(
        DraftSource(source, excerpt.passage.audience)
        for excerpt, source in zip(part.excerpts, part.sources, strict=True)
    )
    return DraftPart(drafting.typed_out(part.text), part.internal, used)


def _joined(parts: Sequence[DraftPart]) -> str:
    """Sentences flow, blocks (lists, tables) stand apart."""
    text = ""
    for part in parts:
        apart = "\n\n" if "\n" in part.text or "\n" in text else " "
        text = f"{text}{apart}{part.text}" if text else part.text
    return text


def _suggestion(found: drafting.Asked, parts: tuple[DraftPart, ...], trace: TraceDraft) -> SuggestionView:
    note = "" if parts else _NOTHING_FOUND
    if any(cut.startswith(NO_DRAFT) for cut in trace.sentences_cut):
        note = _NOT_WRITTEN
    return SuggestionView(
        id=None,
        ticket_id=0,
        message_id=0,
        question=found.question,
        parts=parts,
        text=_joined(parts),
        public_text=_joined([part for part in parts if not part.internal]),
        nearest=(),
        note=note,
        model=trace.model,
        seconds=round(trace.timings.get("total", 0.0), 2),
    )
