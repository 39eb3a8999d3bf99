"""All SQL about the vectors of solved tickets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from support_bot.models import Ticket, TicketStatus, TicketVector


@dataclass(frozen=True, slots=True)
class Learned:
    """A solved ticket as it is learned from: what was asked, its vector (float32 bytes), and the priority it had."""

    ticket_id: int
    question: str
    vector: bytes
    priority: str


class TicketVectorRepository:
    """One vector per solved ticket; what another model made is as good as missing."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def put(self, row: TicketVector) -> None:
        self._session.merge(row)

    def missing(self, maker: str, limit: int) -> Sequence[int]:
        """Solved tickets that have no vector by this model yet, the newest first."""
        query = (
            select(Ticket.id)
            .outerjoin(TicketVector, TicketVector.ticket_id == Ticket.id)
            .where(Ticket.status == TicketStatus.SOLVED)
            .where(or_(TicketVector.ticket_id.is_(None), TicketVector.maker != maker))
            .order_by(Ticket.id.desc())
            .limit(limit)
        )
        return self._session.scalars(query).all()

    def state(self, maker: str) -> tuple[int, ...]:
        """What changes whenever a vector comes or goes, or a priority changes: for whoever keeps them in memory."""
        query = (
            select(func.count(), func.sum(Ticket.id), func.max(Ticket.id), func.max(Ticket.updated_at))
            .join(TicketVector, TicketVector.ticket_id == Ticket.id)
            .where(Ticket.status == TicketStatus.SOLVED, TicketVector.maker == maker)
        )
        count, total, newest, changed = self._session.execute(query).one()
        return int(count), int(total or 0), int(newest or 0), int(changed.timestamp() * 1e6) if changed else 0

    def learned(self, maker: str, limit: int) -> list[Learned]:
        """Solved tickets with a vector by this model, the newest first; without those in which nothing was asked."""
        query = (
            select(Ticket.id, TicketVector.question, TicketVector.vector, Ticket.priority)
            .join(TicketVector, TicketVector.ticket_id == Ticket.id)
            .where(Ticket.status == TicketStatus.SOLVED, TicketVector.maker == maker, TicketVector.question != "")
            .order_by(Ticket.id.desc())
            .limit(limit)
        )
        return [Learned(*row) for row in self._session.execute(query)]
