"""All SQL about tickets."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from support_bot.errors import NotFound
from support_bot.models import Ticket, TicketStatus

_OPEN = (TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.PENDING)


class TicketRepository:
    """Tickets and, with them, their history."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, ticket: Ticket) -> Ticket:
        self._session.add(ticket)
        self._session.flush()
        return ticket

    def get(self, ticket_id: int) -> Ticket:
        found = self._session.get(Ticket, ticket_id)
        if found is None:
            raise NotFound(f"There is no ticket {ticket_id}.")
        return found

    def lock(self, ticket_id: int) -> Ticket:
        """The ticket, read again; call it with the conversation locked."""
        query = select(Ticket).where(Ticket.id == ticket_id).execution_options(populate_existing=True)
        return self._session.scalars(query).one()

    def find_open(self, conversation_id: str) -> Ticket | None:
        query = select(Ticket).where(Ticket.conversation_id == conversation_id, Ticket.status.in_(_OPEN))
        return self._session.scalars(query).one_or_none()

    def open_of(self, staff_id: int) -> Sequence[Ticket]:
        """Open tickets that are this person's."""
        query = select(Ticket).where(Ticket.assignee_id == staff_id, Ticket.status.in_(_OPEN))
        return self._session.scalars(query).all()

    def of_conversation(self, conversation_id: str) -> Sequence[Ticket]:
        query = select(Ticket).where(Ticket.conversation_id == conversation_id).order_by(Ticket.id)
        return self._session.scalars(query).all()

    def find_all(self, ticket_ids: Collection[int]) -> dict[int, Ticket]:
        """Those of the tickets that exist, by number, without their history."""
        query = select(Ticket).where(Ticket.id.in_(ticket_ids)).options(lazyload(Ticket.events))
        return {ticket.id: ticket for ticket in self._session.scalars(query)}
