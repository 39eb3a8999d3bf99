"""Whose conversations belong together: what is proved links them, and what anybody may claim never does."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.models import (
    Connector,
    ConnectorDelivery,
    ConnectorLink,
    Delivered,
    Notice,
    NoticeVia,
    OutboxItem,
    OutboxKind,
    OutgoingMail,
    TicketEventKind,
    utcnow,
)
from support_bot.services.identity import Claim
from support_bot.services.mail_intake import refuse, take_mail
from support_bot.storage.database import Transaction
from support_bot.values import NoticeKind
from tests.factories import add_staff, make_app

from .test_erasure import db_of, left, mail_of

WORD = "Quillquarrel"
ZOE, MALLORY = "zoe@example.net", "mallory@example.org"


@pytest.fixture
def app(database: str, tmp_path: Path) -> Iterator[App]:
    with closing(make_app(tmp_path)) as app:
        yield app


def begun(app: App, text: str, visitor: str | None = None) -> str:
    chat = app.chat.start("web", visitor=visitor).id
    app.chat.say(chat, text)
    return chat


def proved(app: App, chat: str, user: str, email: str | None = None, *, signed: bool = False) -> None:
    """Sign the user in: by the plain hash, whose e-mail the page tells, or as a token with e-mail does."""
    _, secret = app.desk.identity.create_key("web")
    user_hash = hmac.new(secret.encode(), user.encode(), hashlib.sha256).hexdigest()
    app.desk.identity.identify(chat, Claim(user_id=user, user_hash=user_hash, email=email))
    app.desk.identity.revoke_key("web", app.desk.identity.keys("web")[-1].id)
    if signed:
        with db_of(app).transaction() as tx:
            tx.visitors.ensure(chat).signed = True


def mailed(app: App, sender: str, text: str, key: str = "<1@mail>") -> None:
    with db_of(app).transaction() as tx:
        take_mail(tx, tx.channels.get("web").id, mail_of(sender, text, key), text.encode())


def theirs(app: App, key: str) -> set[str]:
    return set(app.desk.erasure.preview(key).customer.conversations)


def outgoing(ticket: int, chat: str, message: int) -> OutgoingMail:
    return OutgoingMail(
        ticket_id=ticket,
        conversation_id=chat,
        message_id=message,
        key="<out@mail>",
        target=ZOE,
        name=WORD,
        subject=WORD,
    )


def everyone(app: App) -> set[str]:
    with db_of(app).reading() as tx:
        return {key for key, _, _ in tx.erasures.names()}


class TestClaims:
    def test_an_address_that_a_page_told_pulls_in_nobody(self, app: App) -> None:
        mailed(app, ZOE, "ZOE-4711")
        hers = begun(app, "ZOE-4712")
        proved(app, hers, "user-1", ZOE, signed=True)
        his = begun(app, "MALLORY-1")
        proved(app, his, "user-2", ZOE)
        assert theirs(app, "user-2") == theirs(app, his) == {his}
        assert theirs(app, ZOE) == theirs(app, "user-1") == everyone(app) - {his}
        assert b"ZOE-471" not in app.desk.customers.export("user-2")
        app.desk.erasure.erase("user-2")
        assert len(everyone(app)) == 2
        assert left(app, ["ZOE-4711"]) != []

    def test_an_address_that_was_typed_in_the_chat_pulls_in_nobody(self, app: App) -> None:
        mailed(app, ZOE, "ZOE-4711")
        with db_of(app).transaction() as tx:
            refuse(tx, tx.channels.get("web").id, mail_of(ZOE, "ZOE-4713", "<2@mail>"), 1, "too many")
        chat = begun(app, "MALLORY-1")
        app.handoff.request(chat)
        app.desk.follow_up.leave_address(chat, ZOE.upper())
        found = app.desk.erasure.preview(chat)
        assert found.customer.conversations == (chat,) and "received_mail" not in found.counts
        assert chat in theirs(app, ZOE)  # nobody else is proved there
        app.desk.erasure.erase(chat)
        assert len(everyone(app)) == 1 and app.desk.erasure.preview(ZOE).counts["received_mail"] == 2

    @pytest.mark.parametrize("name", ["user-1", f"mailto:{ZOE}", ZOE])
    def test_a_name_that_a_page_gave_pulls_in_nobody(self, app: App, name: str) -> None:
        mailed(app, ZOE, "ZOE-4711")
        hers = begun(app, "ZOE-4712")
        proved(app, hers, "user-1", ZOE, signed=True)
        his = begun(app, "MALLORY-1", visitor=name)
        assert theirs(app, his) == {his}
        app.desk.erasure.erase(his)
        assert app.desk.erasure.apply_again() == 0 and len(everyone(app)) == 2

    def test_a_customer_whose_address_nobody_proved_is_still_found_by_it(self, app: App) -> None:
        chat = begun(app, "Hello")
        app.handoff.request(chat)
        app.desk.follow_up.leave_address(chat, ZOE)
        assert app.desk.erasure.erase(ZOE.upper()).customer.conversations == (chat,)
        assert left(app, [ZOE]) == []

    def test_whoever_joins_a_thread_by_mail_is_not_its_customer(self, app: App) -> None:
        mailed(app, ZOE, "ZOE-4711")
        (chat,) = everyone(app)
        ticket = app.tickets.page()[0].id
        said = app.tickets.reply(ticket, add_staff(app).id, "We look.").id
        with db_of(app).transaction() as tx:
            sent = tx.mails.add_outgoing(outgoing(ticket, chat, said))
            joins = replace(mail_of(MALLORY, "I am her lawyer", "<3@mail>"), answers=(sent.key,))
            take_mail(tx, tx.channels.get("web").id, joins, b"")
        mailed(app, MALLORY, "MALLORY-1", "<4@mail>")
        assert theirs(app, ZOE) == {chat} and theirs(app, MALLORY) == everyone(app) - {chat}


TABLES = {"visitor_profile", "notice", "presence", "outgoing_mail", "ticket_event", "ticket_tag", "outbox_item"}


def everywhere(tx: Transaction, chat: str, ticket: int, staff: int) -> None:
    """A row of a customer's in every table that came after erasing was first written."""
    profile = tx.visitors.ensure(chat)
    profile.name, profile.email, profile.details = f"Zoe {WORD}", ZOE, {"plan": WORD}
    message = tx.conversations.messages(chat)[0].id
    connector = Connector(name="desk", kind="webhook", config={"url": "https://desk.example"})
    tx.connectors.add(connector)
    tx.notices.add(Notice(ticket_id=ticket, kind=NoticeKind.ESCALATION, via=NoticeVia.MAIL, key="n1", error=WORD))
    tx.presences.put(chat, staff, utcnow(), writing=True)
    tx.mails.add_outgoing(outgoing(ticket, chat, message))
    row = tx.tickets.get(ticket)
    row.record(TicketEventKind.MACRO_USED, staff, name=WORD)
    row.change(staff, tags=[WORD.lower()])
    tx.connectors.add(ConnectorLink(connector_id=connector.id, ticket_id=ticket, external_id="77"))
    tx.connectors.add(
        OutboxItem(connector_id=connector.id, ticket_id=ticket, kind=OutboxKind.CREATE, key="k", error=WORD)
    )
    bodies = [
        {"data": {"ticket_id": "77", "text": f"Dear Zoe {WORD}"}},  # about her ticket over there
        {"data": {"ticket_id": 12, "from": ZOE.title(), "text": WORD}},
        {"data": {"ticket_id": "177", "text": "of somebody else, 77", "from": f"a.{ZOE}"}},
        {"data": {"ticket_id": "78", "from": "zoeXexample.net"}},
    ]
    for number, body in enumerate(bodies):
        state = Delivered.DEAD if number % 2 else Delivered.WAITING
        tx.connectors.add(
            ConnectorDelivery(connector_id=connector.id, delivery_id=str(number), body=json.dumps(body), state=state)
        )


def test_tables_of_later_parts_are_exported_erased_and_searched(app: App) -> None:
    staff = add_staff(app).id
    chat = begun(app, f"I am {WORD}")
    app.handoff.request(chat)
    ticket = app.tickets.page()[0].id
    with db_of(app).transaction() as tx:
        everywhere(tx, chat, ticket, staff)
    places = {remain.place for remain in left(app, [WORD])}
    assert {"visitor_profile.name", "visitor_profile.details", "notice.error", "outgoing_mail.subject"} <= places
    assert {"ticket_event.detail", "ticket_tag.tag", "outbox_item.error", "connector_delivery.body"} <= places
    found = app.desk.erasure.preview(chat)
    assert found.counts.keys() >= TABLES and found.counts["connector_delivery"] == 2
    with zipfile.ZipFile(io.BytesIO(app.desk.customers.export(chat))) as archive:
        records = json.loads(archive.read("customer.json"))["records"]
    assert records.keys() >= TABLES | {"connector_delivery"}
    app.desk.erasure.erase(chat)
    assert left(app, [WORD]) == []
    with db_of(app).reading() as tx:
        rows = tx.connectors.undone_deliveries(tx.connectors.get("desk").id, 10)
        assert {row.delivery_id for row in rows} == {"2", "3"}  # of others, one of whom has an address that ends so
