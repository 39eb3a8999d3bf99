"""Teams, who is there, and which agent a rule gives an escalated ticket to, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.models import utcnow
from support_bot.services.availability import ONLINE_FOR
from support_bot.services.handoff import open_ticket
from support_bot.services.views import StaffView, TicketView
from support_bot.values import AssignmentRule, HandoffReason, InboxFilter, Mode, Role, TicketEdit
from tests.factories import add_staff, make_app
from ui.parts.ticket_history import told


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[App]:
    with closing(make_app(tmp_path, start=False)) as app:
        yield app


@pytest.fixture
def ana(app: App) -> StaffView:
    return add_staff(app)


@pytest.fixture
def bo(app: App) -> StaffView:
    return add_staff(app, email="bo@example.com")


def escalate(app: App) -> TicketView:
    return app.handoff.request(app.chat.start("web").id)


def online(app: App, *people: StaffView) -> None:
    for person in people:
        app.desk.availability.seen(person.id)


def lines(app: App, ticket: int) -> list[str]:
    return [told(line) for line in app.tickets.get(ticket).history]


class TestTeams:
    def test_a_team_has_a_name_of_its_own_and_people_who_can_take_tickets(self, app: App, ana: StaffView) -> None:
        team = app.desk.teams.add("  Billing   and refunds ", [ana.id])
        assert (team.name, [member.name for member in team.members]) == ("Billing and refunds", ["Ana"])
        with pytest.raises(Conflict, match="already"):
            app.desk.teams.add("billing and REFUNDS")
        for name in ("", " \x00 ", "x" * 81):
            with pytest.raises(Invalid):
                app.desk.teams.add(name)
        viewer = add_staff(app, Role.VIEWER, "vi@example.com")
        for nobody, error in ((viewer.id, Conflict), (999_999, NotFound)):
            with pytest.raises(error):
                app.desk.teams.change(team.id, members=[ana.id, nobody])
        assert [member.id for member in app.desk.teams.page()[0].members] == [ana.id]
        app.staff.deactivate(ana.email, None)
        assert app.desk.teams.change(team.id, name="Money", members=[ana.id]).members[0].name == "Ana"

    def test_a_ticket_is_moved_between_teams_and_its_history_tells_so(
        self, app: App, ana: StaffView, bo: StaffView
    ) -> None:
        billing, shipping = app.desk.teams.add("Billing", [ana.id]), app.desk.teams.add("Shipping", [bo.id])
        app.desk.routing.set("web", billing.id, None)
        ticket = escalate(app).row
        assert (ticket.team, ticket.team_id, ticket.assignee) == ("Billing", billing.id, None)
        assert app.tickets.counts(ana.id)["team"] == 1 and app.tickets.counts(bo.id)["team"] == 0
        app.desk.edits.edit(ticket.id, ana.id, TicketEdit(team=shipping.id))
        app.desk.edits.edit(ticket.id, ana.id, TicketEdit(team=shipping.id))  # nothing new, no line
        assert [row.id for row in app.tickets.page(view="team", staff_id=bo.id)] == [ticket.id]
        assert app.tickets.page(view="team", staff_id=ana.id) == []
        for team, count in ((shipping.id, 1), (billing.id, 0), (0, 0)):
            assert app.tickets.count(wanted=InboxFilter(team=team)) == count
        app.desk.teams.change(shipping.id, name="Delivery")
        app.desk.edits.edit(ticket.id, bo.id, TicketEdit(team=None))
        assert lines(app, ticket.id)[1:] == [
            "It is for the team “Billing”",
            "Ana changed the team from “Billing” to “Shipping”",
            "Bo changed the team from “Delivery” to nothing",
        ]
        with pytest.raises(NotFound):
            app.desk.edits.edit(ticket.id, ana.id, TicketEdit(team=999))

    def test_a_team_that_is_dissolved_leaves_its_tickets_to_their_agents(self, app: App, ana: StaffView) -> None:
        team = app.desk.teams.add("Billing", [ana.id])
        app.desk.routing.set("web", team.id, None)
        taken, solved = escalate(app).row, escalate(app).row
        app.tickets.assign(taken.id, ana.id, ana.id)
        app.tickets.solve(solved.id, ana.id)
        app.desk.teams.dissolve(team.id, ana.id)
        row = app.tickets.get(taken.id).row
        assert (row.team, row.team_id, row.assignee) == (None, None, "Ana")
        assert lines(app, taken.id)[-1] == "Ana changed the team from “Billing” to nothing"
        assert app.tickets.get(solved.id).row.team_id is None
        assert app.desk.routing.get("web").team_id is None and escalate(app).row.team is None
        with pytest.raises(NotFound):
            app.desk.teams.dissolve(team.id, ana.id)


class TestAvailability:
    def test_a_page_that_was_open_counts_for_minutes_and_the_switch_counts_at_once(
        self, app: App, ana: StaffView
    ) -> None:
        availability, now = app.desk.availability, utcnow()
        assert not availability.of(ana.id).online
        availability.seen(ana.id, now - ONLINE_FOR)
        assert not availability.of(ana.id).online
        assert availability.seen(ana.id, now).online and availability.of(ana.id).online
        assert (
            availability.seen(ana.id, now + dt.timedelta(seconds=30)).online_until == now + ONLINE_FOR
        )  # no new write
        assert not availability.switch(ana.id, online=False).online
        assert not availability.seen(ana.id, now + dt.timedelta(minutes=3)).online and availability.of(ana.id).away
        assert availability.switch(ana.id, online=True).online

    def test_two_pages_opened_at_once_are_one_availability(self, app: App, ana: StaffView) -> None:
        with ThreadPoolExecutor(6) as pool:
            seen = list(pool.map(lambda _: app.desk.availability.seen(ana.id), range(12)))
        assert all(view.online for view in seen)


class TestRules:
    def test_by_hand_nobody_gets_it_by_itself(self, app: App, ana: StaffView) -> None:
        online(app, ana)
        assert escalate(app).row.assignee is None

    def test_round_robin_goes_through_those_who_are_there(self, app: App, ana: StaffView, bo: StaffView) -> None:
        cy = add_staff(app, email="cy@example.com")
        app.desk.routing.set_rule(AssignmentRule.ROUND_ROBIN)
        online(app, ana, bo, cy)
        app.desk.availability.switch(bo.id, online=False)
        assert [escalate(app).row.assignee for _ in range(4)] == ["Ana", "Cy", "Ana", "Cy"]
        app.desk.availability.switch(bo.id, online=True)
        ticket = escalate(app).row
        assert (ticket.assignee, ticket.status, ticket.mode) == ("Bo", "open", Mode.WAITING)
        assert lines(app, ticket.id)[-1] == "Round robin gave it to Bo"

    def test_least_busy_counts_open_tickets_that_are_not_snoozed(self, app: App, ana: StaffView, bo: StaffView) -> None:
        mine = [escalate(app).row.id for _ in range(3)]
        for ticket in mine:
            app.tickets.assign(ticket, ana.id, ana.id)
        online(app, ana, bo)
        app.desk.routing.set("web", None, AssignmentRule.LEAST_BUSY)
        assert [escalate(app).row.assignee for _ in range(3)] == ["Bo", "Bo", "Bo"]
        app.tickets.solve(mine[0], ana.id)
        app.desk.edits.edit(mine[1], ana.id, TicketEdit(snoozed_until=utcnow() + dt.timedelta(hours=1)))
        assert escalate(app).row.assignee == "Ana"

    def test_only_the_team_is_asked_and_a_channel_may_differ_from_the_rest(
        self, app: App, ana: StaffView, bo: StaffView
    ) -> None:
        online(app, ana, bo)
        app.desk.routing.set_rule(AssignmentRule.ROUND_ROBIN)
        app.desk.routing.set("web", app.desk.teams.add("Billing", [bo.id]).id, None)
        assert {escalate(app).row.assignee for _ in range(3)} == {"Bo"}
        app.desk.routing.set("web", app.desk.teams.add("Nobody").id, None)
        assert escalate(app).row.assignee is None
        app.desk.routing.set("web", None, AssignmentRule.BY_HAND)
        assert escalate(app).row.assignee is None
        assert app.desk.routing.page()[0].holds is AssignmentRule.BY_HAND

    def test_who_went_away_keeps_what_they_have_and_gets_nothing_new(self, app: App, ana: StaffView) -> None:
        app.desk.routing.set_rule(AssignmentRule.ROUND_ROBIN)
        online(app, ana)
        ticket = escalate(app).row
        app.desk.availability.switch(ana.id, online=False)
        assert escalate(app).row.assignee is None
        assert app.tickets.get(ticket.id).row.assignee == "Ana"
        app.desk.availability.switch(ana.id, online=True)
        app.staff.deactivate(ana.email, None)
        assert escalate(app).row.assignee is None
        assert app.tickets.get(ticket.id).row.assignee is None

    def test_nobody_there_leaves_the_promise_that_somebody_is_told_of(self, app: App) -> None:
        app.desk.routing.set_rule(AssignmentRule.LEAST_BUSY)
        ticket = escalate(app).row
        app.desk.watch.look(utcnow() + dt.timedelta(minutes=11))
        assert "Nobody came" in lines(app, ticket.id)[-1]

    def test_hand_offs_at_once_are_shared_fairly(self, app: App, ana: StaffView, bo: StaffView) -> None:
        for rule in (AssignmentRule.ROUND_ROBIN, AssignmentRule.LEAST_BUSY):
            app.desk.routing.set_rule(rule)
            online(app, ana, bo)
            chats = [app.chat.start("web").id for _ in range(12)]
            with ThreadPoolExecutor(6) as pool:
                found = [view.row.assignee for view in pool.map(app.handoff.request, chats)]
            assert (found.count("Ana"), found.count("Bo")) == (6, 6)

    def test_an_agent_who_pulls_a_conversation_has_it_whatever_the_rule(
        self, app: App, ana: StaffView, bo: StaffView
    ) -> None:
        app.desk.routing.set_rule(AssignmentRule.ROUND_ROBIN)
        online(app, ana)
        assert app.handoff.take(app.chat.start("web").id, bo.id).row.assignee == "Bo"


def test_a_team_that_is_dissolved_while_a_ticket_for_it_is_opened_keeps_no_customer_from_a_person(
    app: App, ana: StaffView
) -> None:
    db, team = app._parts.db, app.desk.teams.add("Billing").id
    app.desk.routing.set("web", team, None)
    chat = app.chat.start("web").id
    with db.transaction() as tx:
        conversation = tx.conversations.lock(chat)
        routing = tx.teams.find_routing(conversation.channel_id)
        assert routing is not None and routing.team_id == team
        if not db.is_sqlite:  # there nobody else writes meanwhile
            app.desk.teams.dissolve(team, ana.id)
        ticket = open_ticket(tx, conversation, HandoffReason.CUSTOMER_REQUEST)
        assert (ticket.team is None) is not db.is_sqlite
