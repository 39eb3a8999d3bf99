"""Customers for whom nobody comes, answers that fall silent, and what is said at a hand-off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support_bot.answering import phrases
from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid
from support_bot.models import TurnState, utcnow
from support_bot.services.handoff_words import when_words
from support_bot.services.hours import read_hours
from support_bot.services.terms import Promise, Terms
from support_bot.values import Audience, Author, EmailAsked, HandOff, HandoffReason, Mode, Queued, Said, Text
from tests.factories import add_staff, make_app
from ui.pages.tab import Tab, catch_up
from ui.parts.chat import state_line

MINUTE = dt.timedelta(minutes=1)
OFFICE = read_hours("Europe/Berlin", dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), "9:00-17:00"), ["2026-11-27"])
TERMS = Terms(OFFICE, {"normal": {"first_reply": 60}})


@pytest.fixture
def app(tmp_path: Path, database: str) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    yield app
    app.close()


@pytest.fixture
def chat(app: App) -> str:
    chat = app.chat.start("web").id
    app.handoff.request(chat)
    return chat


def events(app: App, chat: str, kind: type[Any]) -> list[Any]:
    with app._parts.db.reading() as tx:
        log = tx.events.after(chat, 0, audience=Audience.INTERNAL)
        return [logged.event for logged in log if isinstance(logged.event, kind)]


def notes(app: App, chat: str) -> list[str]:
    return [event.text for event in events(app, chat, Said) if event.author is Author.SYSTEM]


class TestPatience:
    def test_a_customer_for_whom_nobody_comes_is_told_once_and_asked_for_an_address(self, app: App, chat: str) -> None:
        assert app.desk.watch.look(utcnow() + 9 * MINUTE) == 0
        assert app.desk.watch.look(utcnow() + 11 * MINUTE) == 1
        assert app.desk.watch.look(utcnow() + 99 * MINUTE) == 0
        assert len(notes(app, chat)) == 1 and "Leave your e-mail address" in notes(app, chat)[0]
        assert events(app, chat, EmailAsked) == [EmailAsked(True)]

    def test_the_address_is_kept_for_the_team_and_not_asked_for_again(self, app: App, chat: str) -> None:
        app.desk.watch.look(utcnow() + 11 * MINUTE)
        app.desk.follow_up.leave_address(chat, " ana@example.com ")
        app.desk.follow_up.leave_address(chat, "ana@example.com")
        assert app.tickets.conversation(chat).email == app.desk.follow_up.address(chat) == "ana@example.com"
        assert events(app, chat, EmailAsked) == [EmailAsked(True), EmailAsked(False)] and len(notes(app, chat)) == 2
        app.chat.close(chat)
        with pytest.raises(Conflict):
            app.desk.follow_up.leave_address(chat, "bo@example.com")
        app.handoff.request(chat)
        assert app.desk.watch.look(utcnow() + 11 * MINUTE) == 1
        assert "We have your e-mail address" in notes(app, chat)[-1] and len(events(app, chat, EmailAsked)) == 2

    def test_who_is_taken_in_time_hears_nothing(self, app: App, chat: str) -> None:
        app.handoff.take(chat, add_staff(app).id)
        assert app.desk.watch.look(utcnow() + 99 * MINUTE) == 0

    def test_a_channel_without_patience_asks_nobody(self, app: App, chat: str) -> None:
        app.desk.promises.replace("web", Promise(patience_minutes=0))
        assert app.desk.watch.look(utcnow() + 99 * MINUTE) == 0

    @pytest.mark.parametrize(
        "email", ["", "ana", "ana@", "@b.c", "a b@c.d", "a@b", "a@b.c" * 60, "<a@b.c>", "a@b.c,d@e.f"]
    )
    def test_what_is_no_address_is_refused(self, app: App, chat: str, email: str) -> None:
        with pytest.raises(Invalid):
            app.desk.follow_up.leave_address(chat, email)
        assert app.desk.follow_up.address(chat) is None

    def test_the_customers_page_shows_a_field_while_it_is_asked(self, app: App, chat: str) -> None:
        tab = Tab(id=chat)
        for wanted in (False, True, False):
            catch_up(app, tab)
            assert tab.email_wanted is wanted
            assert ('type="email"' in state_line(Mode.WAITING, email_wanted=tab.email_wanted)) is wanted
            app.desk.watch.look(utcnow() + 11 * MINUTE)
            if wanted:
                app.desk.follow_up.leave_address(chat, "ana@example.com")


class TestSilence:
    def silent(self, app: App, event: Text | Queued | None) -> str:
        """A conversation whose answer was begun, said this, and then nothing."""
        chat = app.chat.start("web").id
        runner = app._parts.runner
        runner.submit = lambda turn_id: None  # type: ignore[method-assign]  # no worker takes it
        turn = app.chat.say(chat, "Hello?").turn_id
        assert turn is not None
        begun = runner._begin(turn, TurnState.WAITING)
        assert begun is not None
        if event is not None:
            runner._offer(turn, begun, event)
        return chat

    @pytest.mark.parametrize("event", [None, Text("Delivery")])
    def test_an_answer_that_says_nothing_any_more_goes_to_a_person(self, app: App, event: Text | None) -> None:
        chat = self.silent(app, event)
        assert app.desk.watch.look(utcnow() + MINUTE / 2) == 0
        assert app.desk.watch.look(utcnow() + 2 * MINUTE) == 1
        assert app.chat.mode(chat) is Mode.WAITING
        (told,) = events(app, chat, HandOff)
        assert told.reason is HandoffReason.BOT_SILENT and told.text.startswith("I took too long to answer")
        assert [m.author for m in app.chat.messages(chat)] == [Author.CUSTOMER, Author.BOT]
        assert app.desk.watch.look(utcnow() + 2 * MINUTE) == 0

    def test_waiting_in_the_queue_is_no_silence(self, app: App) -> None:
        chat = self.silent(app, Queued(3, 40.0))
        assert app.desk.watch.look(utcnow() + 99 * MINUTE) == 0 and app.chat.mode(chat) is Mode.BOT

    def test_a_turn_that_has_not_begun_is_not_silent(self, app: App) -> None:
        app._parts.runner.submit = lambda turn_id: None  # type: ignore[method-assign]
        app.chat.say(app.chat.start("web").id, "Hello?")
        assert app.desk.watch.look(utcnow() + 99 * MINUTE) == 0


class TestWords:
    @pytest.mark.parametrize(
        ("now", "words"),
        [
            ("2026-11-25 10:00", "You can expect a reply within 1 hour."),
            ("2026-11-25 16:00", "You can expect a reply within 1 hour."),
            ("2026-11-24 16:30", "You can expect a reply by tomorrow at 9:30 (Berlin time)."),
            ("2026-11-25 08:00", "Our team is away right now and is back today at 9:00 (Berlin time)."),
            ("2026-11-25 17:00", "Our team is away right now and is back tomorrow at 9:00 (Berlin time)."),
            ("2026-11-26 17:00", "Our team is away right now and is back on Monday at 9:00 (Berlin time)."),
        ],
    )
    def test_when_somebody_answers(self, now: str, words: str) -> None:
        moment = OFFICE.at(utcnow()).fromisoformat(now).replace(tzinfo=OFFICE.at(utcnow()).tzinfo)
        assert when_words(TERMS, moment.astimezone(dt.UTC)) == words

    def test_nothing_is_promised_where_nothing_was_set_or_nobody_ever_comes(self) -> None:
        assert when_words(Terms(), utcnow()) == ""
        assert when_words(Terms(read_hours("UTC", {}, [])), utcnow()) == ""

    @pytest.mark.parametrize("reason", list(HandoffReason))
    def test_every_reason_has_its_own_text_without_a_place_left_open(self, reason: HandoffReason) -> None:
        text = phrases.handed_off(reason)
        assert "{" not in text and "  " not in text
        assert len({phrases.HANDOFF[reason] for reason in HandoffReason}) == len(HandoffReason)

    def test_a_channels_own_words_are_said(self, app: App) -> None:
        promise = Promise(
            targets={"normal": {"first_reply": 30}},
            texts={"customer_request": "One moment. {when} Then {next}.", "agent_pull": "Hi, it is {name}."},
        )
        app.desk.promises.replace("web", promise)
        chat = app.chat.start("web").id
        app.handoff.request(chat)
        (told,) = events(app, chat, HandOff)
        expected = "One moment. You can expect a reply within 30 minutes. Then the reply appears in this chat."
        assert told.text == expected == app.chat.messages(chat)[0].text
        app.handoff.take(chat, add_staff(app).id)
        assert notes(app, chat) == ["Hi, it is Ana."]
