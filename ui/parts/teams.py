"""Teams on the admin's pages: who is in which, and which tickets find them by which rule."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from support_bot.services.views import Assignee, RoutingView, TeamView
from support_bot.values import AssignmentRule
from ui.parts.html import action, attributes, escape, notice, pill, table

_RULES = {
    AssignmentRule.BY_HAND: "by hand",
    AssignmentRule.ROUND_ROBIN: "round robin",
    AssignmentRule.LEAST_BUSY: "least busy",
}


@dataclass(frozen=True)
class Routes:
    """The installation's rule, and each channel's team and rule."""

    rule: AssignmentRule
    channels: Sequence[RoutingView]


def teams_section(teams: Sequence[TeamView], typed: str, added: int, routes: Routes) -> str:
    """The form for a new team, the teams, and who gets escalated tickets."""
    field = attributes(
        {"name": "name", "value": typed, "maxlength": 80, "placeholder": "Name of a new team", "aria_label": "Team"}
    )
    rows = "".join(_team(team) for team in teams)
    listed = (
        table(("Team", "Members"), rows, "Teams")
        if teams
        else '<p class="small">No team yet. A team has an inbox view of its own, and a channel can give it tickets.</p>'
    )
    return (
        '<section class="teams"><h2>Teams</h2>'
        f'<form class="try" data-action="team-add" data-taken="{added}"><input class="field" required{field}>'
        f'<button class="button" type="submit">Make a team</button></form>{listed}{_routes(teams, routes)}</section>'
    )


def _team(team: TeamView) -> str:
    members = "".join(pill(member.name, "good" if member.online else "neutral") for member in team.members)
    doing = action("Change", "team-ask", team=team.id) + action(
        "Dissolve", "team-ask-dissolve", kind="danger", team=team.id
    )
    nobody = '<span class="small">nobody</span>'
    return f'<tr><td><b>{escape(team.name)}</b></td><td><span class="pills">{members or nobody}{doing}</span></td></tr>'


def _routes(teams: Sequence[TeamView], routes: Routes) -> str:
    rules = [(rule.value, label) for rule, label in _RULES.items()]
    installation = _select("routing-rule", "Rule of every channel", rules, routes.rule.value)
    own = [("", f"as every channel ({_RULES[routes.rule]})"), *rules]
    choices = [("", "no team"), *((str(team.id), team.name) for team in teams)]
    rows = "".join(
        f"<tr><td><b>{escape(route.name)}</b></td><td>"
        + _select("routing-team", f"Team of {route.name}", choices, str(route.team_id or ""), route.channel)
        + _select("routing-channel", f"Rule of {route.name}", own, route.rule or "", route.channel)
        + "</td></tr>"
        for route in routes.channels
    )
    return (
        '<h2>Who gets escalated tickets</h2><p class="small">A rule gives each to an agent who is online, of the '
        "channel’s team where it has one. While nobody is, it stays unassigned.</p>"
        + table(
            ("Channel", "Team and rule"),
            f"<tr><td><b>Every channel</b></td><td>{installation}</td></tr>{rows}",
            "Rules",
        )
    )


def _select(name: str, label: str, options: Sequence[tuple[str, str]], chosen: str, channel: str = "") -> str:
    written = "".join(
        f"<option{attributes({'value': value, 'selected': value == chosen})}>{escape(words)}</option>"
        for value, words in options
    )
    values = attributes({"data_action": name, "data_channel": channel or None, "aria_label": label})
    return f'<select class="field slim"{values}>{written}</select> '


def team_dialog(
    team: TeamView, people: Sequence[Assignee], serial: int, chosen: Collection[int] | None = None, told: str = ""
) -> str:
    """Name and members; what is refused stays as it was typed."""
    inside = {member.id for member in team.members} if chosen is None else set(chosen)
    known = {person.id: person.name for person in people} | {member.id: member.name for member in team.members}
    boxes = "".join(
        f'<label><input type="checkbox"{attributes(_box(person, person in inside))}><span>{escape(name)}</span></label>'
        for person, name in sorted(known.items(), key=lambda entry: entry[1])
    )
    field = attributes({"name": "name", "value": team.name, "maxlength": 80, "id": "team-name"})
    cancel = action("Cancel", "close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Team {escape(team.name)}">'
        f'<form data-action="team-change" data-team="{team.id}"><h2>Team</h2>{notice(told)}'
        f'<label for="team-name">Name</label><input class="field" required{field}>'
        f'<fieldset class="boxes"><legend>Members</legend>{boxes}</fieldset>'
        f'<div class="row">{cancel}<button class="button primary" type="submit">Save</button></div></form></dialog>'
    )


def _box(person: int, on: bool) -> dict[str, object]:
    return {"name": f"member-{person}", "value": "on", "checked": on}


def dissolve_dialog(team: TeamView, serial: int) -> str:
    """Asks once more; says what becomes of the tickets."""
    cancel = action("Keep it", "close-dialog")
    go = action("Dissolve", "team-dissolve", kind="danger", team=team.id, then="close-dialog")
    return (
        f'<dialog class="ask" data-serial="{serial}" aria-label="Dissolve {escape(team.name)}">'
        f"<h2>Dissolve {escape(team.name)}?</h2><p>Its tickets are no team’s from then on; what somebody has stays "
        f'theirs. Its members stay in the product.</p><div class="row">{cancel}{go}</div></dialog>'
    )
