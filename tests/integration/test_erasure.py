"""A customer is erased on both databases: nothing of theirs is left anywhere, and nobody else loses anything."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.connectors.mail_reading import IncomingMail
from support_bot.errors import NotFound
from support_bot.jobs.forgetting import Forgetting
from support_bot.models import Base, Suggestion, utcnow
from support_bot.services.erasure import ErasureService
from support_bot.services.mail_intake import refuse, take_mail
from support_bot.storage.database import Database
from support_bot.storage.remains import search_files
from support_bot.values import FlagReason, Mode
from support_bot.values.customers import Remain
from tests.factories import RETURNS, UNUSED_PLACES, add_article, add_staff, ask, make_app, wait_for

EMAIL = "Zoe.Quill@example.net"


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[App]:
    with closing(make_app(tmp_path)) as app:
        add_article(app, "returns.md", RETURNS)
        yield app


def db_of(app: App) -> Database:
    return app._parts.db


def busy_customer(app: App, staff: int) -> str:
    """Somebody of whom there is something in every part of the product; their chat."""
    chat = app.chat.start("web", visitor="crm-88417").id
    ask(app, chat, "Can I return order QX-55120, my Peregrine jacket?")
    answer = app.chat.messages(chat)[-1]
    app.feedback.vote(chat, answer.id, False, comment="Peregrinejackets are not told of")
    app.feedback.rate(chat, 2, "quillquarrel")
    app.desk.flags.flag(answer.id, staff, FlagReason.WRONG, "quillquarrel")
    app.handoff.request(chat)
    app.desk.follow_up.leave_address(chat, EMAIL)
    ticket = app.tickets.page()[0].id
    app.tickets.reply(ticket, staff, "Dear Zoe Quill, we look for QX-55120.")
    app.tickets.note(ticket, staff, "Zoe.Quill@example.net is a quillquarrel")
    with db_of(app).transaction() as tx:
        tx.suggestions.add(
            Suggestion(
                conversation_id=chat, ticket_id=ticket, staff_id=staff, kind="draft", question="QX-55120", text="Quill"
            )
        )
        channel = tx.channels.get("web").id
        mail = mail_of(EMAIL.lower(), "QX-55120 by mail", "<one@example.net>")
        take_mail(tx, channel, mail, b"From: zoe.quill@example.net\r\n\r\nQX-55120")
        # She answers from the address that she left in the chat: now it is proved to be hers.
        take_mail(tx, channel, mail_of(EMAIL.lower(), f"Re: [#{ticket}]", "<three@example.net>"), b"QX-55120")
        refuse(tx, channel, mail_of(EMAIL.lower(), "quillquarrel", "<two@example.net>"), 10, "too many")
    return chat


def mail_of(sender: str, text: str, key: str) -> IncomingMail:
    return replace(IncomingMail.unreadable(b""), key=key, sender=sender, subject=text, text=text)


def other_customer(app: App) -> str:
    chat = app.chat.start("web", visitor="crm-88418").id
    ask(app, chat, "How long do refunds take?")
    return chat


def left(app: App, words: Sequence[str]) -> list[Remain]:
    """Where one of the words is, without Chroma's graph: its unused places are what lay in this process's memory."""
    return [remain for remain in app.desk.erasure.search(words) if not remain.place.endswith(UNUSED_PLACES)]


def follower(app: App, root: str, staff: int, visitor: str) -> tuple[str, int]:
    """Another customer whose ticket is merged into the one of this conversation; their conversation and ticket."""
    chat = app.chat.start("web", visitor=visitor).id
    app.chat.say(chat, "Nothing works, says Umbriel77")
    app.handoff.request(chat)
    ticket = app.tickets.conversation(chat).ticket
    into = app.tickets.conversation(root).ticket
    assert ticket is not None and into is not None
    app.desk.merging.merge(ticket.row.id, into.row.id, staff)
    return chat, ticket.row.id


class TestErasing:
    def test_nothing_of_the_customer_is_left_anywhere(self, app: App) -> None:
        staff = add_staff(app).id
        busy_customer(app, staff)
        other = other_customer(app)
        app.desk.similar.sweep()
        before = app.chat.messages(other)
        found = app.desk.erasure.preview(EMAIL)
        assert "QX-55120" in found.words and "crm-88417" in found.words
        assert {"message", "ticket", "feedback", "suggestion", "received_mail", "rating"} <= found.counts.keys()
        words = [*found.words, "quillquarrel", "Zoe Quill"]
        places = {remain.place for remain in app.desk.erasure.search(words)}
        assert {"message.text", "rating.comment", "received_mail.raw"} <= places
        done = app.desk.erasure.erase(EMAIL, by=staff)
        assert done.counts == found.counts
        assert left(app, words) == []
        assert app.chat.messages(other) == before
        assert app.desk.erasure.preview(EMAIL).counts == {}

    @pytest.mark.parametrize("named", ["email", "visitor", "conversation", "ticket", "number"])
    def test_by_whatever_name_all_of_them_is_meant(self, app: App, named: str) -> None:
        staff = add_staff(app).id
        chat = busy_customer(app, staff)
        ticket = app.tickets.conversation(chat).ticket
        assert ticket is not None
        names = {"email": EMAIL.upper(), "visitor": "crm-88417", "conversation": chat, "ticket": f"#{ticket.row.id}"}
        found = app.desk.erasure.preview(names.get(named, str(ticket.row.id)))
        assert found.customer == app.desk.erasure.preview(EMAIL).customer
        assert len(found.customer.conversations) == 2 and found.customer.emails == (EMAIL.lower(),)

    def test_one_conversation_alone(self, app: App) -> None:
        staff = add_staff(app).id
        chat = busy_customer(app, staff)
        app.desk.erasure.erase(chat, only=True)
        left = app.desk.erasure.preview(EMAIL).customer.conversations
        assert len(left) == 1 and chat not in left

    @pytest.mark.parametrize("name", ["", " ", "nobody@example.net", "%", "_", "#", "#99", "9" * 40, "\0", "x" * 5000])
    def test_whoever_is_not_known_is_nobody(self, app: App, name: str) -> None:
        other = other_customer(app)
        assert app.desk.erasure.erase(name).counts == {}
        assert len(app.chat.messages(other)) > 1

    def test_whoever_was_merged_into_them_goes_on_with_a_person(self, app: App) -> None:
        staff = add_staff(app).id
        chat = busy_customer(app, staff)
        other, ticket = follower(app, chat, staff, "crm-2")
        app.desk.erasure.erase(chat)
        row = app.tickets.get(ticket).row
        assert row.merged_into is None and row.status in ("new", "open") and app.chat.mode(other) is not Mode.CLOSED
        app.chat.say(other, "Are you there?")

    def test_what_they_said_in_somebody_elses_ticket_goes_too(self, app: App) -> None:
        staff = add_staff(app).id
        root = busy_customer(app, staff)
        other, _ = follower(app, root, staff, "crm-3")
        app.chat.say(other, "My name is Oberonix44")
        assert app.tickets.search("Oberonix44").total == 2
        app.desk.erasure.erase("crm-3")
        assert left(app, ["Oberonix44", "Umbriel77"]) == []
        assert app.tickets.search("QX-55120").total >= 1

    def test_two_at_once_are_one(self, app: App) -> None:
        busy_customer(app, add_staff(app).id)
        with ThreadPoolExecutor(2) as pool:
            done = list(pool.map(app.desk.erasure.erase, [EMAIL, EMAIL]))
        assert sorted(bool(found.counts) for found in done) == [False, True]
        assert app.desk.erasure.count() == 1

    def test_no_number_is_given_twice(self, app: App) -> None:
        chat = app.chat.start("web").id
        message, ticket = app.chat.say(chat, "Hello").message_id, app.handoff.request(chat).row.id
        app.desk.erasure.erase(chat)
        for _ in range(2):
            chat = app.chat.start("web").id
            message, before = app.chat.say(chat, "Hello").message_id, message
            ticket, earlier = app.handoff.request(chat).row.id, ticket
            assert message > before and ticket > earlier

    def test_what_stays_tells_counts_and_nobody(self, app: App) -> None:
        staff = add_staff(app).id
        busy_customer(app, staff)
        found = app.desk.erasure.erase(EMAIL, by=staff)
        with db_of(app).reading() as tx:
            (row,) = tx.erasures.page(10)
        assert row.counts == found.counts and row.staff_id == staff and row.finished_at is not None
        assert found.customer.conversations[0] not in str(row.digests)


class TestAtThatMoment:
    def test_the_next_message_is_told_to_begin_anew(self, app: App) -> None:
        chat = other_customer(app)
        app.desk.erasure.erase(chat)
        with pytest.raises(NotFound):
            app.chat.say(chat, "Hello?")
        assert len(app.chat.messages(app.chat.start("web").id)) == 0

    def test_an_answer_in_the_making_ends_without_an_error(self, app: App, caplog: pytest.LogCaptureFixture) -> None:
        chat = app.chat.start("web").id
        with caplog.at_level(logging.ERROR):
            for _ in range(5):
                app.chat.say(chat, "How long do refunds take?")
                app.desk.erasure.erase(chat)
                chat = app.chat.start("web").id
            wait_for(lambda: not app._parts.runner._held)
        assert caplog.records == []

    def test_cut_off_before_the_end_nothing_has_happened(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        busy_customer(app, add_staff(app).id)
        before = app.desk.erasure.preview(EMAIL)
        with monkeypatch.context() as patch:
            patch.setattr("support_bot.services.erasure.Erasure", None)
            with pytest.raises(TypeError):
                app.desk.erasure.erase(EMAIL)
        assert app.desk.erasure.preview(EMAIL) == before

    def test_cut_off_behind_the_transaction_it_is_ended_later(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        busy_customer(app, add_staff(app).id)
        words = app.desk.erasure.preview(EMAIL).words
        with monkeypatch.context() as patch:
            patch.setattr("support_bot.services.erasure.drop_traces", None)
            app.desk.erasure.erase(EMAIL)
        with db_of(app).reading() as tx:
            assert len(tx.erasures.unfinished()) == 1
        Forgetting(app).go_on()
        with db_of(app).reading() as tx:
            assert tx.erasures.unfinished() == []
        assert left(app, words) == []


class TestOldAge:
    def test_only_what_is_old_and_done_is_erased(self, app: App) -> None:
        staff = add_staff(app).id
        waiting, old, fresh = busy_customer(app, staff), other_customer(app), other_customer(app)
        erasure = ErasureService(db_of(app), app.settings.model_copy(update={"conversation_days": 30}))
        with db_of(app).transaction() as tx:
            for chat in (waiting, old):
                tx.conversations.get(chat).updated_at = utcnow() - dt.timedelta(days=31)
        assert app.desk.erasure.erase_old() == 0  # off
        assert erasure.erase_old() == 1 and erasure.erase_old() == 0
        assert app.desk.erasure.gone([waiting, old, fresh]) == {old}


def test_whatever_hangs_on_a_conversation_goes_with_it() -> None:
    kept = [
        f"{table.name}.{key.parent.name}"
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in ("conversation", "ticket", "message", "answer_trace")
        and key.ondelete not in ("CASCADE", "SET NULL")
    ]
    assert kept == []


def test_a_word_is_found_however_it_is_written_down(tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text("x" * 1_048_570 + "Zoë@example.net".upper())
    (tmp_path / "b.json").write_text('{"name": "Zo\\u00eb@example.net"}')
    found = search_files([tmp_path, tmp_path / "not-there"], ["zoë@example.net".upper(), "Zoë@example.net"])
    assert {Path(remain.place).name for remain in found} == {"a.log", "b.json"}
    assert search_files([tmp_path], ["nobody"]) == [] and search_files([tmp_path], []) == []
