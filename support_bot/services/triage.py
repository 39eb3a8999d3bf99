"""Suggest a priority for a ticket from the team's own solved ones. Says so where they are too few or tell nothing."""

from __future__ import annotations

from collections import Counter

from support_bot.answering.classifier import Classifier, learn
from support_bot.services.similar import Memory, SimilarTickets, question_of
from support_bot.services.views import PriorityView
from support_bot.storage.database import Database

LEAST_TICKETS = 40
LEAST_OF_EACH = 8
_MOST_TICKETS = 1000
_BETTER_BY = 0.05
"""So much more often than always saying the most frequent priority has the classifier to be right."""


class TriageService:
    """Learns from the newest thousand, again when tickets were solved or changed; who asks then waits half a second."""

    def __init__(self, db: Database, similar: SimilarTickets) -> None:
        self._db = db
        self._similar = similar
        self._learned: tuple[Memory, Classifier | None, str] | None = None

    def priority(self, ticket_id: int) -> PriorityView:
        """The likeliest priority of a ticket, or why none is suggested. Raises NotFound."""
        with self._db.reading() as tx:
            ticket = tx.tickets.get(ticket_id)
            asked = question_of(tx.conversations.messages(ticket.conversation_id))
        memory = self._similar.memory()
        if self._learned is None or self._learned[0] is not memory:
            self._learned = (memory, *_learn(memory))
        _, classifier, why = self._learned
        count = len(memory.tickets)
        if classifier is None:
            return PriorityView("", 0.0, count, why)
        if not asked:
            return PriorityView("", 0.0, count, "The customer has asked nothing yet.")
        shares = classifier.shares([asked], self._similar.vector(asked)[None, :])[0]
        best = int(shares.argmax())
        return PriorityView(classifier.classes[best], round(float(shares[best]), 3), count, "")


def _learn(memory: Memory) -> tuple[Classifier | None, str]:
    """What the solved tickets teach; None with the reason where it is not enough. Rare priorities are left out."""
    tickets = memory.tickets[:_MOST_TICKETS]
    if len(tickets) < LEAST_TICKETS:
        return None, f"{len(tickets)} solved tickets are too few to learn from: at least {LEAST_TICKETS} are needed."
    counts = Counter(ticket.priority for ticket in tickets)
    known = {name for name, count in counts.items() if count >= LEAST_OF_EACH}
    if len(known) < 2:
        return None, f"The solved tickets have too few of each priority: at least {LEAST_OF_EACH} of two are needed."
    kept = [place for place, ticket in enumerate(tickets) if ticket.priority in known]
    classifier = learn(
        [tickets[place].question for place in kept], memory.vectors[kept], [tickets[place].priority for place in kept]
    )
    most = max(counts[name] for name in known) / len(kept)
    if classifier.held_out < min(most + _BETTER_BY, 1.0):
        return None, "What customers ask does not tell the priority of the solved tickets."
    return classifier, ""
