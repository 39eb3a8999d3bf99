"""Merging tickets and undoing it: who reads what, who ends what, and what two agents at once can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import Conflict, NotFound
from support_bot.services.views import StaffView, TicketRow
from support_bot.values import Mode, TicketEdit, TicketStatus
from tests.factories import add_staff, make_app
from tests.integration.test_database import at_once

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    yield app
    app.close()


@pytest.fixture
def ana(app: App) -> StaffView:
    return add_staff(app)


def waiting(app: App) -> TicketRow:
    return app.handoff.request(app.chat.start("web").id).row


def said(app: App, row: TicketRow) -> list[str]:
    """What people said, as the customer of that conversation reads it."""
    return [message.text for message in app.chat.messages(row.conversation_id) if message.author == "staff"]


def modes(app: App, *rows: TicketRow) -> list[Mode]:
    return [app.chat.mode(row.conversation_id) for row in rows]


class TestMerging:
    def test_replies_reach_both_customers_and_both_end_together(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        assert app.tickets.get(new.id).row.status == "closed" and app.tickets.get(new.id).row.merged_into == old.id
        app.tickets.reply(old.id, ana.id, "One answer.")
        assert said(app, old) == said(app, new) == ["One answer."]
        assert modes(app, old, new) == [Mode.HUMAN, Mode.HUMAN]
        app.tickets.assign(old.id, None, ana.id)
        assert modes(app, old, new) == [Mode.WAITING, Mode.WAITING]
        app.tickets.solve(old.id, ana.id)
        assert modes(app, old, new) == [Mode.CLOSED, Mode.CLOSED]

    def test_what_the_merged_customer_writes_is_told_to_staff_alone(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.edits.edit(old.id, ana.id, TicketEdit(status=TicketStatus.PENDING))
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.chat.say(new.conversation_id, "It is number 7.")
        seen = app.tickets.conversation(old.conversation_id).messages
        assert seen[-1].text == f"The customer of ticket #{new.id} wrote: It is number 7."
        assert "number 7" not in str(app.chat.messages(old.conversation_id))
        assert app.tickets.get(old.id).row.status == "open"

    def test_a_merged_customer_who_leaves_ends_nothing_for_the_other(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.chat.close(new.conversation_id)
        app.tickets.reply(old.id, ana.id, "Only for one.")
        assert modes(app, old, new) == [Mode.HUMAN, Mode.CLOSED] and said(app, new) == []
        again = app.handoff.request(new.conversation_id).row
        assert again.id not in (old.id, new.id)  # the old hand-off is forgotten

    def test_steps_of_merging_lead_to_the_last_ticket(self, app: App, ana: StaffView) -> None:
        first, second, third = waiting(app), waiting(app), waiting(app)
        app.desk.merging.merge(first.id, second.id, ana.id)
        app.desk.merging.merge(second.id, third.id, ana.id)
        app.tickets.reply(third.id, ana.id, "To all.")
        assert said(app, first) == said(app, second) == said(app, third) == ["To all."]
        assert app.handoff.request(first.conversation_id).row.id == third.id
        app.handoff.hand_back(third.id, ana.id)
        assert modes(app, first, second, third) == [Mode.BOT] * 3

    def test_nobody_writes_in_a_merged_ticket(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        for act in (
            lambda: app.tickets.reply(new.id, ana.id, "Hello."),
            lambda: app.tickets.solve(new.id, ana.id),
            lambda: app.desk.merging.merge(new.id, waiting(app).id, ana.id),
            lambda: app.desk.merging.merge(waiting(app).id, new.id, ana.id),
        ):
            with pytest.raises(Conflict, match=f"is merged into ticket {old.id}"):
                act()

    def test_what_is_not_two_open_tickets_is_a_conflict(self, app: App, ana: StaffView) -> None:
        row, solved = waiting(app), waiting(app)
        app.tickets.solve(solved.id, ana.id)
        for one, other in ((row, row), (solved, row), (row, solved)):
            with pytest.raises(Conflict):
                app.desk.merging.merge(one.id, other.id, ana.id)
        with pytest.raises(NotFound):
            app.desk.merging.merge(row.id, 999, ana.id)
        assert [app.tickets.get(found.id).row.status for found in (row, solved)] == ["new", "solved"]

    def test_of_two_who_merge_crosswise_one_succeeds(self, app: App, ana: StaffView) -> None:
        for _ in range(5):
            one, other = waiting(app), waiting(app)
            outcomes = at_once(
                lambda one=one, other=other: app.desk.merging.merge(one.id, other.id, ana.id),  # type: ignore[misc]
                lambda one=one, other=other: app.desk.merging.merge(other.id, one.id, ana.id),  # type: ignore[misc]
            )
            assert sorted(outcomes.values()) == [1, 1]
            statuses = sorted(app.tickets.get(row.id).row.status for row in (one, other))
            assert statuses == ["closed", "new"]


class TestUndo:
    def test_gives_status_and_assignee_back(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.edits.edit(new.id, ana.id, TicketEdit(assignee=ana.id, status=TicketStatus.ON_HOLD))
        app.desk.merging.merge(new.id, old.id, ana.id)
        row = app.desk.merging.undo(new.id, ana.id).row
        assert (row.status, row.assignee_id, row.merged_into) == ("on_hold", ana.id, None)
        app.tickets.reply(old.id, ana.id, "Not for the other.")
        assert said(app, new) == []
        assert [line.kind for line in app.tickets.get(new.id).history[-2:]] == ["merged", "unmerged"]
        with pytest.raises(Conflict, match="not merged"):
            app.desk.merging.undo(new.id, ana.id)

    def test_brings_a_customer_back_to_the_queue_whose_conversation_ended(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.tickets.solve(old.id, ana.id)
        row = app.desk.merging.undo(new.id, ana.id).row
        assert (row.status, row.mode) == ("new", Mode.WAITING)
        assert app.tickets.get(old.id).row.status == "solved"

    def test_is_a_conflict_where_the_customer_has_another_ticket(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.tickets.solve(old.id, ana.id)
        app.handoff.request(new.conversation_id)
        with pytest.raises(Conflict, match="open ticket already"):
            app.desk.merging.undo(new.id, ana.id)

    def test_gives_it_to_nobody_where_the_assignee_left(self, app: App, ana: StaffView) -> None:
        bo = add_staff(app, email="bo@example.com")
        old, new = waiting(app), waiting(app)
        app.tickets.assign(new.id, bo.id, ana.id)
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.staff.deactivate(bo.email, ana.id)
        assert app.desk.merging.undo(new.id, ana.id).row.assignee_id is None

    def test_twice_at_once_is_once(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        outcomes = at_once(*[lambda: app.desk.merging.undo(new.id, ana.id)] * 2)
        assert sorted(outcomes.values()) == [1, 1]
