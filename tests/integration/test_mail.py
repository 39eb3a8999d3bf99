"""Mails in through a real IMAP server and out through a real SMTP server: one ticket all the way."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from pydantic import SecretStr

from support_bot.assembly import App, build_app
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.mail_settings import MailSettings
from support_bot.models import ReceivedMail, utcnow
from support_bot.services.views import ConversationView
from support_bot.values import Author, Mode
from tests.factories import add_staff, make_database, settings
from tests.mail_servers import DOVECOT, PASSWORD, Dovecot, Sent, dovecot, make_certificate, smtp
from ui.parts.ticket_history import told

_NUMBERS = itertools.count(1)
ANA = "ana@shop.example"


@pytest.fixture(scope="module")
def imap() -> Iterator[Dovecot]:
    if not DOVECOT.exists():
        pytest.skip("Dovecot cannot be installed here; on Debian and Ubuntu: apt-get install dovecot-imapd")
    with dovecot() as server:
        yield server


@dataclass(frozen=True)
class World:
    """An app whose mailbox is a fresh one, and what left it."""

    app: App
    mailbox: str
    imap: Dovecot
    sent: Sent
    agent: int

    def receive(self, *mails: EmailMessage | bytes) -> int:
        for mail in mails:
            self.imap.put(self.mailbox, mail if isinstance(mail, bytes) else mail.as_bytes())
        return self.app.desk.mail.fetch()

    def tickets(self) -> list[ConversationView]:
        rows = self.app.tickets.page(view="all")
        return [self.app.tickets.conversation(row.conversation_id) for row in reversed(rows)]

    def said(self) -> list[str]:
        """What customers wrote, the oldest ticket first."""
        found = self.tickets()
        return [m.text for view in found for m in view.messages if m.author is Author.CUSTOMER]

    def refused(self) -> list[str]:
        with self.app._parts.db.reading() as tx:
            rows = tx._session.query(ReceivedMail).order_by(ReceivedMail.id)
            return [row.refused for row in rows if row.refused]


@pytest.fixture
def open_world(tmp_path: Path, imap: Dovecot) -> Iterator[Callable[..., World]]:
    apps = []
    certificate, key = make_certificate(tmp_path)
    trusted = tmp_path / "trusted.pem"
    trusted.write_text(certificate.read_text() + imap.certificate.read_text())
    with smtp(certificate, key) as server:

        def make(**values: object) -> World:
            mailbox = f"help{next(_NUMBERS)}@acme.example"
            mail = MailSettings(
                address=mailbox, password=SecretStr(PASSWORD), ca_file=trusted, imap_host="127.0.0.1",
                imap_port=imap.port, smtp_host="127.0.0.1", smtp_port=server.port,
            ).model_copy(update=values)  # fmt: skip
            chosen = settings(tmp_path).model_copy(update={"mail": mail})
            make_database(chosen)
            app = build_app(chosen, engine=FakeEngine(), embedder=HashingEmbedder())
            apps.append(app)
            return World(app, mailbox, imap, server.sent, add_staff(app).id)

        yield make
    for app in apps:
        app.close()


@pytest.fixture
def world(open_world: Callable[..., World]) -> World:
    return open_world()


def mail(
    text: str = "Where is my jacket?", *, sender: str = ANA, subject: str = "My order", **headers: str
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "help@acme.example"
    if subject:
        message["Subject"] = subject
    message["Message-ID"] = f"<{next(_NUMBERS)}@shop.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message


class TestOneTicket:
    def test_goes_from_mail_to_desk_to_mail_and_on(self, world: World) -> None:
        first = mail("Where is my jacket?\n\n-- \nAna\n+49 30 901820")
        assert world.receive(first) == 1
        (view,) = world.tickets()
        assert view.row.mode == Mode.WAITING and view.ticket and view.ticket.row.subject == "My order"
        assert world.said() == ["Where is my jacket?"]
        ticket = view.ticket.row.id
        world.app.tickets.note(ticket, world.agent, "He is an old customer.")
        world.app.tickets.reply(ticket, world.agent, "It left us on Monday.\r\nBcc: everybody@shop.example")
        assert world.app.desk.mail.send_due() == 1 and world.app.desk.mail.send_due() == 0
        (out,) = world.sent.mails
        assert out["To"] == ANA and out["Subject"] == f"Re: My order [#{ticket}]"
        assert out["From"].addresses[0].addr_spec == world.mailbox == world.sent.senders[0]
        assert out["In-Reply-To"] == out["References"] == first["Message-ID"]
        assert "Auto-Submitted" not in out and "Bcc" not in out and "old customer" not in out.as_string()
        assert out.get_content().splitlines() == ["It left us on Monday.", "Bcc: everybody@shop.example"]
        quoted = "Thank you!\n\nOn Mon, 1 Jan 2026 at 10:00, Acme <help@acme.example> wrote:\n> It left us on Monday.\n"
        again = mail(quoted, subject="Re: My order", In_Reply_To=out["Message-ID"])
        assert world.receive(again) == 1
        assert len(world.tickets()) == 1 and world.said() == ["Where is my jacket?", "Thank you!"]
        world.app.tickets.reply(ticket, world.agent, "You are welcome.")
        world.app.desk.mail.send_due()
        last = world.sent.mails[-1]
        assert last["In-Reply-To"] == again["Message-ID"]
        thread = [first["Message-ID"], out["Message-ID"], again["Message-ID"]]
        assert str(last["References"]).split() == thread

    def test_a_solved_one_is_followed_by_another_in_the_same_conversation(self, world: World) -> None:
        first = mail()
        world.receive(first)
        world.app.tickets.solve(world.tickets()[0].ticket.row.id, world.agent)  # type: ignore[union-attr]
        world.receive(mail("It never came.", In_Reply_To=first["Message-ID"]))
        rows = world.app.tickets.page(view="all")
        assert len(rows) == 2 and len({row.conversation_id for row in rows}) == 1
        assert world.tickets()[-1].row.mode == Mode.WAITING

    def test_the_number_in_the_subject_counts_from_the_customers_address_alone(self, world: World) -> None:
        world.receive(mail())
        (view,) = world.tickets()
        token = f"Re: My order [#{view.ticket and view.ticket.row.id}]"
        world.receive(
            mail("Any news?", subject=token), mail("Send it to me!", sender="eve@evil.example", subject=token)
        )
        assert [m.text for m in world.tickets()[0].messages] == ["Where is my jacket?", "Any news?"]
        assert len(world.tickets()) == 2

    def test_a_strangers_answer_to_a_customers_own_mail_stays_outside(self, world: World) -> None:
        first = mail()
        world.receive(first, mail("Me too", sender="eve@evil.example", In_Reply_To=first["Message-ID"]))
        assert len(world.tickets()) == 2

    def test_who_joins_a_thread_is_named_and_answers_go_on_to_the_customer(self, world: World) -> None:
        world.receive(mail())
        ticket = world.tickets()[0].ticket.row.id  # type: ignore[union-attr]
        world.app.tickets.reply(ticket, world.agent, "On Monday.")
        world.app.desk.mail.send_due()
        world.receive(mail("I take it.", sender="bo@shop.example", References=world.sent.mails[0]["Message-ID"]))
        assert world.said()[-1] == "From bo@shop.example:\n\nI take it." and len(world.tickets()) == 1
        world.app.tickets.reply(ticket, world.agent, "Good.")
        world.app.desk.mail.send_due()
        assert world.sent.mails[-1]["To"] == ANA

    def test_a_chat_that_left_an_address_is_answered_by_mail_and_goes_on_by_mail(self, world: World) -> None:
        chat = world.app.chat.start("web").id
        ticket = world.app.handoff.request(chat).row.id
        world.app.desk.follow_up.leave_address(chat, ANA)
        world.app.tickets.reply(ticket, world.agent, "Here is your label.")
        world.app.desk.mail.send_due()
        (out,) = world.sent.mails
        assert out["To"] == ANA and "In-Reply-To" not in out
        world.receive(mail("Got it.", In_Reply_To=out["Message-ID"]))
        assert world.app.tickets.conversation(chat).messages[-1].text == "Got it."


class TestOut:
    def test_a_server_that_is_busy_is_asked_again_later_with_the_same_message_id(self, world: World) -> None:
        world.receive(mail())
        world.app.tickets.reply(world.tickets()[0].ticket.row.id, world.agent, "Hello.")  # type: ignore[union-attr]
        world.sent.answers += ["451 later", "451 later"]
        send = world.app.desk.mail.send_due
        assert send() == 0 and send() == 0
        now = utcnow()
        assert send(now + timedelta(seconds=62)) == 0 and send(now + timedelta(seconds=122)) == 0
        assert send(now + timedelta(seconds=190)) == 1 and len(world.sent.mails) == 1

    def test_a_refusal_for_good_is_told_on_the_ticket(self, world: World) -> None:
        world.receive(mail())
        ticket = world.tickets()[0].ticket.row.id  # type: ignore[union-attr]
        world.app.tickets.reply(ticket, world.agent, "Hello.")
        world.sent.answers.append("550 nobody of that name")
        assert world.app.desk.mail.send_due() == 0
        assert world.app.desk.mail.send_due(utcnow() + timedelta(days=1)) == 0 and world.sent.mails == []
        view = world.tickets()[0]
        assert "550 nobody of that name" in view.messages[-1].text
        line = view.ticket.history[-1]  # type: ignore[union-attr]
        assert told(line) == f"The mail to {ANA} could not be sent: 550 nobody of that name"

    def test_a_wrong_password_is_logged_without_it(
        self, open_world: Callable[..., World], caplog: pytest.LogCaptureFixture
    ) -> None:
        world = open_world(password=SecretStr("not-this-one"))
        with caplog.at_level(logging.WARNING):
            assert world.app.desk.mail.fetch() == 0
        assert "cannot be fetched" in caplog.text and "not-this-one" not in caplog.text


LOOPS = [
    {"Auto_Submitted": "auto-replied"}, {"Precedence": "bulk"}, {"X_Auto_Response_Suppress": "All"},
    {"List_Id": "<news.shop.example>"}, {"Return_Path": "<>"}, {"X_Autoreply": "yes"},
]  # fmt: skip


class TestWhatMakesNoTicket:
    def test_machines_lists_bounces_and_ourselves(self, world: World) -> None:
        loops = [mail(**headers) for headers in LOOPS]
        loops += [mail(sender=world.mailbox), mail(sender="MAILER-DAEMON@shop.example"), mail(sender="nobody")]
        assert world.receive(*loops) == 0
        assert world.tickets() == [] and len(world.refused()) == len(loops)
        assert world.imap.unseen(world.mailbox) == 0

    def test_a_mail_of_30_mb_is_neither_fetched_nor_looked_at_again(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        huge = mail("x" * 78 + "\n").as_bytes() + (b"y" * 78 + b"\r\n") * 375_000
        with caplog.at_level(logging.WARNING):
            assert world.receive(huge, mail("A small one")) == 1
        assert "30 MB, and at most 25 are taken" in caplog.text and world.said() == ["A small one"]
        assert world.imap.unseen(world.mailbox) == 0 and world.app.desk.mail.fetch() == 0

    def test_the_same_mail_twice_and_one_that_a_crash_left_unseen(self, world: World) -> None:
        twin = mail()
        assert world.receive(twin, twin) == 1
        world.imap.forget_what_was_seen(world.mailbox)  # killed between commit and mark
        assert world.app.desk.mail.fetch() == 0 and len(world.tickets()) == 1
        assert world.imap.unseen(world.mailbox) == 0

    def test_more_than_a_sender_may_write_in_an_hour(self, open_world: Callable[..., World]) -> None:
        world = open_world(per_sender_per_hour=3)
        assert world.receive(*(mail() for _ in range(5)), mail(sender="bo@shop.example")) == 4
        assert len(world.refused()) == 2


class TestAwkwardMails:
    def test_no_subject_and_no_text(self, world: World) -> None:
        assert world.receive(mail("", subject="")) == 1
        assert world.said() == ["(The mail has no text.)"]
        assert world.tickets()[0].ticket.row.subject == "Mail without a subject"  # type: ignore[union-attr]

    def test_html_alone_becomes_text_without_script_and_what_is_hidden(self, world: World) -> None:
        html = mail("")
        html.set_content(
            "<html><head><style>p{}</style></head><body><p>Hello<br>there</p><script>alert(1)</script>"
            '<div style="display:none">secret</div><p>&lt;b&gt;5 &amp; 6</p>'
            "<blockquote>earlier</blockquote></body></html>",
            subtype="html",
        )
        world.receive(html)
        assert world.said() == ["Hello\nthere\n\n<b>5 & 6"]

    def test_wrong_charsets_broken_headers_and_bytes_that_are_no_mail(self, world: World) -> None:
        head = b"From: ana@shop.example\r\nMessage-ID: <%d@x>\r\nSubject: %s\r\n"
        head += b"Content-Type: text/plain; charset=%s\r\n\r\n"
        made_up = head % (1, b"=?nonsense?q?=ff?=", b"klingon") + "Größe".encode()
        wrong = head % (2, b"caf\xe9", b"utf-8") + "Über die Größe und schöne Grüße".encode("latin-1")
        assert world.receive(made_up, wrong, b"\xff\xfe\x00\x01" * 50) == 2
        assert world.said() == ["Größe", "Über die Größe und schöne Grüße"]

    def test_attachments_are_named(self, world: World) -> None:
        letter = mail("See here.")
        letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="bill.pdf")
        world.receive(letter)
        assert world.said() == ["See here.\n\nAttached: bill.pdf"]
