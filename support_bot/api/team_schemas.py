"""What is sent about teams, routing, availability and notices."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from support_bot.api.fields import LARGEST_ID, Line, Words
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


class NoticesIn(BaseModel):
    """What the caller wants to be told; what is left out is on, and quiet hours are none."""

    escalation_mail: bool = True
    assignment_mail: bool = True
    escalation_browser: bool = True
    assignment_browser: bool = True
    sound: bool = True
    quiet: Annotated[Words, StringConstraints(max_length=200)] = Field(
        "", description="Like `20:00-8:00`; empty: none."
    )
    zone: Line = Field("UTC", description="Time zone of the quiet hours, like `Europe/Berlin`.")
