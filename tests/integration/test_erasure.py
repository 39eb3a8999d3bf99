"""A customer is erased on both databases: nothing of theirs is left anywhere, and nobody else loses anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.connectors.mail_reading import IncomingMail
from support_bot.models import Base, ReceivedMail, Suggestion, utcnow
from support_bot.services.mail_intake import refuse, take_mail
from support_bot.storage.database import Database
from support_bot.values import FlagReason, Mode
from support_bot.values.customers import Remain
from tests.factories import RETURNS, add_article, add_staff, ask, make_app

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
        refuse(tx, channel, mail_of(EMAIL.lower(), "quillquarrel", "<two@example.net>"), 10, "too many")
    return chat


def mail_of(sender: str, text: str, key: str) -> IncomingMail:
    mail = IncomingMail.unreadable(b"")
    import dataclasses

    return dataclasses.replace(mail, key=key, sender=sender, subject=text, text=text)


def other_customer(app: App) -> str:
    chat = app.chat.start("web", visitor="crm-88418").id
    ask(app, chat, "How long do refunds take?")
    return chat


class TestErasing:
    def test_nothing_of_the_customer_is_left_anywhere(self, app: App) -> None:
        staff = add_staff(app).id
        busy_customer(app, staff)
        other = other_customer(app)
        app.desk.similar.sweep()
        before = app.chat.messages(other)
        found = app.desk.erasure.preview(EMAIL)
        assert {"qx-55120", "quillquarrel"} <= {word.lower() for word in found.words} | {"quillquarrel"}
        assert {"message", "ticket", "feedback", "suggestion", "received_mail", "rating"} <= found.counts.keys()
        words = [*found.words, "quillquarrel", "Zoe Quill"]
        places = {remain.place for remain in app.desk.erasure.search(words)}
        assert {"message.text", "rating.comment", "received_mail.raw"} <= places
        done = app.desk.erasure.erase(EMAIL, by=staff)
        assert done.counts == found.counts
        assert app.desk.erasure.search(words) == []
        assert app.chat.messages(other) == before
        assert app.desk.erasure.preview(EMAIL).counts == {}
