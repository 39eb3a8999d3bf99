"""All SQL about tickets."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import Message, Ticket, TicketStatus

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

    def exists(self, ticket_id: int) -> bool:
        return self._session.get(Ticket, ticket_id) is not None

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

    def page(
        self,
        *,
        status: TicketStatus | None = None,
        open_only: bool = False,
        assignee_id: int | None = None,
        search: str = "",
        before: int | None = None,
        limit: int = 50,
    ) -> Sequence[Ticket]:
        """Newest first; `search` looks for the words in subject, summary and public messages, or for a number."""
        query = select(Ticket).order_by(Ticket.id.desc()).limit(limit)
        if status is not None:
            query = query.where(Ticket.status == status)
        if open_only:
            query = query.where(Ticket.status.in_(_OPEN))
        if assignee_id is not None:
            query = query.where(Ticket.assignee_id == assignee_id)
        if before is not None:
            query = query.where(Ticket.id < before)
        if number := search.strip().lstrip("#"):
            said = select(Message.conversation_id).where(Message.text.icontains(number, autoescape=True))
            matches = [
                Ticket.subject.icontains(number, autoescape=True),
                Ticket.summary.icontains(number, autoescape=True),
                Ticket.conversation_id.in_(said),
            ]
            if number.isdigit() and len(number) < 10:
                matches.append(Ticket.id == int(number))
            query = query.where(or_(*matches))
        return self._session.scalars(query).all()

    def count_open(self, *, assigned: bool | None = None) -> int:
        query = select(func.count()).select_from(Ticket).where(Ticket.status.in_(_OPEN))
        if assigned is not None:
            query = query.where(Ticket.assignee_id.is_not(None) if assigned else Ticket.assignee_id.is_(None))
        return self._session.scalar(query) or 0
