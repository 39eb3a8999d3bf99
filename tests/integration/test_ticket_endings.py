"""How tickets end without an agent: silence, and what the customer thought of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.models import utcnow
from support_bot.services.ticket_clock import TicketClock
from support_bot.services.views import TicketHistoryLine
from support_bot.settings import TicketSettings
from support_bot.values import TicketEdit, TicketStatus
from tests.factories import add_staff, make_app
from ui.parts.ticket_history import told

WEEK = dt.timedelta(days=7, minutes=1)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    add_staff(app)
    yield app
    app.close()


def pending(app: App) -> tuple[int, str]:
    """A ticket that waits for its customer, and its conversation."""
    row = app.handoff.request(app.chat.start("web").id).row
    app.desk.edits.edit(row.id, 1, TicketEdit(status=TicketStatus.PENDING))
    return row.id, row.conversation_id


def last(app: App, ticket: int) -> TicketHistoryLine:
    return app.tickets.get(ticket).history[-1]


class TestSilence:
    def test_closes_a_ticket_that_waits_for_its_customer_once(self, app: App) -> None:
        ticket, chat = pending(app)
        app.desk.clock.tick(utcnow() + dt.timedelta(days=6))
        assert app.tickets.get(ticket).row.status == "pending"
        for _ in range(2):
            app.desk.clock.tick(utcnow() + WEEK)
        assert app.tickets.get(ticket).row.status == "closed" and app.chat.mode(chat) == "closed"
        assert told(last(app, ticket)) == "Closed: the customer was silent for 7 days"
        assert len(app.tickets.get(ticket).history) == 3

    def test_closes_no_other_ticket(self, app: App) -> None:
        waiting = app.handoff.request(app.chat.start("web").id).row.id
        snoozed, _ = pending(app)
        answered, chat = pending(app)
        app.desk.edits.edit(snoozed, 1, TicketEdit(snoozed_until=utcnow() + dt.timedelta(days=30)))
        app.chat.say(chat, "Here it is.")
        app.desk.clock.tick(utcnow() + WEEK)
        assert [app.tickets.get(found).row.status for found in (waiting, snoozed, answered)] == [
            "new",
            "pending",
            "open",
        ]

    def test_closes_nothing_where_it_is_switched_off(self, app: App) -> None:
        ticket, _ = pending(app)
        TicketClock(app._parts.db, TicketSettings(pending_days=0)).tick(utcnow() + dt.timedelta(days=900))
        assert app.tickets.get(ticket).row.status == "pending"


class TestRating:
    def test_stands_on_the_ticket_and_each_in_its_history(self, app: App) -> None:
        row = app.handoff.request(app.chat.start("web").id).row
        app.tickets.solve(row.id, 1)
        app.feedback.rate(row.conversation_id, 2)
        app.feedback.rate(row.conversation_id, 5, "Quick.")
        view = app.tickets.get(row.id)
        assert view.row.score == 5 and view.row.status == "solved"
        assert [told(line) for line in view.history[-2:]] == [
            "The customer rated it 2 of 5", "The customer rated it 5 of 5: “Quick.”",
        ]  # fmt: skip

    def test_of_a_conversation_without_a_ticket_makes_none(self, app: App) -> None:
        chat = app.chat.start("web")
        app.feedback.rate(chat.id, 4)
        assert app.tickets.conversation(chat.id).ticket is None
