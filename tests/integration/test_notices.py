"""Staff are told of escalations and assignments, through a real SMTP server and a real webhook, on both databases."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from pydantic import SecretStr

from support_bot.assembly import build_app
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.errors import Invalid
from support_bot.mail_settings import MailSettings, NoticeSettings
from support_bot.models import NoticeState, utcnow
from support_bot.services.notice_choices import NoticeWishes
from support_bot.services.notice_sending import NoticeSender
from support_bot.settings import ServerSettings
from support_bot.values import AssignmentRule, NoticeKind, Role
from tests.factories import add_staff, make_database, settings
from tests.integration.notice_world import MINUTE, World, chat_program
from tests.mail_servers import PASSWORD, make_certificate, smtp


@pytest.fixture
def world(database: str, tmp_path: Path) -> Iterator[World]:
    certificate, key = make_certificate(tmp_path)
    with ExitStack() as stack:
        server = stack.enter_context(smtp(certificate, key))
        chat = stack.enter_context(chat_program())
        mail = MailSettings(
            address="help@acme.example", password=SecretStr(PASSWORD), ca_file=certificate, smtp_host="127.0.0.1",
            smtp_port=server.port,
        )  # fmt: skip
        chosen = settings(tmp_path).model_copy(
            update={
                "mail": mail,
                "notices": NoticeSettings(webhook_url=SecretStr(chat.url)),
                "server": ServerSettings(public_url="https://help.acme.example/bot/"),
            }
        )
        make_database(chosen)
        app = build_app(chosen, engine=FakeEngine(), embedder=HashingEmbedder())
        stack.callback(app.close)
        app.channels.ensure_default()
        yield World(app, server.sent, chat, add_staff(app))


class TestMail:
    def test_every_agent_of_the_team_hears_once_of_an_escalation_that_is_nobodys(self, world: World) -> None:
        app = world.app
        bo = add_staff(app, email="bo@example.com")
        add_staff(app, Role.VIEWER, "vi@example.com")
        first = world.escalate("Where is\r\nBcc: all@example.com my parcel?")
        assert world.send() == 3 and world.send(10 * MINUTE) == 0
        assert sorted(world.to()) == ["ana@example.com", "bo@example.com"]
        mail = world.sent.mails[0]
        assert (
            mail["Subject"].strip()
            == f"A customer waits for a person: #{first} Where is Bcc: all@example.com my parcel?"
        )
        assert (mail["Auto-Submitted"], mail["Bcc"]) == ("auto-generated", None)
        assert "Reason: customer request" in mail.get_content()
        assert "https://help.acme.example/bot/desk/?conversation=" in mail.get_content()
        app.desk.routing.set("web", app.desk.teams.add("Billing", [bo.id]).id, None)
        world.escalate()
        world.send()
        assert world.to()[2:] == ["bo@example.com"]

    def test_who_is_given_a_ticket_is_told_and_who_takes_one_is_not(self, world: World) -> None:
        app, bo = world.app, add_staff(world.app, email="bo@example.com")
        ticket = world.escalate()
        app.tickets.assign(ticket, world.ana.id, bo.id)
        app.tickets.assign(ticket, world.ana.id, bo.id)  # it is theirs already
        world.send()
        assert world.to() == ["ana@example.com"] and "yours now" in world.sent.mails[0]["Subject"]
        app.tickets.assign(world.escalate(), bo.id, bo.id)
        world.send()
        assert world.to() == ["ana@example.com"]

    def test_a_rule_tells_only_whom_it_gives_the_ticket_to(self, world: World) -> None:
        add_staff(world.app, email="bo@example.com")
        world.app.desk.routing.set_rule(AssignmentRule.LEAST_BUSY)
        world.app.desk.availability.seen(world.ana.id)
        world.escalate()
        world.send()
        assert world.to() == ["ana@example.com"] and "yours now" in world.sent.mails[0]["Subject"]
        assert len(world.chat.texts) == 1 and "given to Ana" in world.chat.texts[0]

    def test_what_somebody_does_not_want_or_is_over_is_not_sent(self, world: World) -> None:
        app = world.app
        app.desk.notices.choose(world.ana.id, NoticeWishes(escalation_mail=False))
        world.escalate()
        bo = add_staff(app, email="bo@example.com")
        taken, solved = world.escalate(), world.escalate()
        app.tickets.assign(taken, bo.id, bo.id)
        app.tickets.solve(solved, bo.id)
        app.tickets.assign(world.escalate(), world.ana.id, bo.id)
        app.staff.deactivate("bo@example.com", None)
        world.send()
        assert world.to() == ["ana@example.com"] and "yours now" in world.sent.mails[0]["Subject"]

    def test_quiet_hours_hold_a_mail_until_they_are_over(self, world: World) -> None:
        now = utcnow()
        begin, end = (now - MINUTE).strftime("%H:%M"), (now + 30 * MINUTE).strftime("%H:%M")
        world.app.desk.notices.choose(world.ana.id, NoticeWishes(quiet=f"{begin}-{end}"))
        ticket = world.escalate()
        world.send()
        world.send(20 * MINUTE)
        assert world.to() == [] and len(world.chat.texts) == 1
        world.send(40 * MINUTE)
        assert world.to() == ["ana@example.com"]
        assert set(world.states(ticket)) == {NoticeState.SENT}

    def test_a_mail_server_that_is_busy_is_asked_again_and_one_that_refuses_is_not(self, world: World) -> None:
        world.sent.answers[:] = ["451 try later", "250"]
        ticket = world.escalate()
        assert world.send() == 1 and world.to() == []
        assert world.send(1.5 * MINUTE) == 0 and world.send(3 * MINUTE) == 1
        assert world.to() == ["ana@example.com"] and set(world.states(ticket)) == {NoticeState.SENT}
        world.sent.answers[:] = ["550 no such person"]
        ticket = world.escalate()
        world.send()
        world.send(600 * MINUTE)
        assert sorted(world.states(ticket)) == [NoticeState.FAILED, NoticeState.SENT]


class TestWebhook:
    def test_number_subject_and_reason_are_all_that_leaves_and_nobody_is_called(self, world: World) -> None:
        ticket = world.escalate("<!channel> & \n <https://evil.example|click>")
        world.send()
        (text,) = world.chat.texts
        assert world.chat.said == [{"text": text}]
        start = f"A customer waits for a person: #{ticket} &lt;!channel&gt; &amp; "
        start += "&lt;https://\u200bevil.example|click&gt; "
        assert text.startswith(start + "(customer request), nobody has it yet. https://help.acme.example/bot/desk/")

    def test_marks_of_other_chat_programs_call_nobody_and_link_nowhere(self, world: World) -> None:
        world.escalate("@all see [this](https://evil.example)")
        world.send()
        (text,) = world.chat.texts
        assert "@all" not in text and "](" not in text and "https://evil" not in text
        assert "@all see [this](https://evil.example)" in text.replace("\u200b", "")

    def test_a_failure_is_tried_again_and_what_may_have_arrived_is_not(
        self, world: World, caplog: pytest.LogCaptureFixture
    ) -> None:
        world.chat.answers[:] = [503, 429]
        world.escalate()
        for minutes in (1, 3, 6, 20):
            world.send(minutes * MINUTE)
        assert len(world.chat.texts) == 3
        for answer in (0, 404):
            world.chat.said.clear()
            world.chat.answers[:] = [answer]
            ticket = world.escalate()
            for minutes in (1, 3, 600):
                world.send(minutes * MINUTE)
            assert len(world.chat.texts) == 1 and NoticeState.FAILED in world.states(ticket)
        assert "secret-part" not in caplog.text

    def test_one_that_was_cut_off_while_it_was_sent_is_given_up(self, world: World) -> None:
        ticket = world.escalate()
        with world.db.transaction() as tx:
            for notice in tx.notices.of_ticket(ticket):
                notice.begin(utcnow())
        assert world.send(11 * MINUTE) == 1  # the mail, under the same key
        assert world.chat.texts == [] and sorted(world.states(ticket)) == [NoticeState.FAILED, NoticeState.SENT]


def test_two_servers_at_once_send_each_notice_once(world: World) -> None:
    for _ in range(5):
        world.escalate()
    threads = [threading.Thread(target=world.send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.to()) == 5 == len(world.chat.texts)


def test_each_attempt_is_given_its_time_from_its_own_beginning(world: World) -> None:
    tickets = [world.escalate() for _ in range(2)]
    assert world.app.desk.notice_sender.send_due() == 4
    with world.db.reading() as tx:
        until = [notice.next_at for ticket in tickets for notice in tx.notices.of_ticket(ticket)]
    assert len(set(until)) == 4


def test_a_team_whose_members_are_all_deactivated_leaves_its_tickets_to_everybody(world: World) -> None:
    notices, bo = world.app.desk.notices, add_staff(world.app, email="bo@example.com")
    world.app.desk.routing.set("web", world.app.desk.teams.add("Billing", [bo.id]).id, None)
    world.app.staff.deactivate("bo@example.com", None)
    last, heard = notices.begin()
    ticket = world.escalate()
    assert [ring.ticket for ring in notices.rings(world.ana.id, last, heard)[1]] == [ticket]


def test_without_a_way_nothing_waits_and_old_ones_are_forgotten(world: World, tmp_path: Path) -> None:
    ticket = world.escalate()
    assert NoticeSender(world.db, settings(tmp_path)).send_due(utcnow() + MINUTE) == 0
    assert set(world.states(ticket)) == {NoticeState.DROPPED}
    assert world.send(dt.timedelta(days=31)) == 0 and world.states(ticket) == []


def test_only_hours_and_zones_that_exist_can_be_chosen(world: World) -> None:
    chosen = NoticeWishes(quiet="22:00-6:00", zone="Europe/Berlin", sound=False)
    assert world.app.desk.notices.choose(world.ana.id, chosen) == chosen
    for wrong in (NoticeWishes(quiet="late"), NoticeWishes(quiet="25:00-26:00"), NoticeWishes(zone="Mars/Base")):
        with pytest.raises(Invalid):
            world.app.desk.notices.choose(world.ana.id, wrong)
    assert world.app.desk.notices.get(world.ana.id) == chosen


def test_an_open_desk_rings_once_for_what_concerns_its_agent(world: World) -> None:
    notices, ana, bo = world.app.desk.notices, world.ana, add_staff(world.app, email="bo@example.com")
    world.escalate()
    last, heard = notices.begin()
    assert notices.rings(ana.id, last, heard) == (last, ())
    theirs = world.escalate()
    last, rings = notices.rings(ana.id, last, heard)
    assert [(ring.kind, ring.ticket, ring.sound) for ring in rings] == [(NoticeKind.ESCALATION, theirs, True)]
    world.app.tickets.assign(theirs, ana.id, bo.id)
    last, rings = notices.rings(ana.id, last, heard)
    assert [(ring.kind, ring.ticket) for ring in rings] == [(NoticeKind.ASSIGNMENT, theirs)]
    world.app.tickets.assign(world.escalate(), ana.id, ana.id)
    world.app.desk.routing.set("web", world.app.desk.teams.add("Billing", [bo.id]).id, None)
    world.escalate()
    last, rings = notices.rings(ana.id, last, heard)
    assert rings == []
    notices.choose(ana.id, NoticeWishes(quiet="0:00-24:00"))
    world.app.tickets.assign(theirs, bo.id, bo.id)
    world.app.tickets.assign(theirs, ana.id, bo.id)
    assert notices.rings(ana.id, last, heard)[1] == []
