"""Teams on the admin's pages: making, changing and dissolving them, and who gets escalated tickets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from support_bot.assembly import App
from support_bot.errors import Invalid, NotFound, SupportBotError
from support_bot.services.views import StaffView, TeamView
from support_bot.values import AssignmentRule
from ui.pages.shelf import Shelf
from ui.pages.surface import number
from ui.parts import teams as parts

Act = Callable[[Shelf, dict[str, Any]], None]


class TeamGroups:
    """What the buttons and lists around teams do, and how they look afterwards."""

    def __init__(self, app: App) -> None:
        self._app = app

    def acts(self, admin: StaffView) -> dict[str, Act]:
        """What each is called, for the admin who uses it."""
        return {
            "team-add": self._add,
            "team-ask": self._ask,
            "team-change": self._change,
            "team-ask-dissolve": self._ask_dissolve,
            "team-dissolve": partial(self._dissolve, admin),
            "routing-rule": self._rule,
            "routing-team": self._route_team,
            "routing-channel": self._route_rule,
        }

    def _add(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.team_name = str(data.get("name", "")).replace("\x00", "")[:80]  # stays in the form when it is refused
        self._app.desk.teams.add(shelf.team_name)
        shelf.team_name, shelf.teams_added = "", shelf.teams_added + 1

    def _ask(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = parts.team_dialog(self._team(data), self._app.staff.assignees(), shelf.next_serial())

    def _change(self, shelf: Shelf, data: dict[str, Any]) -> None:
        team, name = self._team(data), str(data.get("name", ""))[:200]
        chosen = [number({"id": key.removeprefix("member-")}, "id") for key in data if key.startswith("member-")]
        try:
            self._app.desk.teams.change(team.id, name=name, members=chosen)
        except SupportBotError as error:
            people = self._app.staff.assignees()
            shelf.dialog = parts.team_dialog(team, people, shelf.next_serial(), chosen, error.detail)
        else:
            shelf.dialog = ""

    def _ask_dissolve(self, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = parts.dissolve_dialog(self._team(data), shelf.next_serial())

    def _dissolve(self, admin: StaffView, shelf: Shelf, data: dict[str, Any]) -> None:
        shelf.dialog = ""
        self._app.desk.teams.dissolve(number(data, "team"), admin.id)

    def _rule(self, shelf: Shelf, data: dict[str, Any]) -> None:
        self._app.desk.routing.set_rule(_rule_of(data))

    def _route_team(self, shelf: Shelf, data: dict[str, Any]) -> None:
        before = self._app.desk.routing.get(str(data.get("channel", ""))[:60])
        team = number(data, "value") if data.get("value") else None
        self._app.desk.routing.set(before.channel, team, before.rule)

    def _route_rule(self, shelf: Shelf, data: dict[str, Any]) -> None:
        before = self._app.desk.routing.get(str(data.get("channel", ""))[:60])
        rule = _rule_of(data) if data.get("value") else None
        self._app.desk.routing.set(before.channel, before.team_id, rule)

    def _team(self, data: dict[str, Any]) -> TeamView:
        wanted = number(data, "team")
        for team in self._app.desk.teams.page():
            if team.id == wanted:
                return team
        raise NotFound("There is no such team.")

    def section(self, shelf: Shelf) -> str:
        """All of it, below the people."""
        routes = parts.Routes(self._app.desk.routing.rule(), self._app.desk.routing.page())
        return parts.teams_section(self._app.desk.teams.page(), shelf.team_name, shelf.teams_added, routes)


def _rule_of(data: dict[str, Any]) -> AssignmentRule:
    try:
        return AssignmentRule(str(data.get("value")))
    except ValueError:
        raise Invalid("There is no such rule.") from None
