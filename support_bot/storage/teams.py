"""All SQL about teams, routing and who is there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import Availability, Routing, Staff, Team, TeamMember, Ticket
from support_bot.values import OPEN_STATUSES, Role


class TeamRepository:
    """Groups of staff, what is theirs, and the availability of each person."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, team: Team) -> Team:
        self._session.add(team)
        self._session.flush()
        return team

    def get(self, team_id: int) -> Team:
        found = self.find(team_id)
        if found is None:
            raise NotFound(f"There is no team {team_id}.")
        return found

    def find(self, team_id: int) -> Team | None:
        return self._session.get(Team, team_id)

    def find_by_name(self, name: str) -> Team | None:
        """Small and large letters are the same."""
        query = select(Team).where(func.lower(Team.name) == func.lower(name))
        return self._session.scalars(query).first()

    def page(self) -> Sequence[Team]:
        return self._session.scalars(select(Team).order_by(Team.name)).all()

    def open_tickets(self, team_id: int) -> Sequence[int]:
        """Numbers of the open tickets that are this team's."""
        query = select(Ticket.id).where(Ticket.team_id == team_id, Ticket.status.in_(OPEN_STATUSES))
        return self._session.scalars(query.order_by(Ticket.id)).all()

    def delete(self, team: Team) -> None:
        """Its tickets are no team's."""
        self._session.execute(update(Ticket).where(Ticket.team_id == team.id).values(team_id=None))
        self._session.delete(team)
        self._session.flush()

    # ---- routing

    def find_routing(self, channel_id: int | None) -> Routing | None:
        """The channel's, or with None the installation's."""
        return self._session.scalars(select(Routing).where(Routing.channel_id.is_not_distinct_from(channel_id))).first()

    def add_routing(self, routing: Routing) -> Routing:
        self._session.add(routing)
        self._session.flush()
        return routing

    # ---- who is there

    def find_availability(self, staff_id: int) -> Availability | None:
        return self._session.get(Availability, staff_id)

    def add_availability(self, availability: Availability) -> Availability:
        self._session.add(availability)
        self._session.flush()
        return availability

    def online(self, team_id: int | None, now: dt.datetime) -> Sequence[Availability]:
        """Active agents and admins who are there, of a team or of all; by id."""
        query = (
            select(Availability)
            .join(Staff, Staff.id == Availability.staff_id)
            .where(Staff.active, Staff.role.in_((Role.AGENT, Role.ADMIN)))
            .where(Availability.online_until > now, Availability.away.is_(False))
            .order_by(Availability.staff_id)
            .execution_options(populate_existing=True)
        )
        if team_id is not None:
            query = query.where(
                Availability.staff_id.in_(select(TeamMember.staff_id).where(TeamMember.team_id == team_id))
            )
        return self._session.scalars(query).all()

    def open_counts(self, staff_ids: Collection[int]) -> dict[int, int]:
        """How many open tickets each has; snoozed ones do not count, nor do people without any."""
        query = select(Ticket.assignee_id, func.count()).where(
            Ticket.assignee_id.in_(staff_ids), Ticket.status.in_(OPEN_STATUSES), Ticket.snoozed_until.is_(None)
        )
        found = self._session.execute(query.group_by(Ticket.assignee_id))
        return {person: count for person, count in found if person is not None}
