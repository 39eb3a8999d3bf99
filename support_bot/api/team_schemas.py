"""What is sent about teams, routing and availability."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from support_bot.api.fields import LARGEST_ID, Line
from support_bot.api.schemas import Answered
from support_bot.services.views import RoutingView, TeamView
from support_bot.values import AssignmentRule

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]
Members = Annotated[list[Id], Field(max_length=1000, description="Ids of agents and admins.")]


class TeamsOut(Answered):
    teams: list[TeamView]


class TeamIn(BaseModel):
    name: Line
    members: Members = []


class TeamPatch(BaseModel):
    """What is left out stays; `members` are all of them from now on."""

    name: Line | None = None
    members: Members | None = None


class RoutingOut(Answered):
    rule: AssignmentRule = Field(description="Of channels that have none of their own.")
    channels: list[RoutingView]


class RuleIn(BaseModel):
    rule: AssignmentRule


class RoutingIn(BaseModel):
    team: Id | None = Field(None, description="Null is no team: then every agent may be chosen.")
    rule: AssignmentRule | None = Field(None, description="Null takes the installation's.")


class AvailabilityIn(BaseModel):
    online: bool
