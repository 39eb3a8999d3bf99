"""Promised times on tickets: begun, paused, kept, warned of and broken, in open time and once each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.models import Clock, Metric, TicketEventKind, utcnow
from support_bot.services.hours import DAYS
from support_bot.services.terms import Promise
from support_bot.values import HandoffReason, TicketEdit
from tests.factories import add_staff, make_app

MINUTE = dt.timedelta(minutes=1)
TARGETS = {"normal": {"first_reply": 60, "next_reply": 30, "resolution": 480}, "urgent": {"first_reply": 10}}
PROMISE = Promise(targets=TARGETS, patience_minutes=0)
NEVER = Promise(week={}, targets=TARGETS, patience_minutes=0)


@pytest.fixture
def app(tmp_path: Path, database: str) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.desk.promises.replace("web", PROMISE)
    yield app
    app.close()


@pytest.fixture
def agent(app: App) -> int:
    return add_staff(app).id


def ticket_of(app: App) -> tuple[str, int]:
    chat = app.chat.start("web").id
    return chat, app.handoff.request(chat).row.id


def clock(app: App, ticket: int, metric: Metric) -> Clock:
    with app._parts.db.reading() as tx:
        return next(clock for clock in tx.tickets.get(ticket).clocks if clock.metric is metric)


def history(app: App, ticket: int) -> list[str]:
    lines = app.tickets.get(ticket).history
    return [f"{line.kind} {line.detail['metric']}" for line in lines if line.kind.startswith("sla_")]


def test_a_new_ticket_is_due_in_the_promised_time(app: App) -> None:
    _, ticket = ticket_of(app)
    row = app.tickets.get(ticket).row
    assert row.first_reply_due_at is not None and row.resolution_due_at is not None and row.next_reply_due_at is None
    assert row.first_reply_due_at - row.created_at - 60 * MINUTE < MINUTE
    assert row.sla is not None and (row.sla.metric, row.sla.state) == ("first_reply", "running")


def test_a_channel_without_promises_has_no_clocks(app: App) -> None:
    app.channels.add("till", "Till")
    ticket = app.handoff.request(app.chat.start("till").id).row
    assert ticket.sla is None and ticket.first_reply_due_at is None


def test_a_warning_and_a_breach_are_told_once_each_and_survive_a_restart(app: App, tmp_path: Path) -> None:
    _, ticket = ticket_of(app)
    now = utcnow()
    assert app.desk.watch.look(now + 44 * MINUTE) == 0
    assert app.tickets.page(view="breaching") == [] and app.tickets.counts(0)["breaching"] == 0
    assert app.desk.watch.look(now + 46 * MINUTE) == 1
    assert app.desk.watch.look(now + 46 * MINUTE) == 0
    app.close()
    again = make_app(tmp_path, start=False)
    try:
        assert again.desk.watch.look(now + 59 * MINUTE) == 0
        assert again.desk.watch.look(now + 61 * MINUTE) == 1
        assert again.desk.watch.look(now + 61 * MINUTE) == 0
        assert history(again, ticket) == ["sla_warned first_reply", "sla_breached first_reply"]
        assert [row.id for row in again.tickets.page(view="breaching")] == [ticket]
    finally:
        again.close()


def test_a_reply_keeps_the_first_promise_and_the_next_message_begins_another(app: App, agent: int) -> None:
    chat, ticket = ticket_of(app)
    app.tickets.reply(ticket, agent, "Hello")
    row = app.tickets.get(ticket).row
    assert row.first_reply_due_at is None and row.next_reply_due_at is None
    app.chat.say(chat, "And now?")
    due = app.tickets.get(ticket).row.next_reply_due_at
    assert due is not None and due - utcnow() - 30 * MINUTE < MINUTE
    app.chat.say(chat, "Hello?")
    assert app.tickets.get(ticket).row.next_reply_due_at == due
    app.tickets.reply(ticket, agent, "Yes")
    assert app.tickets.get(ticket).row.next_reply_due_at is None
    app.chat.say(chat, "Thanks")
    assert app.tickets.get(ticket).row.next_reply_due_at is not None


def test_a_breach_that_nobody_saw_is_told_when_the_reply_comes(app: App, agent: int) -> None:
    _, ticket = ticket_of(app)
    move(app, ticket, 61 * MINUTE)
    app.tickets.reply(ticket, agent, "Hello")
    assert history(app, ticket) == ["sla_breached first_reply"]


def test_a_ticket_that_is_put_off_stands_still_and_goes_on_with_what_was_left(app: App, agent: int) -> None:
    chat, ticket = ticket_of(app)
    move(app, ticket, 20 * MINUTE)
    row = app.tickets.put_off(ticket, agent).row
    assert row.status == "pending" and row.first_reply_due_at is None
    assert row.sla is not None and row.sla.state == "paused"
    assert 1195 < clock(app, ticket, Metric.FIRST_REPLY).used_s < 1260
    assert app.desk.watch.look(utcnow() + 600 * MINUTE) == 0
    app.chat.say(chat, "Here it is.")
    row = app.tickets.get(ticket).row
    assert row.status == "open" and row.first_reply_due_at is not None
    assert 39 * MINUTE < row.first_reply_due_at - utcnow() <= 40 * MINUTE
    app.tickets.put_off(ticket, agent)
    assert app.tickets.take_up(ticket, agent).row.sla is not None
    app.tickets.solve(ticket, agent)
    with pytest.raises(Conflict):
        app.tickets.put_off(ticket, agent)


def test_a_higher_priority_is_due_sooner_and_a_lower_one_later(app: App, agent: int) -> None:
    _, ticket = ticket_of(app)
    move(app, ticket, 20 * MINUTE)
    urgent = app.desk.edits.edit(ticket, agent, TicketEdit(priority="urgent")).row
    assert urgent.sla is not None and urgent.sla.state == "breached" and urgent.resolution_due_at is None
    assert app.desk.watch.look() == 1
    normal = app.desk.edits.edit(ticket, agent, TicketEdit(priority="normal")).row
    assert normal.sla is not None and normal.sla.state == "running" and normal.resolution_due_at is not None
    app.desk.watch.look(utcnow() + 41 * MINUTE)
    assert history(app, ticket) == ["sla_breached first_reply"] * 2


def test_solving_ends_every_clock_and_a_reopened_ticket_goes_on(app: App, agent: int) -> None:
    _, ticket = ticket_of(app)
    app.tickets.reply(ticket, agent, "Hello")
    move(app, ticket, 100 * MINUTE)
    assert app.tickets.solve(ticket, agent).row.sla is None
    assert app.desk.watch.look(utcnow() + 9000 * MINUTE) == 0
    reopen(app, ticket)
    app.desk.watch.look()
    row = app.tickets.get(ticket).row
    assert row.first_reply_due_at is None and row.resolution_due_at is not None
    assert 378 * MINUTE < row.resolution_due_at - utcnow() <= 380 * MINUTE


def test_a_changed_promise_holds_for_open_tickets_at_once(app: App) -> None:
    _, ticket = ticket_of(app)
    app.desk.promises.replace("web", Promise(targets={"normal": {"first_reply": 5}}, patience_minutes=0))
    row = app.tickets.get(ticket).row
    assert row.resolution_due_at is None and row.first_reply_due_at is not None
    assert row.first_reply_due_at - utcnow() <= 5 * MINUTE
    app.desk.promises.replace("web", NEVER)
    assert app.tickets.get(ticket).row.sla is None and app.desk.watch.look(utcnow() + 9000 * MINUTE) == 0


def test_outside_hours_no_time_passes(app: App) -> None:
    app.desk.promises.replace("web", Promise(zone="Europe/Berlin", week=closed_now(), targets=TARGETS))
    _, ticket = ticket_of(app)
    due = app.tickets.get(ticket).row.first_reply_due_at
    assert due is not None and due - utcnow() > 24 * 60 * MINUTE


def closed_now() -> dict[str, str]:
    """Open all day, but for today and tomorrow."""
    today = utcnow().weekday()
    return {day: "0:00-24:00" for number, day in enumerate(DAYS) if (number - today) % 7 not in (0, 1)}


@pytest.mark.parametrize(
    "promise",
    [
        Promise(zone="Nowhere"), Promise(week={"mon": "x"}), Promise(targets={"huge": {"first_reply": 1}}),
        Promise(targets={"low": {"smile": 1}}), Promise(targets={"low": {"first_reply": 0}}),
        Promise(targets={"low": {"first_reply": 10**9}}), Promise(texts={"weather": "x"}),
        Promise(texts={"policy": "x" * 1001}), Promise(texts={"policy": "Call {number}."}),
    ],
)  # fmt: skip
def test_what_cannot_be_promised_is_refused_and_nothing_changes(app: App, promise: Promise) -> None:
    before = app.desk.promises.get("web")
    with pytest.raises(Invalid):
        app.desk.promises.replace("web", promise)
    assert app.desk.promises.get("web") == before
    with pytest.raises(NotFound):
        app.desk.promises.replace("none", PROMISE)


def test_every_kind_of_event_has_room_in_the_history(app: App) -> None:
    assert all(len(kind.value) <= 32 for kind in TicketEventKind) and len(HandoffReason) == 8


def move(app: App, ticket: int, back: dt.timedelta) -> None:
    """Let the ticket's clocks have run for longer."""
    with app._parts.db.transaction() as tx:
        for clock in tx.tickets.get(ticket).clocks:
            if clock.since:
                clock.since -= back
            for name in ("due_at", "warn_at"):
                if moment := getattr(clock, name):
                    setattr(clock, name, moment - back)


def reopen(app: App, ticket: int) -> None:
    """As whatever reopens a ticket leaves it, clocks not yet in step."""
    with app._parts.db.transaction() as tx:
        found = tx.tickets.get(ticket)
        found.status = type(found.status).OPEN
