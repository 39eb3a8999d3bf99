"""All SQL about notices to staff and what each of them wants to be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from support_bot.models import (
    Notice,
    NoticeChoice,
    NoticeState,
    NoticeVia,
    Staff,
    TeamMember,
    Ticket,
    TicketEvent,
    TicketEventKind,
)
from support_bot.values import Role

_TOLD = (TicketEventKind.OPENED, TicketEventKind.ASSIGNED)


class NoticeRepository:
    """The outbox of notices, choices, and the events that ring on the desk."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, notice: Notice) -> Notice:
        self._session.add(notice)
        return notice

    def lock_next_due(self, now: dt.datetime, ways: Collection[NoticeVia]) -> Notice | None:
        """What is to be sent next by one of these ways, or was cut off while it was; nobody else gets it before this
        transaction ends."""
        query = select(Notice).where(Notice.state.in_((NoticeState.PENDING, NoticeState.SENDING)))
        query = (
            query.where(Notice.next_at <= now, Notice.via.in_(ways))
            .order_by(Notice.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        return self._session.scalars(query).one_or_none()

    def lock(self, notice_id: int) -> Notice | None:
        """None where its ticket was erased meanwhile."""
        query = select(Notice).where(Notice.id == notice_id).with_for_update()
        return self._session.scalars(query.execution_options(populate_existing=True)).one_or_none()

    def of_ticket(self, ticket_id: int) -> Sequence[Notice]:
        return self._session.scalars(select(Notice).where(Notice.ticket_id == ticket_id).order_by(Notice.id)).all()

    def delete_before(self, moment: dt.datetime) -> None:
        """Forget those that are older, whatever became of them."""
        self._session.execute(delete(Notice).where(Notice.created_at < moment))

    # ---- choices

    def choice_of(self, staff_id: int) -> NoticeChoice:
        """What they chose; what holds without a choice is not stored."""
        return self._session.get(NoticeChoice, staff_id) or NoticeChoice(staff_id=staff_id)

    def lock_choice(self, staff_id: int) -> NoticeChoice:
        """The row, made where there is none."""
        found = self._session.get(NoticeChoice, staff_id)
        if found is None:
            self._session.add(found := NoticeChoice(staff_id=staff_id))
        return found

    def agents(self, team_id: int | None) -> Sequence[tuple[int, NoticeChoice | None]]:
        """Active agents and admins, of a team or all, each with their choice."""
        query = select(Staff.id, NoticeChoice).outerjoin(NoticeChoice, NoticeChoice.staff_id == Staff.id)
        query = query.where(Staff.active, Staff.role.in_((Role.AGENT, Role.ADMIN))).order_by(Staff.id)
        if team_id is not None:
            query = query.where(Staff.id.in_(select(TeamMember.staff_id).where(TeamMember.team_id == team_id)))
        return [(row[0], row[1]) for row in self._session.execute(query)]

    # ---- what rings on the desk

    def last_event(self) -> int:
        """The number of the newest line of any ticket's history; 0 before the first."""
        return self._session.scalar(select(func.max(TicketEvent.id))) or 0

    def events_after(self, event_id: int) -> Sequence[tuple[TicketEvent, Ticket]]:
        """Tickets that were opened or assigned since, at most 100."""
        query = select(TicketEvent, Ticket).join(Ticket, Ticket.id == TicketEvent.ticket_id)
        query = query.where(TicketEvent.id > event_id, TicketEvent.kind.in_(_TOLD)).order_by(TicketEvent.id).limit(100)
        return [(row[0], row[1]) for row in self._session.execute(query)]
