"""Where a merge ends, and what it must not do: close who still talks, outlive its hand-off, or hide who waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.services.views import StaffView, TicketRow
from support_bot.values import Mode, TicketEdit, TicketStatus
from tests.factories import add_staff, make_app
from tests.integration.test_ticket_merging import modes, said, waiting

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


def row(app: App, ticket: TicketRow) -> TicketRow:
    return app.tickets.get(ticket.id).row


class TestTheCustomerLeaves:
    def test_who_was_merged_goes_on_with_the_same_person(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.ticket_merging.merge(new.id, old.id, ana.id)
        app.tickets.reply(old.id, ana.id, "One answer.")
        app.chat.close(old.conversation_id)
        assert modes(app, old, new) == [Mode.CLOSED, Mode.HUMAN]
        own = row(app, new)
        assert (own.status, own.assignee_id, own.merged_into) == ("open", ana.id, None)
        app.tickets.reply(new.id, ana.id, "Still here.")
        assert said(app, new) == ["One answer.", "Still here."] and said(app, old) == ["One answer."]

    def test_who_was_merged_waits_on_where_nobody_had_come(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.ticket_edits.edit(new.id, ana.id, TicketEdit(status=TicketStatus.PENDING))
        app.ticket_merging.merge(new.id, old.id, ana.id)
        app.chat.close(old.conversation_id)
        assert modes(app, old, new) == [Mode.CLOSED, Mode.WAITING]
        assert (row(app, new).status, row(app, new).assignee_id) == ("open", None)  # seen again, as the talk went on

    def test_what_was_merged_in_steps_stays_together(self, app: App, ana: StaffView) -> None:
        first, second, third = waiting(app), waiting(app), waiting(app)
        app.ticket_merging.merge(first.id, second.id, ana.id)
        app.ticket_merging.merge(second.id, third.id, ana.id)
        app.chat.close(third.conversation_id)
        assert [row(app, each).merged_into for each in (first, second)] == [second.id, None]
        app.tickets.reply(second.id, ana.id, "To both.")
        assert said(app, first) == said(app, second) == ["To both."] and said(app, third) == []

    def test_one_whose_next_left_before_is_not_closed_with_the_last(self, app: App, ana: StaffView) -> None:
        first, second, third = waiting(app), waiting(app), waiting(app)
        app.ticket_merging.merge(first.id, second.id, ana.id)
        app.ticket_merging.merge(second.id, third.id, ana.id)
        app.chat.close(second.conversation_id)
        app.chat.close(third.conversation_id)
        assert modes(app, first, second, third) == [Mode.WAITING, Mode.CLOSED, Mode.CLOSED]
        assert row(app, first).merged_into is None and row(app, first).status == "new"


class TestAnOldMerge:
    def test_ends_with_its_hand_off(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.ticket_merging.merge(new.id, old.id, ana.id)
        app.chat.close(new.conversation_id)
        app.chat.say(new.conversation_id, "Hello again.")
        again = app.handoff.request(new.conversation_id).row
        app.tickets.reply(again.id, ana.id, "About the new matter.")
        app.ticket_merging.merge(again.id, waiting(app).id, ana.id)
        app.tickets.reply(old.id, ana.id, "About the old matter.")
        assert said(app, new) == ["About the new matter."]
        app.tickets.solve(old.id, ana.id)
        assert app.chat.mode(new.conversation_id) is not Mode.CLOSED

    def test_is_undone_while_the_one_above_is_merged_as_well(self, app: App, ana: StaffView) -> None:
        first, second, third = waiting(app), waiting(app), waiting(app)
        app.ticket_merging.merge(first.id, second.id, ana.id)
        app.ticket_merging.merge(second.id, third.id, ana.id)
        app.ticket_merging.undo(first.id, ana.id)
        app.tickets.reply(third.id, ana.id, "To two.")
        assert said(app, first) == [] and said(app, second) == said(app, third) == ["To two."]
