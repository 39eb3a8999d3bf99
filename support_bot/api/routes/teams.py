"""Teams, which of them gets a channel's tickets by which rule, who is there, and what each is told of."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from support_bot.api.auth import Admin, Agent
from support_bot.api.deps import Bot
from support_bot.api.errors import error_responses
from support_bot.api.fields import PathId, PathSlug
from support_bot.api.team_schemas import (
    AvailabilityIn,
    NoticesIn,
    RoutingIn,
    RoutingOut,
    RuleIn,
    TeamIn,
    TeamPatch,
    TeamsOut,
)
from support_bot.services.notice_choices import NoticeWishes
from support_bot.services.views import AvailabilityView, RoutingView, TeamView

router = APIRouter(prefix="/api/v1", tags=["teams"])

_ERRORS = error_responses(401, 403, 429)
_CHANGE_ERRORS = error_responses(400, 401, 403, 404, 409, 413, 422, 429)


@router.get("/teams", responses=_ERRORS)
def list_teams(app: Bot, agent: Agent) -> TeamsOut:
    """Every team with its members, and who of them is there."""
    return TeamsOut(teams=app.desk.teams.page())


@router.post("/teams", status_code=HTTP_201_CREATED, responses=_CHANGE_ERRORS)
def add_team(body: TeamIn, app: Bot, admin: Admin) -> TeamView:
    """Make a team of agents and admins."""
    return app.desk.teams.add(body.name, body.members)


@router.patch("/teams/{team_id}", responses=_CHANGE_ERRORS)
def change_team(team_id: PathId, body: TeamPatch, app: Bot, admin: Admin) -> TeamView:
    """Give it another name, or other members."""
    return app.desk.teams.change(team_id, name=body.name, members=body.members)


@router.delete("/teams/{team_id}", status_code=HTTP_204_NO_CONTENT, responses=error_responses(401, 403, 404, 422, 429))
def dissolve_team(team_id: PathId, app: Bot, admin: Admin) -> None:
    """Its tickets are no team's from then on; those of an agent stay that agent's."""
    app.desk.teams.dissolve(team_id, None if admin.is_owner else admin.id)


@router.get("/routing", responses=_ERRORS)
def read_routing(app: Bot, admin: Admin) -> RoutingOut:
    """The rule of the installation, and each channel's team and rule."""
    return RoutingOut(rule=app.desk.routing.rule(), channels=app.desk.routing.page())


@router.put("/routing", responses=_CHANGE_ERRORS)
def change_routing(body: RuleIn, app: Bot, admin: Admin) -> RoutingOut:
    """The rule of channels that have none of their own."""
    app.desk.routing.set_rule(body.rule)
    return RoutingOut(rule=app.desk.routing.rule(), channels=app.desk.routing.page())


@router.put("/channels/{slug}/routing", responses=_CHANGE_ERRORS)
def change_channel_routing(slug: PathSlug, body: RoutingIn, app: Bot, admin: Admin) -> RoutingView:
    """The team and the rule of a channel's new tickets."""
    return app.desk.routing.set(slug, body.team, body.rule)


@router.get("/me/availability", responses=_ERRORS)
def read_availability(app: Bot, agent: Agent) -> AvailabilityView:
    """Whether rules give the caller tickets now."""
    return app.desk.availability.of(agent.id)


@router.put("/me/availability", responses=error_responses(400, 401, 403, 413, 422, 429))
def change_availability(body: AvailabilityIn, app: Bot, agent: Agent) -> AvailabilityView:
    """Be online for five minutes from now, as with an open desk; or away."""
    return app.desk.availability.switch(agent.id, online=body.online)


@router.get("/me/notices", responses=_ERRORS)
def read_notices(app: Bot, agent: Agent) -> NoticeWishes:
    """Of what the caller is told, how, and when not."""
    return app.desk.notices.get(agent.id)


@router.put("/me/notices", responses=error_responses(400, 401, 403, 413, 422, 429))
def change_notices(body: NoticesIn, app: Bot, agent: Agent) -> NoticeWishes:
    """Choose all of it anew."""
    return app.desk.notices.choose(agent.id, NoticeWishes(**body.model_dump()))
