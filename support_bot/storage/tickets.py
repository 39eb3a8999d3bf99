"""All SQL about tickets."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, lazyload

from support_bot.errors import NotFound
from support_bot.models import Conversation, Ticket, TicketStatus, TicketTag
from support_bot.storage.erasures import fresh_id
from support_bot.values import OPEN_STATUSES as _OPEN
from support_bot.values import Mode


class TicketRepository:
    """Tickets and, with them, their history."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, ticket: Ticket) -> Ticket:
        if number := fresh_id(self._session, Ticket):
            ticket.id = number
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

    def read_anew(self) -> None:
        """What was read of tickets so far is read again when it is used next; call it once locks are held."""
        self._session.flush()
        for row in list(self._session.identity_map.values()):
            if isinstance(row, Ticket):
                self._session.expire(row)

    def find_open(self, conversation_id: str) -> Ticket | None:
        """The open ticket of this conversation, or the one that its own went into."""
        query = select(Ticket).where(Ticket.conversation_id == conversation_id, Ticket.status.in_(_OPEN))
        return self._session.scalars(query).one_or_none() or self.find_root(conversation_id)

    def find_root(self, conversation_id: str) -> Ticket | None:
        """The open ticket that this conversation's newest one went into, by whatever steps.

        None where the newest was not merged: an older hand-off is over. None once the customer is with the bot
        again or has left."""
        conversation = self._session.get(Conversation, conversation_id)
        if conversation is None or conversation.mode not in (Mode.WAITING, Mode.HUMAN):
            return None
        query = select(Ticket).where(Ticket.conversation_id == conversation_id).order_by(Ticket.id.desc()).limit(1)
        newest = self._session.scalars(query).one_or_none()
        steps = self.way_to_root(newest) if newest is not None else []
        return steps[-1] if steps and steps[-1].is_open else None

    def way_to_root(self, ticket: Ticket) -> list[Ticket]:
        """The tickets that this one went into, step by step; the last is merged only where the next was erased."""
        steps = list[Ticket]()
        into = ticket.merged_into_id
        while into is not None and (step := self._session.get(Ticket, into)):
            steps.append(step)
            into = step.merged_into_id
        return steps

    def merged_below(self, conversation_id: str) -> Sequence[Ticket]:
        """The tickets that went into one of this conversation, by whatever steps, unless that one was merged itself.

        Only the newest of each conversation: an older one's hand-off is over."""
        own = select(Ticket.id).where(Ticket.conversation_id == conversation_id, Ticket.merged_into_id.is_(None))
        into, found = list(self._session.scalars(own)), list[Ticket]()
        while into:
            query = select(Ticket).where(Ticket.merged_into_id.in_(into)).order_by(Ticket.id)
            found += (below := self._session.scalars(query).all())
            into = [ticket.id for ticket in below]
        newest = self._newest({ticket.conversation_id for ticket in found})
        return [ticket for ticket in found if ticket.id in newest]

    def _newest(self, conversation_ids: Collection[str]) -> set[int]:
        query = select(func.max(Ticket.id)).where(Ticket.conversation_id.in_(conversation_ids))
        return set(self._session.scalars(query.group_by(Ticket.conversation_id)))

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
