"""One change to many tickets, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import DatabaseUnavailable, Invalid, NotFound
from support_bot.models import Message
from support_bot.services.bulk import BulkService
from support_bot.services.macros import MacroService
from support_bot.services.mail_outbox import MailOutbox
from support_bot.services.views import StaffView
from support_bot.storage.database import Transaction
from support_bot.values import BulkChange, MacroDraft, MacroUse, TicketEdit, TicketStatus
from tests.factories import add_staff, make_app


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    yield app
    app.close()


@pytest.fixture
def ana(app: App) -> StaffView:
    return add_staff(app)


@pytest.fixture
def tickets(app: App) -> list[int]:
    return [app.handoff.request(app.chat.start("web").id).row.id for _ in range(3)]


def test_each_ticket_is_changed_and_its_history_says_so(app: App, ana: StaffView, tickets: list[int]) -> None:
    edit = TicketEdit(priority="high", add_tags=("Late Box",), assignee=ana.id)
    done = app.desk.bulk.change([*tickets, tickets[0]], ana.id, BulkChange(edit))
    assert (list(done.changed), done.refused) == (tickets, ())
    for ticket in tickets:
        view = app.tickets.get(ticket)
        assert (view.row.priority, view.row.tags, view.row.assignee) == ("high", ("late-box",), "Ana")
        assert [(line.kind, line.by) for line in view.history[1:]] == [("assigned", "Ana"), ("changed", "Ana")]


def test_those_that_were_not_changed_are_named_with_the_reason(app: App, ana: StaffView, tickets: list[int]) -> None:
    app.tickets.solve(tickets[0], ana.id)
    app.desk.edits.edit(tickets[1], ana.id, TicketEdit(status=TicketStatus.ON_HOLD))
    done = app.desk.bulk.change([*tickets, 9_999], ana.id, BulkChange(TicketEdit(status=TicketStatus.ON_HOLD)))
    assert done.changed == (tickets[2],)
    assert [(refused.ticket, refused.why) for refused in done.refused] == [
        (tickets[0], f"Ticket {tickets[0]} is already solved."),
        (tickets[1], "It was so already."),
        (9_999, "There is no ticket 9999."),
    ]
    assert len(app.tickets.get(tickets[0]).history) == 2


def test_a_macro_says_to_each_what_is_theirs_and_leaves_out_whom_it_cannot_name(
    app: App, ana: StaffView, tickets: list[int]
) -> None:
    app.desk.follow_up.leave_address(app.tickets.get(tickets[1]).row.conversation_id, "zoe@home.example")
    words = "{{ticket_number}}: we write to {{customer_email}}."
    macro = app.desk.macros.add(MacroDraft("Write", words, status=TicketStatus.SOLVED))
    change = BulkChange(TicketEdit(add_tags=("told",)), MacroUse(macro.id))
    done = app.desk.bulk.change(tickets, ana.id, change)
    assert done.changed == (tickets[1],)
    assert {refused.why.partition(" is")[0] for refused in done.refused} == {"⟦customer e-mail⟧"}
    view = app.tickets.conversation(app.tickets.get(tickets[1]).row.conversation_id)
    assert view.messages[-1].text == f"#{tickets[1]}: we write to zoe@home.example."
    assert view.ticket is not None and (view.ticket.row.status, view.ticket.row.tags) == ("solved", ("told",))
    left = app.tickets.get(tickets[0])
    assert (left.row.status, left.row.tags, len(left.history)) == ("new", (), 1)


@pytest.mark.parametrize(
    ("numbers", "change"),
    [
        ([], BulkChange(TicketEdit(priority="high"))), (list(range(1, 102)), BulkChange(TicketEdit(priority="high"))),
        ([1], BulkChange()), ([1], BulkChange(TicketEdit(priority="soon"))),
        ([1], BulkChange(TicketEdit(status=TicketStatus.CLOSED))), ([1], BulkChange(TicketEdit(add_tags=("a,b",)))),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_as_a_whole(
    app: App, ana: StaffView, tickets: list[int], numbers: list[int], change: BulkChange
) -> None:
    with pytest.raises(Invalid):
        app.desk.bulk.change(numbers, ana.id, change)
    with pytest.raises(NotFound):
        app.desk.bulk.change(tickets, ana.id, BulkChange(macro=MacroUse(77)))
    assert [len(app.tickets.get(ticket).history) for ticket in tickets] == [1, 1, 1]


def test_where_the_database_goes_away_between_two_tickets_the_answer_still_says_which_were_changed(
    app: App, ana: StaffView, tickets: list[int]
) -> None:
    class GoesAway(MacroService):
        away: set[int]

        def use_in(self, tx: Transaction, ticket_id: int, staff_id: int, use: MacroUse) -> Message | None:
            if ticket_id in self.away:
                raise DatabaseUnavailable("The database does not answer.")
            return super().use_in(tx, ticket_id, staff_id, use)

    db, settings = app._parts.db, app.settings
    macros = GoesAway(db, MailOutbox(settings.mail), settings.company)
    change = BulkChange(macro=MacroUse(app.desk.macros.add(MacroDraft("Told", "We are on it.")).id))
    macros.away = {tickets[1]}
    done = BulkService(db, macros).change(tickets, ana.id, change)
    assert done.changed == (tickets[0],)
    assert [refused.why for refused in done.refused] == ["The database does not answer."] * 2
    macros.away = set(tickets)
    with pytest.raises(DatabaseUnavailable):
        BulkService(db, macros).change(tickets, ana.id, change)
