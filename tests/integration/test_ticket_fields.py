"""Status, type, tags, watchers and snooze of tickets: what may be set, what the history keeps, what happens by the
clock."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.models import utcnow
from support_bot.services.views import StaffView
from support_bot.values import Role, TicketEdit, TicketStatus, TicketType
from tests.factories import add_staff, make_app

SOON = dt.timedelta(hours=4)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    yield app
    app.close()


@pytest.fixture
def ana(app: App) -> StaffView:
    return add_staff(app)


@pytest.fixture
def chat(app: App) -> str:
    """The id of a conversation whose customer waits for a person."""
    chat = app.chat.start("web")
    app.handoff.request(chat.id)
    return chat.id


def ticket_of(app: App, chat: str) -> int:
    view = app.tickets.conversation(chat).ticket
    assert view is not None
    return view.row.id


def history(app: App, ticket: int) -> list[tuple[str, str | None, object]]:
    return [(line.kind, line.by, line.detail) for line in app.tickets.get(ticket).history[1:]]


class TestFields:
    def test_each_change_stands_in_the_history_with_what_was_before(self, app: App, ana: StaffView, chat: str) -> None:
        ticket = ticket_of(app, chat)
        edit = TicketEdit(status=TicketStatus.ON_HOLD, type=TicketType.INCIDENT, tags=("Late  Delivery", "#vip", "VIP"))
        row = app.desk.edits.edit(ticket, ana.id, edit).row
        assert (row.status, row.type, row.tags) == ("on_hold", "incident", ("late-delivery", "vip"))
        app.desk.edits.edit(ticket, ana.id, TicketEdit(type=None, add_tags=("box",), remove_tags=("vip",)))
        app.desk.edits.edit(ticket, ana.id, TicketEdit(status=TicketStatus.ON_HOLD))  # nothing new, no line
        first = {
            "status": ["new", "on_hold"], "type": [None, "incident"], "tags": [[], ["late-delivery", "vip"]],
        }  # fmt: skip
        second = {"type": ["incident", None], "tags": [["late-delivery", "vip"], ["box", "late-delivery"]]}
        assert history(app, ticket) == [("changed", "Ana", first), ("changed", "Ana", second)]
        assert app.desk.edits.tags() == ["box", "late-delivery"]

    def test_a_ticket_on_hold_is_open_and_the_only_one(self, app: App, ana: StaffView, chat: str) -> None:
        ticket = ticket_of(app, chat)
        app.desk.edits.edit(ticket, ana.id, TicketEdit(status=TicketStatus.ON_HOLD))
        assert app.handoff.request(chat).row.id == ticket
        assert [row.id for row in app.tickets.page(view="open")] == [ticket]

    def test_an_edit_of_which_a_part_is_refused_changes_nothing(self, app: App, ana: StaffView, chat: str) -> None:
        ticket = ticket_of(app, chat)
        with pytest.raises(NotFound):
            app.desk.edits.edit(ticket, ana.id, TicketEdit(priority="high", assignee=999))
        with pytest.raises(Invalid):
            app.desk.edits.edit(ticket, ana.id, TicketEdit(priority="high", tags=("x" * 41,)))
        app.desk.edits.edit(ticket, ana.id, TicketEdit(tags=tuple(f"t{n}" for n in range(20))))
        with pytest.raises(Invalid):
            app.desk.edits.edit(ticket, ana.id, TicketEdit(priority="high", add_tags=("one-more",)))
        assert app.tickets.get(ticket).row.priority == "normal" and len(app.tickets.get(ticket).row.tags) == 20

    @pytest.mark.parametrize("tag", ["", "  ", "#", "a,b", "x" * 41, "\x00"])
    def test_what_is_no_tag_is_refused(self, app: App, ana: StaffView, chat: str, tag: str) -> None:
        with pytest.raises(Invalid):
            app.desk.edits.edit(ticket_of(app, chat), ana.id, TicketEdit(tags=(tag,)))

    def test_a_solved_ticket_keeps_its_status_but_may_be_tagged(self, app: App, ana: StaffView, chat: str) -> None:
        ticket = ticket_of(app, chat)
        app.desk.edits.edit(ticket, ana.id, TicketEdit(status=TicketStatus.SOLVED, add_tags=("done",)))
        assert app.chat.mode(chat) == "closed"
        with pytest.raises(Conflict):
            app.desk.edits.edit(ticket, ana.id, TicketEdit(status=TicketStatus.OPEN))
        assert app.desk.edits.edit(ticket, ana.id, TicketEdit(add_tags=("late",))).row.tags == ("done", "late")
        with pytest.raises(Invalid):
            app.desk.edits.edit(ticket, ana.id, TicketEdit(status=TicketStatus.CLOSED))

    def test_a_customer_who_writes_opens_what_waited_for_them(self, app: App, ana: StaffView, chat: str) -> None:
        ticket = ticket_of(app, chat)
        app.desk.edits.edit(ticket, ana.id, TicketEdit(status=TicketStatus.PENDING))
        app.chat.say(chat, "Here is the number.")
        assert app.tickets.get(ticket).row.status == "open"
        assert history(app, ticket)[-1] == ("changed", None, {"status": ["pending", "open"]})


class TestWatchers:
    def test_come_and_go_once_each(self, app: App, ana: StaffView, chat: str) -> None:
        ticket, bo = ticket_of(app, chat), add_staff(app, Role.AGENT, "bo@example.com")
        for _ in range(2):
            app.desk.edits.watch(ticket, bo.id, ana.id)
        assert [watcher.name for watcher in app.tickets.get(ticket).watchers] == ["Bo"]
        for _ in range(2):
            app.desk.edits.watch(ticket, bo.id, bo.id, on=False)
        assert app.tickets.get(ticket).watchers == ()
        assert [(kind, by) for kind, by, _ in history(app, ticket)] == [("watched", "Ana"), ("unwatched", "Bo")]

    def test_are_active_staff(self, app: App, ana: StaffView, chat: str) -> None:
        bo = add_staff(app, Role.AGENT, "bo@example.com")
        app.staff.deactivate(bo.email, None)
        with pytest.raises(Conflict):
            app.desk.edits.watch(ticket_of(app, chat), bo.id, ana.id)
        with pytest.raises(NotFound):
            app.desk.edits.watch(ticket_of(app, chat), 999, ana.id)


class TestSnooze:
    def snooze(self, app: App, ana: StaffView, chat: str) -> int:
        ticket = ticket_of(app, chat)
        app.desk.edits.edit(ticket, ana.id, TicketEdit(snoozed_until=utcnow() + SOON))
        return ticket

    def test_hides_a_ticket_until_its_time(self, app: App, ana: StaffView, chat: str) -> None:
        ticket = self.snooze(app, ana, chat)
        app.desk.clock.tick()
        for view in ("open", "waiting", "unassigned"):
            assert app.tickets.page(view=view) == [] and app.tickets.counts(ana.id)[view] == 0
        for view in ("snoozed", "all"):
            assert [row.id for row in app.tickets.page(view=view)] == [ticket]
        app.desk.clock.tick(utcnow() + SOON)
        app.desk.clock.tick(utcnow() + SOON)
        assert [row.id for row in app.tickets.page(view="waiting")] == [ticket]
        assert [kind for kind, *_ in history(app, ticket)] == ["snoozed", "woken"]

    def test_ends_when_the_customer_writes(self, app: App, ana: StaffView, chat: str) -> None:
        ticket = self.snooze(app, ana, chat)
        app.chat.say(chat, "Hello?")
        assert app.tickets.get(ticket).row.snoozed_until is None
        assert history(app, ticket)[-1] == ("woken", None, {"customer": True})

    def test_ends_with_the_ticket(self, app: App, ana: StaffView, chat: str) -> None:
        ticket = self.snooze(app, ana, chat)
        app.tickets.solve(ticket, ana.id)
        app.desk.clock.tick(utcnow() + SOON)
        assert [kind for kind, *_ in history(app, ticket)] == ["snoozed", "solved"]
        with pytest.raises(Conflict):
            self.snooze(app, ana, chat)

    @pytest.mark.parametrize("ahead", [dt.timedelta(seconds=-1), dt.timedelta(days=400)])
    def test_is_until_a_time_to_come_within_a_year(
        self, app: App, ana: StaffView, chat: str, ahead: dt.timedelta
    ) -> None:
        with pytest.raises(Invalid):
            app.desk.edits.edit(ticket_of(app, chat), ana.id, TicketEdit(snoozed_until=utcnow() + ahead))

    def test_needs_a_time_zone(self, app: App, ana: StaffView, chat: str) -> None:
        naive = (utcnow() + SOON).replace(tzinfo=None)
        with pytest.raises(Invalid, match="time zone"):
            app.desk.edits.edit(ticket_of(app, chat), ana.id, TicketEdit(snoozed_until=naive))
