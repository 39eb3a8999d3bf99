"""The inbox on both databases: views, filters, orders, pages, and what a search over everything said finds."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import text

from support_bot.assembly import App
from support_bot.errors import Invalid
from support_bot.models import Conversation, Message, Ticket, TicketStatus
from support_bot.storage.database import Database
from support_bot.values import Audience, Author, HandoffReason, InboxFilter, InboxSort, Mode, TicketEdit
from tests.factories import add_staff, make_app

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[App]:
    with closing(make_app(tmp_path, start=False)) as app:
        yield app


def db_of(app: App) -> Database:
    return app._parts.db


def talk(app: App, *said: str, visitor: str | None = None) -> str:
    """A conversation in which the customer said this; its id."""
    conversation = app.chat.start("web", visitor=visitor).id
    with db_of(app).transaction() as tx:
        for words in said:
            tx.conversations.add_message(Message(conversation_id=conversation, author=Author.CUSTOMER, text=words))
    return conversation


def many_tickets(app: App, count: int) -> None:
    """Tickets of every kind, some of them with the same times and priorities."""
    statuses = [TicketStatus.NEW, TicketStatus.OPEN, TicketStatus.SOLVED, TicketStatus.CLOSED]
    priorities = ["urgent", "high", "normal", "low"]
    with db_of(app).transaction() as tx:
        channel = tx.channels.get("web").id
        for number in range(count):
            at = NOW + dt.timedelta(minutes=number // 3)
            waits = number % 8 == 0
            conversation = tx.conversations.add(
                Conversation(
                    channel_id=channel, mode=Mode.WAITING if waits else Mode.BOT, updated_at=at,
                    waiting_since=at if waits else None,
                )
            )  # fmt: skip
            tx.tickets.add(
                Ticket(
                    conversation_id=conversation.id, subject=f"Subject {number}", reason=HandoffReason.POLICY,
                    status=statuses[number % 4], priority=priorities[number % 3], created_at=at, updated_at=at,
                )
            )  # fmt: skip


class TestViews:
    def test_counts_are_those_of_the_lists_however_many_there_are(self, app: App) -> None:
        staff = add_staff(app)
        many_tickets(app, 1300)
        rows = app.tickets.page(view="unassigned", limit=3)
        for row in rows:
            app.tickets.assign(row.id, staff.id, staff.id)
        counts = app.tickets.counts(staff.id)
        expected = {"waiting": 163, "mine": 3, "unassigned": 647, "open": 650, "solved": 325, "all": 1300}
        assert counts == expected | {"breaching": 0, "snoozed": 0, "team": 0}
        for view, count in counts.items():
            found = list(app.tickets.every(view=view, staff_id=staff.id, wanted=InboxFilter()))
            assert len(found) == count == app.tickets.count(view=view, staff_id=staff.id), view

    @pytest.mark.parametrize("sort", list(InboxSort))
    @pytest.mark.parametrize("view", ["all", "open", "waiting"])
    def test_pages_follow_each_other_in_every_order(self, app: App, sort: InboxSort, view: str) -> None:
        many_tickets(app, 60)
        wanted = InboxFilter(sort=sort)
        whole = app.tickets.page(view=view, wanted=wanted, limit=200)
        paged, after = [], ""
        while page := app.tickets.page(view=view, wanted=wanted, after=after, limit=7):
            paged += page
            after = page[-1].place
        assert paged == whole and len({row.id for row in whole}) == len(whole)

    def test_each_order_is_what_it_is_called(self, app: App) -> None:
        many_tickets(app, 40)
        pages = {sort: app.tickets.page(view="all", wanted=InboxFilter(sort=sort), limit=200) for sort in InboxSort}
        newest = [row.id for row in pages[InboxSort.NEWEST]]
        assert newest == sorted(newest, reverse=True)
        assert [row.id for row in pages[InboxSort.OLDEST]] == sorted(newest)
        ranks = ["urgent", "high", "normal", "low"]
        urgent = [ranks.index(row.priority) for row in pages[InboxSort.PRIORITY]]
        assert urgent == sorted(urgent)
        active = [row.updated_at for row in pages[InboxSort.ACTIVITY]]
        assert active == sorted(active, reverse=True)
        waiting = [row.waiting_since for row in pages[InboxSort.WAITING]]
        assert waiting[:5] == sorted(filter(None, waiting)) and set(waiting[5:]) == {None}

    def test_a_ticket_that_changes_between_two_pages_brings_no_page_twice(self, app: App) -> None:
        staff = add_staff(app)
        many_tickets(app, 20)
        wanted = InboxFilter(sort=InboxSort.ACTIVITY)
        first = app.tickets.page(view="open", wanted=wanted, limit=5)
        app.desk.edits.edit(
            first[-1].id, staff.id, TicketEdit(priority="low" if first[-1].priority != "low" else "high")
        )
        second = app.tickets.page(view="open", wanted=wanted, after=first[-1].place, limit=5)
        assert not {row.id for row in first} & {row.id for row in second}

    def test_filters_narrow_a_view_together(self, app: App) -> None:
        many_tickets(app, 60)
        wanted = InboxFilter(
            status="new", priority="high", channel="web", assignee=0, reason=HandoffReason.POLICY,
            since=NOW + dt.timedelta(minutes=3), until=NOW + dt.timedelta(minutes=12),
        )  # fmt: skip
        rows = app.tickets.page(view="all", wanted=wanted)
        assert [row.subject for row in rows] == ["Subject 28", "Subject 16"]
        assert app.tickets.count(view="all", wanted=wanted) == 2
        assert app.tickets.page(view="all", wanted=InboxFilter(channel="none")) == []

    def test_a_place_that_is_none_is_refused(self, app: App) -> None:
        places = ["x", "_", "1_2_3", "-1", "9" * 30, "2026-01-01_x", "²", "9999-12-31T23:59-23:00_1"]
        for sort, place in itertools.product(InboxSort, places):
            with pytest.raises(Invalid):
                app.tickets.page(wanted=InboxFilter(sort=sort), after=place)

    def test_who_waits_again_waits_from_then_on(self, app: App) -> None:
        staff = add_staff(app)
        ticket = app.handoff.request(talk(app, "Hello")).row.id
        (first,) = app.tickets.page(view="waiting")
        app.tickets.reply(ticket, staff.id, "Hello")
        assert app.tickets.page(view="open")[0].waiting_since is None
        app.tickets.assign(ticket, None, staff.id)
        (again,) = app.tickets.page(view="waiting")
        assert first.waiting_since and again.waiting_since and first.waiting_since < again.waiting_since


SAID = [
    ("My order A-1042-77 never came", "A-1042-77"),
    ("My order A-1042-77 never came", "a104277"),
    ("My order A104277 never came", "a104277"),
    ("Where is order #A-1042-77?", "1042-77"),
    ("I was refunded twice", "refunds"),
    ("The refund is late", "refunding"),
    ("Write to ana.lee@example.com please", "ana.lee@example.com"),
    ("Write to ana.lee@example.com please", "example.com"),
    ("Ich möchte eine Rückerstattung", "ruckerstattung"),
    ("商品の返品は30日以内です", "返品"),
    ("The parcel never arrived here", '"never arrived"'),
    ("Price is 12,50 €", "12,50"),
    ("The word is still being typed", "typ"),
]


def erase(app: App, conversation: str) -> None:
    with db_of(app).transaction() as tx:
        tx.connection.execute(text("DELETE FROM message WHERE conversation_id = :id"), {"id": conversation})
        tx.connection.execute(text("DELETE FROM conversation WHERE id = :id"), {"id": conversation})


def found(app: App, asked: str) -> list[str]:
    return [hit.conversation.id for hit in app.tickets.search(asked).hits]


class TestSearch:
    def test_what_was_said_is_found_and_marked(self, app: App) -> None:
        talk(app, "Something else: B-1042-78, arrived never, 品返")
        for said, asked in SAID:
            wanted = talk(app, "Hello", said)
            assert found(app, asked) == [wanted], asked
            (hit,) = app.tickets.search(asked).hits
            assert any(marked for _, marked in hit.snippet), asked
            assert "".join(text for text, _ in hit.snippet).strip("…") in said
            erase(app, wanted)
            assert found(app, asked) == [], asked

    def test_nothing_that_is_typed_breaks_it(self, app: App) -> None:
        talk(app, "Hello")
        for asked in ("", "  ", '"', "*", "' OR 1=1 --", "-", "()", "NEAR(", "#", "a" * 500, "\\", "&|!:*"):
            assert app.tickets.search(asked).hits == (), asked
            assert app.tickets.page(view="all", wanted=InboxFilter(search=asked or "*")) == [], asked

    def test_all_words_count_wherever_in_the_conversation_they_are(self, app: App) -> None:
        both = talk(app, "My jacket is torn", "The zip, too", visitor="Zoë Ångström")
        talk(app, "My jacket is fine")
        assert found(app, "jacket zip") == found(app, "zoe torn") == [both]
        assert app.tickets.search("jacket").total == 2

    def test_notes_and_tickets_are_found_and_the_number_finds_its_ticket_alone(self, app: App) -> None:
        staff = add_staff(app)
        conversation = talk(app, "Is there a person?")
        ticket = app.handoff.request(conversation).row.id
        talk(app, f"I have {ticket} of them")
        app.tickets.note(ticket, staff.id, "He is a notable regular.")
        app.desk.edits.edit(ticket, staff.id, TicketEdit(subject="Xylophone lost"))
        assert found(app, "notable") == found(app, "xylophone") == found(app, f"#{ticket}") == [conversation]
        assert len(found(app, str(ticket))) == 2
        hit = app.tickets.search("xylophone").hits[0]
        assert hit.ticket and hit.ticket.id == ticket and hit.message_id is None
        assert [row.id for row in app.tickets.page(wanted=InboxFilter(search="notable"))] == [ticket]

    def test_what_is_undone_is_not_found(self, app: App) -> None:
        with pytest.raises(RuntimeError), db_of(app).transaction() as tx:
            conversation = tx.conversations.add(Conversation(channel_id=tx.channels.get("web").id))
            tx.conversations.add_message(
                Message(conversation_id=conversation.id, author=Author.CUSTOMER, text="quixotic")
            )
            tx.words.keep_in_step()
            raise RuntimeError
        assert found(app, "quixotic") == []

    def test_an_erased_conversation_leaves_no_word_behind(self, app: App) -> None:
        erase(app, talk(app, "quixotic A-1042-77", visitor="Ana"))
        with db_of(app).reading() as tx:
            assert tx.connection.scalar(text("SELECT count(*) FROM conversation_fts")) == 0
        assert found(app, "quixotic") == [] == found(app, "ana")

    def test_it_is_built_again_from_the_rows(self, app: App) -> None:
        conversations = [talk(app, f"quixotic {number}") for number in range(3)]
        with db_of(app).transaction() as tx:
            tx.words.clear()
        assert found(app, "quixotic") == []
        assert app.tickets.index_lacking() == 3 and app.tickets.index_lacking() == 0
        assert app.tickets.reindex() == 3
        assert sorted(found(app, "quixotic")) == sorted(conversations)

    def test_very_long_and_very_odd_texts_are_kept_and_found_at_their_end(self, app: App) -> None:
        words = "".join(f"w{number:x} " for number in range(60_000)) + "x" * 5000 + " \x00 ½ ª ٣ " + "quixotic"
        assert found(app, "quixotic") == [] and found(app, "quixotic") != [talk(app, words, "返" * 9000)]
        assert len(found(app, "quixotic")) == 1

    def test_pages_of_what_was_found_follow_each_other(self, app: App) -> None:
        made = {talk(app, "quixotic") for _ in range(7)}
        seen: list[str] = []
        for _ in itertools.repeat(None, 4):
            hits = app.tickets.search("quixotic", before=seen[-1] if seen else None, limit=2).hits
            seen += [hit.conversation.id for hit in hits]
        assert set(seen) == made and len(seen) == 7

    def test_what_customers_may_not_see_is_found_by_staff_only_through_the_inbox(self, app: App) -> None:
        conversation = talk(app, "Hello")
        with db_of(app).transaction() as tx:
            tx.conversations.add_message(
                Message(conversation_id=conversation, author=Author.STAFF, text="quixotic", audience=Audience.INTERNAL)
            )
        assert found(app, "quixotic") == [conversation]
        assert "quixotic" not in app.chat.transcript(conversation, "txt")
