"""Who else is at a conversation, on both databases and between two servers of one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.assembly import App
from support_bot.errors import AnsweredMeanwhile, NotFound
from support_bot.models import Presence
from support_bot.services.presence import PresenceService
from support_bot.services.views import StaffView
from support_bot.storage.database import Database
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
def bo(app: App) -> StaffView:
    return add_staff(app, email="bo@example.com")


@pytest.fixture
def chat(app: App) -> str:
    chat = app.chat.start("web")
    app.handoff.request(chat.id)
    return chat.id


def there(app: App, chat: str, staff: StaffView) -> list[tuple[str, bool]]:
    return [(person.name, person.writing) for person in app.desk.presence.others(chat, staff.id)]


def grow_older(app: App, seconds: float) -> None:
    """So long passes."""
    with Session(app._parts.db.engine) as session, session.begin():
        for row in session.scalars(select(Presence)):
            row.seen_at -= dt.timedelta(seconds=seconds)
            row.wrote_at = row.wrote_at and row.wrote_at - dt.timedelta(seconds=seconds)


def test_colleagues_see_each_other_and_not_themselves(app: App, ana: StaffView, bo: StaffView, chat: str) -> None:
    app.desk.presence.look(chat, ana.id)
    assert there(app, chat, ana) == [] and there(app, chat, bo) == [("Ana", False)]
    app.desk.presence.look(chat, bo.id, writing=True)
    assert there(app, chat, ana) == [("Bo", True)]
    app.desk.presence.look(chat, bo.id)
    assert there(app, chat, ana) == [("Bo", True)]  # between two words somebody still writes
    app.desk.presence.leave(chat, bo.id)
    assert there(app, chat, ana) == []


def test_whoever_says_nothing_is_gone(app: App, ana: StaffView, bo: StaffView, chat: str) -> None:
    app.desk.presence.look(chat, ana.id, writing=True)
    grow_older(app, 7)
    assert there(app, chat, bo) == [("Ana", False)]
    grow_older(app, 4)
    assert there(app, chat, bo) == []
    other = app.chat.start("web").id
    app.desk.presence.look(other, ana.id)  # her old row goes with it
    with Session(app._parts.db.engine) as session:
        assert [row.conversation_id for row in session.scalars(select(Presence))] == [other]


def test_another_server_of_the_same_database_sees_it(app: App, ana: StaffView, bo: StaffView, chat: str) -> None:
    url = app._parts.db.engine.url.render_as_string(hide_password=False)
    other = Database(url)
    try:
        PresenceService(other).look(chat, bo.id, writing=True)
        assert there(app, chat, ana) == [("Bo", True)]
    finally:
        other.close()


def test_two_tabs_of_one_person_at_once_are_one(app: App, ana: StaffView, bo: StaffView, chat: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(app.desk.presence.look, chat, ana.id, writing=n % 2 == 0) for n in range(12)]:
            done.result()
    assert there(app, chat, bo) == [("Ana", True)]


def test_there_is_nobody_at_what_does_not_exist(app: App, ana: StaffView) -> None:
    with pytest.raises(NotFound):
        app.desk.presence.look("0" * 32, ana.id)
    app.desk.presence.leave("0" * 32, ana.id)
    assert there(app, "0" * 32, ana) == []


class TestSecondReply:
    def test_a_reply_that_a_colleague_has_given_meanwhile_is_asked_about(
        self, app: App, ana: StaffView, bo: StaffView, chat: str
    ) -> None:
        ticket = app.handoff.request(chat).row.id
        begun = app.tickets.conversation(chat).messages[-1].id
        app.tickets.note(ticket, bo.id, "I look at it")  # a note is no answer
        app.tickets.reply(ticket, ana.id, "Hello", begun)
        with pytest.raises(AnsweredMeanwhile, match=r"^Ana answered \d s ago: send anyway\?$") as refused:
            app.tickets.reply(ticket, bo.id, "Hello", begun)
        assert [line.kind for line in app.tickets.get(ticket).history].count("replied") == 1
        app.tickets.reply(ticket, ana.id, "And more", begun)  # her own answers are no surprise to her
        with pytest.raises(AnsweredMeanwhile):
            app.tickets.reply(ticket, bo.id, "Hello", refused.value.message)
        app.tickets.reply(ticket, bo.id, "Hello")
        assert [line.kind for line in app.tickets.get(ticket).history].count("replied") == 3

    def test_of_two_at_the_same_moment_one_is_asked(self, app: App, ana: StaffView, bo: StaffView, chat: str) -> None:
        ticket = app.handoff.request(chat).row.id
        begun = app.tickets.conversation(chat).messages[-1].id
        with ThreadPoolExecutor(2) as pool:
            tries = [pool.submit(app.tickets.reply, ticket, who.id, "Hello", begun) for who in (ana, bo)]
        assert sorted(type(done.exception()).__name__ for done in tries) == ["AnsweredMeanwhile", "NoneType"]
