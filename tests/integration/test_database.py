"""What both databases promise: no change is lost or done twice when two come at once, and texts come back whole."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select, select, text

from support_bot.assembly import App
from support_bot.errors import Conflict, SupportBotError
from support_bot.models import Conversation, Staff, utcnow
from support_bot.values import Audience, Author, InboxFilter, Mode, Role, TicketEdit
from tests.factories import DELIVERY, PASSWORD, add_article, add_staff, ask, make_app, wait_for

pytestmark = pytest.mark.usefixtures("database")
MANY = 8


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    with closing(make_app(tmp_path)) as app:
        yield app


Waiting = Callable[[], int]
"""How many now wait for a lock."""


def at_once(*calls: Callable[[], object], behind: AbstractContextManager[Waiting] | None = None) -> Counter[str]:
    """Run all calls in threads that start together; how often each kind of outcome came.

    `behind` holds a lock until all of them wait for it, so that each has looked before the first goes on."""
    start, outcomes = threading.Barrier(len(calls) + 1), Counter[str]()

    def run(call: Callable[[], object]) -> None:
        start.wait()
        try:
            call()
            outcomes["done"] += 1
        except SupportBotError as error:
            outcomes[type(error).__name__] += 1

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    with behind or nullcontext(lambda: len(calls)) as waiting:
        start.wait()
        wait_for(lambda: waiting() >= len(calls), 30)
    for thread in threads:
        thread.join(60)
    return outcomes


@contextmanager
def held(app: App, row: Select[Any]) -> Iterator[Waiting]:
    """Somebody else holds the row. SQLite lets nobody else write meanwhile, and does not say who waits."""
    with app._parts.db.transaction() as tx:
        tx.connection.execute(row.with_for_update())
        yield who_waits(app)


def who_waits(app: App) -> Waiting:
    """How many wait for a lock; enough of them on SQLite, which does not say."""
    db = app._parts.db

    def waiting() -> int:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        with db.read_connection() as connection:
            return connection.scalar(text(query)) or 0

    return (lambda: MANY * MANY) if db.is_sqlite else waiting


def conversation(conversation_id: str) -> Select[Any]:
    return select(Conversation.id).where(Conversation.id == conversation_id)


def account(staff_id: int) -> Select[Any]:
    return select(Staff.id).where(Staff.id == staff_id)


class TestTwoAtOnce:
    def test_a_ticket_is_solved_by_one_agent(self, app: App) -> None:
        staff = add_staff(app)
        chat = app.chat.start("web")
        ticket = app.handoff.request(chat.id).row
        outcomes = at_once(
            *[lambda: app.tickets.solve(ticket.id, staff.id)] * MANY, behind=held(app, conversation(chat.id))
        )
        assert outcomes == {"done": 1, Conflict.__name__: MANY - 1}
        kinds = [line.kind for line in app.tickets.get(ticket.id).history]
        assert kinds.count("solved") == 1

    def test_replies_stand_behind_the_taking_over(self, app: App) -> None:
        staff = add_staff(app)
        chat = app.chat.start("web")
        ticket = app.handoff.request(chat.id).row
        replies = [lambda: app.tickets.reply(ticket.id, staff.id, "Hello")] * MANY
        assert at_once(*replies, behind=held(app, conversation(chat.id))) == {"done": MANY}
        events = app.chat.events(chat.id)
        assert sum(getattr(e.event, "mode", None) is Mode.HUMAN for e in events) == 1
        messages = app.chat.messages(chat.id)
        assert [m.author for m in messages].count(Author.STAFF) == MANY
        assert messages[1].author is Author.SYSTEM

    def test_a_person_is_asked_for_once(self, app: App) -> None:
        chat = app.chat.start("web")
        assert at_once(*[lambda: app.handoff.request(chat.id)] * MANY, behind=held(app, conversation(chat.id))) == {
            "done": MANY
        }
        assert len(app.tickets.page(view="all")) == 1

    def test_a_message_sent_twice_is_one(self, app: App) -> None:
        chat = app.chat.start("web")
        assert at_once(*[lambda: app.chat.say(chat.id, "Hello?", "same")] * MANY) == {"done": MANY}
        assert [m.author for m in app.chat.messages(chat.id)].count(Author.CUSTOMER) == 1

    def test_a_file_added_many_times_is_one_document_of_one_version(self, app: App) -> None:
        outcomes = at_once(*[lambda: app.knowledge.add("delivery.md", DELIVERY.encode())] * MANY)
        assert outcomes == {"done": MANY}
        (document,) = app.catalogue.page()
        assert [version.number for version in app.catalogue.get(document.id).versions] == [1]

    def test_many_versions_at_once_are_numbered_one_by_one(self, app: App) -> None:
        document_id = add_article(app, "delivery.md", DELIVERY)
        texts = [f"{DELIVERY}\n\nNote {number}.".encode() for number in range(MANY)]
        added = [lambda text=text: app.knowledge.add("delivery.md", text) for text in texts[::2]]
        replaced = [lambda text=text: app.knowledge.replace(document_id, text) for text in texts[1::2]]
        assert at_once(*added, *replaced) == {"done": MANY}
        numbers = [version.number for version in app.catalogue.get(document_id).versions]
        assert numbers == list(range(MANY + 1, 0, -1))
        app.knowledge.wait_until_ready([document_id], 20)
        assert app.knowledge.heal_index() == 0

    def test_wrong_passwords_at_once_all_count(self, app: App) -> None:
        ana = add_staff(app, Role.AGENT, "ana@example.com")
        wrong = [lambda: app.staff.sign_in(ana.email, "wrong")] * app.settings.security.lockout_failures
        at_once(*wrong, behind=held(app, account(ana.id)))
        outcome = at_once(lambda: app.staff.sign_in("ana@example.com", PASSWORD))
        assert outcome == {"LimitExceeded": 1}

    def test_an_address_is_taken_once(self, app: App) -> None:
        assert at_once(*[lambda: add_staff(app)] * MANY) == {"done": 1, Conflict.__name__: MANY - 1}

    def test_a_vote_counts_once(self, app: App) -> None:
        add_article(app, "delivery.md", DELIVERY)
        chat = app.chat.start("web")
        ask(app, chat.id, "How much does standard delivery cost?")
        answer = app.chat.messages(chat.id)[-1]
        votes = [lambda: app.feedback.vote(chat.id, answer.id, True)] * MANY
        rates = [lambda: app.feedback.rate(chat.id, 5)] * MANY
        assert at_once(*votes, *rates, behind=held(app, conversation(chat.id))) == {"done": 2 * MANY}
        assert app.chat.messages(chat.id)[-1].helpful is True


class TestTexts:
    STRANGE = "NUL \x00 quote ' \" \\ percent %s :name 😀 退款 é e\u0301 \u202e"

    def test_what_is_written_comes_back(self, app: App) -> None:
        staff, chat = add_staff(app), app.chat.start("web", visitor=self.STRANGE)
        app.chat.say(chat.id, self.STRANGE)
        ticket = app.handoff.request(chat.id).row
        app.tickets.note(ticket.id, staff.id, self.STRANGE)
        app.desk.edits.edit(ticket.id, staff.id, TicketEdit(subject=self.STRANGE))
        clean = self.STRANGE.replace("\x00", "")
        found = app.tickets.conversation(chat.id)
        assert [m.text for m in found.messages if m.audience is Audience.INTERNAL] == [clean]
        assert found.messages[0].text == clean
        assert app.tickets.page(wanted=InboxFilter(search="percent %s :name 😀"))[0].id == ticket.id

    def test_times_keep_their_zone(self, app: App) -> None:
        before = utcnow()
        ticket = app.handoff.request(app.chat.start("web").id).row
        assert before <= app.tickets.get(ticket.id).row.created_at <= utcnow()
