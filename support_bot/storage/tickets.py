"""All SQL about tickets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, lazyload

from support_bot.errors import NotFound
from support_bot.models import Conversation, Ticket, TicketStatus, TicketTag
from support_bot.values import OPEN_STATUSES as _OPEN
from support_bot.values import Mode


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
        """The open ticket of this conversation, or the one that its own went into."""
        query = select(Ticket).where(Ticket.conversation_id == conversation_id, Ticket.status.in_(_OPEN))
        return self._session.scalars(query).one_or_none() or self.find_root(conversation_id)

    def find_root(self, conversation_id: str) -> Ticket | None:
        """The open ticket that this conversation's newest merged one went into, by whatever steps.

        None once the customer is with the bot again or has left: that hand-off is over for them."""
        conversation = self._session.get(Conversation, conversation_id)
        if conversation is None or conversation.mode not in (Mode.WAITING, Mode.HUMAN):
            return None
        merged = select(Ticket).where(Ticket.conversation_id == conversation_id, Ticket.merged_into_id.is_not(None))
        ticket = self._session.scalars(merged.order_by(Ticket.id.desc()).limit(1)).one_or_none()
        while ticket is not None and ticket.merged_into_id is not None:
            ticket = self._session.get(Ticket, ticket.merged_into_id)
        return ticket if ticket is not None and ticket.is_open else None

    def merged_below(self, conversation_id: str) -> Sequence[Ticket]:
        """The tickets that went into one of this conversation, by whatever steps, unless that one was merged itself."""
        own = select(Ticket.id).where(Ticket.conversation_id == conversation_id, Ticket.merged_into_id.is_(None))
        into, found = list(self._session.scalars(own)), list[Ticket]()
        while into:
            query = select(Ticket).where(Ticket.merged_into_id.in_(into)).order_by(Ticket.id)
            found += (below := self._session.scalars(query).all())
            into = [ticket.id for ticket in below]
        return found

    def open_of(self, staff_id: int) -> Sequence[Ticket]:
        """Open tickets that are this person's."""
        query = select(Ticket).where(Ticket.assignee_id == staff_id, Ticket.status.in_(_OPEN))
        return self._session.scalars(query).all()

    def of_conversation(self, conversation_id: str) -> Sequence[Ticket]:
        query = select(Ticket).where(Ticket.conversation_id == conversation_id).order_by(Ticket.id)
        return self._session.scalars(query).all()

    def due(self, now: dt.datetime) -> Sequence[int]:
        """Numbers of the tickets that have slept long enough."""
        query = select(Ticket.id).where(Ticket.status.in_(_OPEN), Ticket.snoozed_until <= now)
        return self._session.scalars(query).all()

    def silent(self, since: dt.datetime) -> Sequence[int]:
        """Numbers of the tickets that wait for their customer and in which nothing happened since then."""
        query = select(Ticket.id).where(Ticket.status == TicketStatus.PENDING, Ticket.updated_at <= since)
        return self._session.scalars(query.where(Ticket.snoozed_until.is_(None))).all()

    def tags(self) -> Sequence[str]:
        """Every tag in use, by name."""
        return self._session.scalars(select(TicketTag.tag).distinct().order_by(TicketTag.tag)).all()

    def find_all(self, ticket_ids: Collection[int]) -> dict[int, Ticket]:
        """Those of the tickets that exist, by number, without their history."""
        query = select(Ticket).where(Ticket.id.in_(ticket_ids)).options(lazyload(Ticket.events))
        return {ticket.id: ticket for ticket in self._session.scalars(query)}
