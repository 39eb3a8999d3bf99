"""All SQL about promises and the clocks that watch them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from support_bot.models import ChannelPromise, Clock, Conversation, Metric, Ticket, TicketStatus
from support_bot.values import OPEN_STATUSES


class ClockRepository:
    """What channels promise, and which tickets want a look."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add_promise(self, promise: ChannelPromise) -> ChannelPromise:
        self._session.add(promise)
        self._session.flush()
        return promise

    def find_promise(self, channel_id: int) -> ChannelPromise | None:
        return self._session.get(ChannelPromise, channel_id)

    def open_tickets_of(self, channel_id: int) -> Sequence[int]:
        """Numbers of the channel's open tickets, in the order in which their conversations are to be locked."""
        query = select(Ticket.id).join(Conversation).where(Conversation.channel_id == channel_id)
        return self._session.scalars(query.where(Ticket.status.in_(OPEN_STATUSES)).order_by(Conversation.id)).all()

    def overdue(self, now: dt.datetime) -> Sequence[int]:
        """Numbers of tickets whose clock is to be told of: it runs out soon, or has, and nobody said so."""
        warn = and_(Clock.warn_at <= now, Clock.warned_at.is_(None))
        late = and_(Clock.due_at <= now, Clock.breached_at.is_(None))
        query = select(Clock.ticket_id).where(Clock.ended_at.is_(None), or_(warn, late))
        return self._session.scalars(query.distinct().order_by(Clock.ticket_id)).all()

    def out_of_step(self, paused: Sequence[TicketStatus]) -> Sequence[int]:
        """Numbers of tickets whose clocks do not go with their status; `paused` are those in which clocks stand still.

        What changes a ticket also sets its clocks; this finds what was forgotten or cut off."""
        over = and_(Ticket.status.not_in(OPEN_STATUSES), Clock.ended_at.is_(None))
        stands = and_(Ticket.status.in_(paused), Clock.since.is_not(None), Clock.ended_at.is_(None))
        runs = and_(
            Ticket.status.in_(OPEN_STATUSES),
            Ticket.status.not_in(paused),
            Clock.since.is_(None),
            Clock.ended_at.is_(None),
        )
        ended = and_(Clock.metric == Metric.RESOLUTION, Clock.ended_at.is_not(None), Clock.target_s > 0)
        reopened = and_(Ticket.status.in_(OPEN_STATUSES), ended)
        query = select(Clock.ticket_id).join(Ticket, Ticket.id == Clock.ticket_id)
        query = query.where(or_(over, stands, runs, reopened))
        return self._session.scalars(query.distinct().order_by(Clock.ticket_id)).all()
