"""Where a merge ends, and what it must not do: close who still talks, outlive its hand-off, or hide who waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from support_bot.assembly import App
from support_bot.errors import Conflict
from support_bot.models import utcnow
from support_bot.services.terms import Promise
from support_bot.services.views import StaffView, TicketRow
from support_bot.storage.database import Transaction
from support_bot.values import Mode, TicketEdit, TicketStatus
from tests.factories import add_staff, make_app
from tests.integration.test_database import Waiting, at_once, who_waits
from tests.integration.test_ticket_merging import modes, said, waiting
from ui.parts.ticket import head

HOUR = dt.timedelta(hours=1)
PROMISE = Promise(targets={"normal": {"first_reply": 60, "next_reply": 30}}, patience_minutes=0)

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
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.tickets.reply(old.id, ana.id, "One answer.")
        app.chat.close(old.conversation_id)
        assert modes(app, old, new) == [Mode.CLOSED, Mode.HUMAN]
        own = row(app, new)
        assert (own.status, own.assignee_id, own.merged_into) == ("open", ana.id, None)
        app.tickets.reply(new.id, ana.id, "Still here.")
        assert said(app, new) == ["One answer.", "Still here."] and said(app, old) == ["One answer."]

    def test_who_was_merged_waits_on_where_nobody_had_come(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.edits.edit(new.id, ana.id, TicketEdit(status=TicketStatus.PENDING))
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.chat.close(old.conversation_id)
        assert modes(app, old, new) == [Mode.CLOSED, Mode.WAITING]
        assert (row(app, new).status, row(app, new).assignee_id) == ("open", None)  # seen again, as the talk went on

    def test_what_was_merged_in_steps_stays_together(self, app: App, ana: StaffView) -> None:
        first, second, third = waiting(app), waiting(app), waiting(app)
        app.desk.merging.merge(first.id, second.id, ana.id)
        app.desk.merging.merge(second.id, third.id, ana.id)
        app.chat.close(third.conversation_id)
        assert [row(app, each).merged_into for each in (first, second)] == [second.id, None]
        app.tickets.reply(second.id, ana.id, "To both.")
        assert said(app, first) == said(app, second) == ["To both."] and said(app, third) == []

    def test_one_whose_next_left_before_is_not_closed_with_the_last(self, app: App, ana: StaffView) -> None:
        first, second, third = waiting(app), waiting(app), waiting(app)
        app.desk.merging.merge(first.id, second.id, ana.id)
        app.desk.merging.merge(second.id, third.id, ana.id)
        app.chat.close(second.conversation_id)
        app.chat.close(third.conversation_id)
        assert modes(app, first, second, third) == [Mode.WAITING, Mode.CLOSED, Mode.CLOSED]
        assert row(app, first).merged_into is None and row(app, first).status == "new"


class TestAnOldMerge:
    def test_ends_with_its_hand_off(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.chat.close(new.conversation_id)
        app.chat.say(new.conversation_id, "Hello again.")
        again = app.handoff.request(new.conversation_id).row
        app.tickets.reply(again.id, ana.id, "About the new matter.")
        app.desk.merging.merge(again.id, waiting(app).id, ana.id)
        app.tickets.reply(old.id, ana.id, "About the old matter.")
        assert said(app, new) == ["About the new matter."]
        app.tickets.solve(old.id, ana.id)
        assert app.chat.mode(new.conversation_id) is not Mode.CLOSED

    def test_is_undone_while_the_one_above_is_merged_as_well(self, app: App, ana: StaffView) -> None:
        first, second, third = waiting(app), waiting(app), waiting(app)
        app.desk.merging.merge(first.id, second.id, ana.id)
        app.desk.merging.merge(second.id, third.id, ana.id)
        app.desk.merging.undo(first.id, ana.id)
        app.tickets.reply(third.id, ana.id, "To two.")
        assert said(app, first) == [] and said(app, second) == said(app, third) == ["To two."]


class TestWhoWaits:
    def test_wakes_the_ticket_that_slept_or_was_put_off(self, app: App, ana: StaffView) -> None:
        for edit in (TicketEdit(snoozed_until=utcnow() + HOUR), TicketEdit(status=TicketStatus.PENDING)):
            old, new = waiting(app), waiting(app)
            app.desk.edits.edit(old.id, ana.id, edit)
            app.desk.merging.merge(new.id, old.id, ana.id)
            assert row(app, old).snoozed_until is None and row(app, old).status in ("new", "open")

    def test_leaves_it_alone_where_nobody_is_to_act_on_the_merged_one(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        until = utcnow() + HOUR
        app.desk.edits.edit(old.id, ana.id, TicketEdit(snoozed_until=until, status=TicketStatus.PENDING))
        app.desk.edits.edit(new.id, ana.id, TicketEdit(status=TicketStatus.ON_HOLD))
        app.desk.merging.merge(new.id, old.id, ana.id)
        assert (row(app, old).status, row(app, old).snoozed_until) == ("pending", until)

    def test_has_a_next_reply_due_in_the_ticket_that_was_answered(self, app: App, ana: StaffView) -> None:
        app.desk.promises.replace("web", PROMISE)
        old, new = waiting(app), waiting(app)
        app.tickets.reply(old.id, ana.id, "Answered.")
        assert row(app, old).next_reply_due_at is None
        app.desk.merging.merge(new.id, old.id, ana.id)
        assert row(app, old).next_reply_due_at is not None

    def test_has_it_due_again_once_the_merge_is_undone(self, app: App, ana: StaffView) -> None:
        app.desk.promises.replace("web", PROMISE)
        old, new, answered = waiting(app), waiting(app), waiting(app)
        for ticket in (new, answered):
            app.tickets.reply(ticket.id, ana.id, "Answered.")
        app.chat.say(new.conversation_id, "And now?")
        assert row(app, new).next_reply_due_at is not None
        for ticket in (new, answered):
            app.desk.merging.merge(ticket.id, old.id, ana.id)
            assert row(app, ticket).next_reply_due_at is None
            app.desk.merging.undo(ticket.id, ana.id)
        assert row(app, new).next_reply_due_at is not None and row(app, answered).next_reply_due_at is None


class TestTaking:
    def test_a_merged_conversation_is_taken_with_the_ticket_it_went_into(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        with pytest.raises(Conflict, match=f"merged into ticket {old.id}: take that one"):
            app.handoff.take(new.conversation_id, ana.id)
        assert row(app, old).assignee_id is None and modes(app, old, new) == [Mode.WAITING, Mode.WAITING]
        assert "Take over" not in head(app.tickets.conversation(new.conversation_id), ana.id)
        assert "Take over" in head(app.tickets.conversation(old.conversation_id), ana.id)
        app.handoff.take(old.conversation_id, ana.id)
        assert modes(app, old, new) == [Mode.HUMAN, Mode.HUMAN]

    def test_it_is_taken_alone_once_it_is_with_the_assistant_again(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        app.handoff.hand_back(old.id, ana.id)
        assert "Take over" in head(app.tickets.conversation(new.conversation_id), ana.id)
        taken = app.handoff.take(new.conversation_id, ana.id).row
        assert taken.id not in (old.id, new.id) and taken.assignee_id == ana.id


@pytest.mark.parametrize("replied", [False, True])
def test_who_writes_after_the_other_was_erased_has_a_new_ticket(app: App, ana: StaffView, replied: bool) -> None:
    old, new = waiting(app), waiting(app)
    app.desk.merging.merge(new.id, old.id, ana.id)
    if replied:
        app.tickets.reply(old.id, ana.id, "One answer.")
    with app._parts.db.engine.begin() as connection:
        connection.execute(text("DELETE FROM conversation WHERE id = :id"), {"id": old.conversation_id})
    app.chat.say(new.conversation_id, "Is anybody there?")
    ticket = app.tickets.conversation(new.conversation_id).ticket
    assert ticket is not None and ticket.row.id not in (old.id, new.id)
    assert (ticket.row.status, ticket.row.assignee_id, ticket.row.mode) == ("new", None, Mode.WAITING)


@contextmanager
def meanwhile(app: App, locked: TicketRow, act: Callable[[Transaction], object]) -> Iterator[Waiting]:
    """Somebody else holds the ticket's conversation, and does this once the others wait for it."""
    with app._parts.db.transaction() as tx:
        tx.conversations.lock(locked.conversation_id)
        yield who_waits(app)
        act(tx)


class TestWhoWritesMeanwhile:
    """What was read before the lock was held is not what counts."""

    def say(self, app: App, ticket: TicketRow, locked: TicketRow, act: Callable[[Transaction], object]) -> None:
        behind = meanwhile(app, locked, act)
        assert at_once(lambda: app.chat.say(ticket.conversation_id, "Hello?"), behind=behind) == {"done": 1}

    def test_takes_up_the_ticket_that_was_just_put_off(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        self.say(app, new, old, lambda tx: tx.tickets.get(old.id).put_off(ana.id))
        assert row(app, old).status == "open"

    def test_is_heard_in_the_ticket_that_was_just_given_back(self, app: App, ana: StaffView) -> None:
        app.desk.promises.replace("web", PROMISE)
        old, new = waiting(app), waiting(app)
        app.desk.merging.merge(new.id, old.id, ana.id)
        self.say(app, new, old, lambda tx: tx.tickets.get(new.id).unmerge(ana.id, assignee_id=None))
        assert row(app, new).first_reply_due_at is not None
        assert "Hello?" not in str(app.tickets.conversation(old.conversation_id).messages)

    def test_is_heard_where_the_ticket_was_just_merged_into(self, app: App, ana: StaffView) -> None:
        old, new = waiting(app), waiting(app)
        self.say(app, new, new, lambda tx: tx.tickets.get(new.id).merge(tx.tickets.get(old.id), ana.id))
        newest = app.tickets.conversation(new.conversation_id).ticket
        assert newest is not None and newest.row.id == new.id
        assert "Hello?" in app.tickets.conversation(old.conversation_id).messages[-1].text
