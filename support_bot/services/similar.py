"""Solved tickets that are like an open one, with how they ended. What a ticket asks is embedded once it is solved."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support_bot.answering import drafting
from support_bot.engine.embedder import TextEmbedder
from support_bot.models import Message, TicketVector
from support_bot.services.views import SimilarTicket
from support_bot.storage.database import Database, Transaction
from support_bot.storage.ticket_vectors import Learned
from support_bot.values import Author

_MOST_CHARS = 1000
_AT_ONCE = 50
_MOST_KEPT = 50_000
_OUTCOME_CHARS = 400
LEAST_LIKE = 0.45
"""A ticket that is less like the open one (cosine on MiniLM's scale) is no help."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Solved tickets with their unit vectors, [tickets, dimension], in the same order."""

    tickets: tuple[Learned, ...]
    vectors: NDArray[np.float32]


class SimilarTickets:
    """Vectors of solved tickets: made, kept up by a sweep, and searched one by one (exact; 50,000 take 20 ms)."""

    def __init__(self, db: Database, embedder: TextEmbedder) -> None:
        self._db = db
        self._embedder = embedder
        self._maker = f"{embedder.name}:{embedder.model_hash[:16]}"
        self._state: tuple[int, ...] = ()
        self._memory = Memory((), np.zeros((0, embedder.dimension), dtype=np.float32))
        self._lock = threading.Lock()  # of the memory alone; SQL is the truth

    def sweep(self) -> int:
        """Embed what the customers of some solved tickets asked that have no vector of this model yet; their number."""
        with self._db.reading() as tx:
            missing = tx.ticket_vectors.missing(self._maker, _AT_ONCE)
        self._learn(missing)
        return len(missing)

    def find(self, ticket_id: int, limit: int = 3) -> list[SimilarTicket]:
        """The solved tickets most like this one that an agent answered, the likest first. Raises NotFound."""
        with self._db.reading() as tx:
            ticket = tx.tickets.get(ticket_id)
            asked = question_of(tx.conversations.messages(ticket.conversation_id))
        memory = self.memory()
        if not asked or not memory.tickets:
            return []
        scores = self._embedder.likeness(memory.vectors @ self.vector(asked))
        found: list[SimilarTicket] = []
        with self._db.reading() as tx:
            for place in np.argsort(-scores):
                if len(found) == limit or scores[place] < LEAST_LIKE:
                    break
                like = memory.tickets[int(place)]
                if like.ticket_id != ticket_id and (hit := _solved(tx, like, float(scores[place]))):
                    found.append(hit)
        return found

    def vector(self, text: str) -> NDArray[np.float32]:
        """The unit vector [dimension] of a question."""
        return np.asarray(self._embedder.embed_questions([text])[0], dtype=np.float32)

    def memory(self) -> Memory:
        """All that was learned, read again when something came, went or changed."""
        with self._db.reading() as tx:
            state = tx.ticket_vectors.state(self._maker)
            if state == self._state:
                return self._memory
            rows = tx.ticket_vectors.learned(self._maker, _MOST_KEPT)
        flat = np.frombuffer(b"".join(row.vector for row in rows), dtype=np.float32)
        with self._lock:
            self._state, self._memory = state, Memory(tuple(rows), flat.reshape(len(rows), self._embedder.dimension))
            return self._memory

    def _learn(self, ticket_ids: Sequence[int]) -> None:
        with self._db.reading() as tx:
            asked = {number: question_of(_messages(tx, number)) for number in ticket_ids}
        texts = [text for text in asked.values() if text]
        vectors = iter(self._embedder.embed_questions(texts)) if texts else iter(())
        with self._db.transaction() as tx:
            for number, text in asked.items():
                vector = np.asarray(next(vectors), dtype=np.float32).tobytes() if text else b""
                if tx.tickets.exists(number):
                    tx.ticket_vectors.put(
                        TicketVector(ticket_id=number, maker=self._maker, question=text, vector=vector)
                    )


def question_of(messages: Sequence[Message]) -> str:
    """What the customer asked in all, without greetings and wishes for a person; empty where that is nothing."""
    said = [m.text for m in messages if m.author is Author.CUSTOMER and drafting.asks(m.text)]
    return "\n".join(said)[:_MOST_CHARS]


def _messages(tx: Transaction, ticket_id: int) -> Sequence[Message]:
    if not tx.tickets.exists(ticket_id):
        return []
    return tx.conversations.messages(tx.tickets.get(ticket_id).conversation_id)


def _solved(tx: Transaction, like: Learned, score: float) -> SimilarTicket | None:
    """The ticket as it is shown; None where no agent told the customer anything."""
    ticket = tx.tickets.get(like.ticket_id)
    replies = [m for m in tx.conversations.messages(ticket.conversation_id) if m.author is Author.STAFF]
    if not replies:
        return None
    return SimilarTicket(
        id=ticket.id, conversation_id=ticket.conversation_id, subject=ticket.subject, question=like.question,
        outcome=replies[-1].text[:_OUTCOME_CHARS], likeness=round(score, 3), solved_at=ticket.solved_at,
    )  # fmt: skip
