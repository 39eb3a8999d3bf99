"""What is shown of teams, routing, and who is there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from support_bot.models import Availability, Team
from support_bot.values import AssignmentRule


@dataclass(frozen=True, slots=True)
class TeamMemberView:
    id: int
    name: str
    online: bool


@dataclass(frozen=True, slots=True)
class TeamView:
    id: int
    name: str
    members: tuple[TeamMemberView, ...]

    @classmethod
    def of(cls, team: Team, names: dict[int, str], online: set[int]) -> TeamView:
        members = [TeamMemberView(person, names.get(person, ""), person in online) for person in team.members]
        return cls(team.id, team.name, tuple(sorted(members, key=lambda member: member.name)))


@dataclass(frozen=True, slots=True)
class RoutingView:
    """What happens to the tickets of a channel; `rule` None is the installation's, `holds` the one that counts."""

    channel: str
    name: str
    team_id: int | None
    rule: AssignmentRule | None
    holds: AssignmentRule


@dataclass(frozen=True, slots=True)
class AvailabilityView:
    """Whether somebody gets tickets now, and whether they said themselves that they are away."""

    online: bool
    away: bool
    online_until: dt.datetime | None

    @classmethod
    def of(cls, availability: Availability | None, now: dt.datetime) -> AvailabilityView:
        if availability is None:
            return cls(False, False, None)
        return cls(availability.is_online(now), availability.away, availability.online_until)
