"""Teams and rules on the admin's pages, and teams and availability on the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.values import AssignmentRule, Role
from tests.factories import PASSWORD, add_staff, make_app
from tests.integration.test_ui_handlers import event, prepared, request
from tests.integration.test_ui_knowledge import Tab
from ui.pages.desk import DeskPage
from ui.pages.desk_state import Desk

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


@pytest.fixture
def tab(app: App) -> Tab:
    tab = Tab(app)
    tab.press("view", view="team")
    return tab


def test_a_team_is_made_filled_and_dissolved(app: App, tab: Tab) -> None:
    ana = add_staff(app)
    tab.press("team-add", name=SCRIPT)
    tab.press("team-add", name=SCRIPT)
    assert "already" in tab.seen["admin-team"] and SCRIPT not in tab.seen["admin-team"]
    team = str(app.desk.teams.page()[0].id)
    tab.press("team-ask", team=team)
    assert SCRIPT not in tab.seen["admin-dialog"] and f'name="member-{ana.id}"' in tab.seen["admin-dialog"]
    tab.press("team-change", team=team, name=" ", **{f"member-{ana.id}": "on"})
    assert "needs a name" in tab.seen["admin-dialog"] and "checked" in tab.seen["admin-dialog"]
    tab.press("team-change", team=team, name="Billing", **{f"member-{ana.id}": "on"})
    assert tab.seen["admin-dialog"] == "" and [m.id for m in app.desk.teams.page()[0].members] == [ana.id]
    tab.press("team-change", team=team, name="Billing", **{"member-x": "on"})
    assert "There is no member of staff" in tab.seen["admin-dialog"]
    tab.press("team-ask-dissolve", team=team)
    tab.press("team-dissolve", team=team)
    assert app.desk.teams.page() == [] and tab.seen["admin-dialog"] == ""
    tab.press("team-ask", team=team)
    assert "There is no such team" in tab.seen["admin-team"]


def test_rules_are_chosen_for_all_channels_and_for_one(app: App, tab: Tab) -> None:
    team = app.desk.teams.add("Billing")
    tab.press("routing-rule", value="round_robin")
    tab.press("routing-team", channel="web", value=str(team.id))
    tab.press("routing-channel", channel="web", value="least_busy")
    view = app.desk.routing.get("web")
    assert (view.team_id, view.holds, app.desk.routing.rule()) == (
        team.id, AssignmentRule.LEAST_BUSY, AssignmentRule.ROUND_ROBIN,
    )  # fmt: skip
    tab.press("routing-channel", channel="web", value="")
    tab.press("routing-team", channel="web", value="")
    view = app.desk.routing.get("web")
    assert (view.team_id, view.rule, view.holds) == (None, None, AssignmentRule.ROUND_ROBIN)
    for name, channel, value in (
        ("routing-rule", "", "loudest"),
        ("routing-team", "no", ""),
        ("routing-team", "web", "9"),
    ):
        tab.press(name, channel=channel, value=value)
        assert 'class="notice' in tab.seen["admin-team"]


def test_on_the_desk_an_agent_is_there_goes_away_and_gives_a_ticket_to_a_team(app: App) -> None:
    ana = add_staff(app)
    team = app.desk.teams.add("Billing", [ana.id])
    page, desk = prepared(DeskPage, app), Desk(view="team")
    asked = request(app.staff.sign_in("ana@example.com", PASSWORD).token)
    ticket = app.handoff.request(app.chat.start("web").id).row
    desk.choose(ticket.conversation_id)
    seen = {piece.elem_id: html for piece, html in page.tick(desk, asked).items()}
    assert "Online" in seen["desk-nav"] and app.desk.availability.of(ana.id).online
    assert "Nothing here" in seen["desk-list"] and "Any team" in seen["desk-list"]
    page.act(event(action="availability", to="away"), desk, asked)
    page.act(event(action="team", ticket=str(ticket.id), value=str(team.id)), desk, asked)
    seen = {piece.elem_id: html for piece, html in page.tick(desk, asked).items()}
    assert "Away" in seen["desk-nav"] and not app.desk.availability.of(ana.id).online
    assert (
        f"#{ticket.id}" in seen["desk-list"]
        and "Ana changed the team from nothing to “Billing”" in seen["desk-context"]
    )


def test_a_viewer_is_not_there(app: App) -> None:
    viewer = add_staff(app, Role.VIEWER, "vi@example.com")
    page, desk = prepared(DeskPage, app), Desk()
    asked = request(app.staff.sign_in("vi@example.com", PASSWORD).token)
    seen = {piece.elem_id: html for piece, html in page.tick(desk, asked).items()}
    assert "availability" not in seen["desk-nav"]
    assert not app.desk.availability.of(viewer.id).online


def test_notices_are_chosen_in_a_dialog_that_keeps_what_is_refused(app: App) -> None:
    ana = add_staff(app)
    page, desk = prepared(DeskPage, app), Desk()
    asked = request(app.staff.sign_in("ana@example.com", PASSWORD).token)
    page.act(event(action="ask-notices"), desk, asked)
    assert desk.dialog.count("checked") == 5 and "No mail server is set up here" in desk.dialog
    page.act(event(action="notices", sound="on", quiet=f"late {SCRIPT}", zone="UTC"), desk, asked)
    assert "is no time" in desk.dialog and SCRIPT not in desk.dialog and desk.dialog.count("checked") == 1
    page.act(event(action="notices", escalation_browser="on", quiet="22:00-6:00", zone=" "), desk, asked)
    wishes = app.desk.notices.get(ana.id)
    assert desk.dialog == "" and (wishes.quiet, wishes.zone, wishes.escalation_mail) == ("22:00-6:00", "UTC", False)


def test_the_bell_rings_for_what_comes_after_the_page_was_opened(app: App) -> None:
    add_staff(app)
    page, desk = prepared(DeskPage, app), Desk()
    asked = request(app.staff.sign_in("ana@example.com", PASSWORD).token)
    app.handoff.request(app.chat.start("web").id)
    page.tick(desk, asked)
    assert desk.bell.rings == []
    chat = app.chat.start("web").id
    ticket = app.handoff.request(chat).row.id
    with app._parts.db.transaction() as tx:
        tx.tickets.get(ticket).subject = SCRIPT
    seen = {piece.elem_id: html for piece, html in page.tick(desk, asked).items()}
    assert seen["desk-bell"].count("data-ring") == 1 and SCRIPT not in seen["desk-bell"]
    assert "desk-bell" not in {piece.elem_id for piece in page.tick(desk, asked)}
