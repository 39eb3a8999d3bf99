"""Conversations that go to another help desk and come back: order, once, loop safety, trouble on the way."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support_bot.assembly import App
from support_bot.connectors.base import ConnectorError, RemoteStatus, Who
from support_bot.connectors.fake import Desk, FakeConnector
from support_bot.errors import Invalid, NotFound, Unauthorized
from support_bot.models import utcnow
from support_bot.services.connector_plan import plan
from support_bot.services.connector_send import MOST_A_MINUTE, MOST_ATTEMPTS, wait_s
from support_bot.services.connectors import ConnectorService
from support_bot.values import Mode
from tests.factories import add_staff, make_app
from tests.helpdesk_receiver import Receiver, receiving, signed

LATER = dt.timedelta(hours=3)


class World:
    """An app, a help desk in memory, and a connector between them."""

    def __init__(self, app: App, url: str) -> None:
        self.app = app
        self.connectors = ConnectorService(app._parts.db, {"fake": FakeConnector})
        self.desk = FakeConnector.desks.setdefault(url, Desk())
        self.connectors.save("desk", "fake", url=url)
        self.secret = self.connectors.new_secret("desk")
        self.connectors.switch("desk", enabled=True, safe=False)

    def hand_off(self, *texts: str) -> str:
        chat = self.app.chat.start("web").id
        self.app.handoff.request(chat)
        for text in texts:
            self.app.chat.say(chat, text)
        return chat

    def carry(self, now: dt.datetime | None = None) -> None:
        """Rounds until nothing is left that is due."""
        for _ in range(200):
            if not self.connectors.run_once() and not self.connectors._sender.send_due(now):
                return

    def webhook(self, kind: str, delivery: str = "d-1", **data: Any) -> bool:
        body, headers = signed(self.secret, delivery, kind, **data)
        return self.connectors.take("desk", headers, body)

    def says(self, chat: str) -> list[str]:
        return [m.text for m in self.app.chat.messages(chat)]

    def entries(self, ticket: str = "1") -> list[tuple[Who, bool, str]]:
        return [(e.who, e.private, e.text.partition("\n\n[chat")[0]) for e in self.desk.tickets[ticket].entries]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    app = make_app(tmp_path, start=False)
    yield World(app, f"https://desk.example.com{tmp_path}")
    app.close()


@pytest.fixture
def shared(database: str, world: World) -> World:
    """The same on SQLite and on PostgreSQL."""
    return world


REPLY = {"ticket_id": "1", "message_id": "7", "author": "agent", "private": False, "text": "Hello", "name": "Alice"}


class TestOut:
    def test_a_hand_off_is_one_ticket_with_what_was_said_and_the_summary_as_a_note(self, world: World) -> None:
        world.hand_off("My card was declined")
        world.carry()
        world.carry()
        assert list(world.desk.tickets) == ["1"]
        (draft,) = world.desk.drafts
        assert "My card was declined" in draft.text and draft.email is None and draft.priority == "normal"
        (_, _, _), (who, private, note) = world.entries()
        assert (who, private) == (Who.BOT, True) and note.startswith("Reason: customer request.")

    def test_later_messages_go_into_the_same_ticket_in_their_order(self, world: World) -> None:
        chat = world.hand_off()
        world.carry()
        texts = [f"message {n}" for n in range(9)]
        for text in texts:
            world.app.chat.say(chat, text)
        world.carry()
        assert [text for who, private, text in world.entries()[2:]] == texts
        assert {(who, private) for who, private, _ in world.entries()[2:]} == {(Who.CUSTOMER, False)}

    def test_staff_who_answer_here_are_read_there_and_notes_stay_notes(self, world: World) -> None:
        chat = world.hand_off()
        world.carry()
        ana = add_staff(world.app)
        ticket = world.app.handoff.take(chat, ana.id).row
        world.app.tickets.reply(ticket.id, ana.id, "In a minute.")
        world.app.tickets.note(ticket.id, ana.id, "Angry.")
        world.carry()
        assert world.entries()[2:] == [
            (Who.BOT, False, "In a minute."),
            (Who.BOT, True, "Support: Angry."),
        ]

    def test_in_safe_mode_nothing_is_public_but_the_ticket(self, world: World) -> None:
        world.connectors.switch("desk", safe=True)
        chat = world.hand_off()
        world.carry()
        world.app.chat.say(chat, "Are you there?")
        world.carry()
        assert world.entries()[2:] == [(Who.BOT, True, "Customer: Are you there?")]

    def test_tickets_from_before_it_was_switched_on_stay(self, world: World) -> None:
        world.connectors.switch("desk", enabled=False)
        world.hand_off()
        world.connectors.switch("desk", enabled=True)
        world.carry()
        assert world.desk.tickets == {}

    def test_solved_here_is_solved_there_and_whoever_comes_back_gets_the_same_ticket(self, world: World) -> None:
        chat = world.hand_off()
        world.carry()
        ana = add_staff(world.app)
        world.app.tickets.solve(world.app.handoff.take(chat, ana.id).row.id, ana.id)
        world.carry()
        assert world.desk.tickets["1"].status is RemoteStatus.SOLVED
        world.app.handoff.request(chat)
        world.app.chat.say(chat, "It broke again")
        world.carry()
        assert list(world.desk.tickets) == ["1"] and world.desk.tickets["1"].status is RemoteStatus.OPEN
        assert world.entries()[-1] == (Who.CUSTOMER, False, "It broke again")


class TestTrouble:
    @pytest.mark.parametrize("when", ["before", "after"])
    def test_whatever_breaks_wherever_everything_arrives_once(self, world: World, when: str) -> None:
        """Each call fails once: before anything happened, or after it did and nobody heard of it."""
        chat = world.hand_off()
        seen: set[int] = set()

        def trouble(now: str) -> ConnectorError | None:
            size = sum(len(t.entries) for t in world.desk.tickets.values())
            if now != when or size in seen:
                return None
            seen.add(size)
            return ConnectorError("The line is dead.")

        world.desk.trouble = trouble
        world.app.chat.say(chat, "same")
        world.app.chat.say(chat, "same")
        world.connectors.run_once()
        world.app.chat.say(chat, "same")
        for n in range(1, 12):
            world.connectors.run_once()
            world.connectors._sender.send_due(utcnow() + n * LATER)
        assert list(world.desk.tickets) == ["1"] and len(seen) >= 3
        assert [text for _, _, text in world.entries()[2:]] == ["same"]
        assert len(world.entries()) == 3 and world.desk.drafts[0].text.count("same") == 2
        assert world.connectors.get("desk").waiting == 0

    def test_a_process_that_died_while_sending_is_taken_up_and_nothing_doubles(self, world: World) -> None:
        world.hand_off()
        plan(world.app._parts.db)
        (parcel,) = world.connectors._sender._take(utcnow(), 5)
        assert parcel.draft is not None
        world.connectors._open(parcel.connector).create(parcel.draft)  # and dies before it says so
        world.carry()
        world.carry(utcnow() + LATER)
        assert list(world.desk.tickets) == ["1"] and len(world.entries()) == 2

    def test_two_servers_do_not_send_twice(self, shared: World) -> None:
        world = shared
        for _ in range(4):
            world.hand_off("hello")
        other = ConnectorService(world.app._parts.db, {"fake": FakeConnector})
        threads = [threading.Thread(target=each.run_once) for each in (world.connectors, other) * 3]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        world.carry()
        assert len(world.desk.drafts) == 4 and all(len(t.entries) == 2 for t in world.desk.tickets.values())

    def test_what_cannot_be_mended_is_dead_shown_and_tried_again_by_an_admin(self, world: World) -> None:
        world.desk.trouble = lambda when: ConnectorError("Queue 9 is not there.", lasting=True)
        world.hand_off()
        world.carry()
        view = world.connectors.get("desk")
        assert (view.dead, view.waiting) == (2, 0) and view.queue[0].error == "Queue 9 is not there."
        world.desk.trouble = lambda when: None
        assert world.connectors.retry("desk") == 2
        world.carry()
        assert world.connectors.get("desk").dead == 0 and len(world.entries()) == 2

    def test_after_many_attempts_it_is_dead(self, world: World) -> None:
        world.desk.trouble = lambda when: ConnectorError("Nobody answers.")
        world.hand_off()
        for n in range(MOST_ATTEMPTS + 3):
            world.connectors.run_once()
            world.connectors._sender.send_due(utcnow() + n * LATER)
        view = world.connectors.get("desk")
        assert view.dead == 2 and view.queue[0].attempts == MOST_ATTEMPTS

    def test_waits_grow_are_spread_and_heed_the_help_desk(self) -> None:
        assert all(2.5 <= wait_s(1) <= 7.5 and 1800 <= wait_s(40) <= 5400 for _ in range(50))
        assert len({wait_s(1) for _ in range(20)}) > 1
        assert wait_s(1, retry_after=600) == 600

    def test_one_conversation_cannot_flood_the_help_desk(self, world: World) -> None:
        chat = world.hand_off()
        world.carry()
        for n in range(MOST_A_MINUTE + 5):
            world.app.chat.say(chat, f"{n}")
        world.carry()
        assert len(world.entries()) == MOST_A_MINUTE
        assert world.connectors.get("desk").waiting == 7

    def test_an_erased_conversation_takes_its_queue_with_it(self, world: World) -> None:
        world.desk.trouble = lambda when: ConnectorError("Nobody answers.")
        world.hand_off("forget me")
        world.carry()
        world.connectors.remove("desk")
        with pytest.raises(NotFound):
            world.connectors.get("desk")
        world.carry()


class TestIn:
    def test_a_person_s_public_reply_reaches_the_customer_once(self, shared: World) -> None:
        world = shared
        chat = world.hand_off("Help")
        world.carry()
        assert world.webhook("message.created", "d-1", **REPLY)
        assert not world.webhook("message.created", "d-1", **REPLY)
        assert world.webhook("message.created", "d-2", **REPLY)  # the same message under another delivery
        world.carry()
        assert world.says(chat).count("Hello") == 1
        assert world.app.chat.mode(chat) is Mode.HUMAN
        assert len(world.entries()) == 2, "what came from there does not go back"

    @pytest.mark.parametrize(
        "other",
        [
            {"private": True},
            {"private": None},
            {"private": "false"},
            {"author": "bot"},
            {"author": "system"},
            {"author": "customer"},
            {"ticket_id": "99"},
            {"text": "  "},
        ],
    )
    def test_notes_rules_mailers_and_ourselves_reach_nobody(self, world: World, other: dict[str, Any]) -> None:
        chat = world.hand_off("Help")
        world.carry()
        before = world.says(chat)
        world.webhook("message.created", **(REPLY | other))
        world.carry()
        assert world.says(chat) == before and world.app.chat.mode(chat) is Mode.WAITING

    def test_solved_there_is_closed_here_and_does_not_echo(self, world: World) -> None:
        chat = world.hand_off()
        world.carry()
        world.webhook("ticket.status_changed", ticket_id="1", author="system", status="solved")
        world.carry()
        assert world.app.chat.mode(chat) is Mode.WAITING
        world.webhook("ticket.status_changed", "d-2", ticket_id="1", author="agent", status="solved")
        world.carry()
        assert world.app.chat.mode(chat) is Mode.CLOSED
        assert world.desk.tickets["1"].status is RemoteStatus.OPEN, "they know already"

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "x" * 100_000, "a\x00b"])
    def test_hostile_text_is_text(self, world: World, text: str) -> None:
        chat = world.hand_off()
        world.carry()
        world.webhook("message.created", **(REPLY | {"text": text}))
        world.carry()
        assert world.says(chat)[-1] == text.replace("\x00", "")[:20_000]

    def test_nonsense_is_kept_dead_and_stops_nothing(self, world: World) -> None:
        chat = world.hand_off()
        world.carry()
        world.webhook("message.created", "d-0", **(REPLY | {"author": "nobody"}))
        world.webhook("message.created", "d-1", **REPLY)
        world.carry()
        assert world.says(chat)[-1] == "Hello"

    def test_unsigned_stale_and_unknown_are_refused(self, world: World) -> None:
        body, headers = signed(world.secret, "d-1", "message.created", **REPLY)
        for bad in ({}, headers | {"webhook-id": "d-2"}, headers | {"webhook-timestamp": "1700000000"}):
            with pytest.raises(Unauthorized):
                world.connectors.take("desk", bad, body)
        with pytest.raises(Unauthorized):
            world.connectors.take("desk", headers, body + b" ")
        with pytest.raises(NotFound):
            world.connectors.take("other", headers, body)
        world.connectors.switch("desk", enabled=False)
        with pytest.raises(NotFound):
            world.connectors.take("desk", headers, body)

    def test_the_secret_before_stays_good_until_the_next(self, world: World) -> None:
        body, headers = signed(world.secret, "d-1", "ping")
        world.connectors.new_secret("desk")
        assert world.connectors.take("desk", headers, body)
        world.connectors.new_secret("desk")
        with pytest.raises(Unauthorized):
            world.connectors.take("desk", headers, body)


class TestSetUp:
    @pytest.mark.parametrize(
        ("name", "kind", "url"),
        [
            ("Bad Name", "fake", "https://a.example.com"),
            ("a", "none", "https://a.example.com"),
            ("a", "fake", "ftp://a.example.com"),
            ("a", "fake", "https://u:p@a.example.com"),
            ("a", "fake", ""),
            ("", "fake", "https://a.example.com"),
        ],
    )
    def test_what_makes_no_sense_is_refused(self, world: World, name: str, kind: str, url: str) -> None:
        with pytest.raises(Invalid):
            world.connectors.save(name, kind, url=url)

    def test_the_test_button_says_what_is_wrong(self, world: World) -> None:
        assert world.connectors.test("desk") == "It works."
        world.desk.trouble = lambda when: ConnectorError("Wrong token.")
        assert world.connectors.test("desk") == "Wrong token."


class TestWebhookConnector:
    @pytest.fixture
    def receiver(self) -> Iterator[Receiver]:
        with receiving() as receiver:
            yield receiver

    def test_a_program_hears_everything_signed_and_knows_a_repetition(self, world: World, receiver: Receiver) -> None:
        app = world.app
        world.connectors.remove("desk")
        app.connectors.save("crm", "webhook", url=receiver.url, queue="Support")
        with pytest.raises(Invalid):
            app.connectors.switch("crm", enabled=True)
        receiver.secret = app.connectors.new_secret("crm")
        app.connectors.switch("crm", enabled=True, safe=False)
        assert app.connectors.test("crm") == "It works."
        receiver.answers = [500]
        chat = world.hand_off("My card was declined")
        app.connectors.run_once()
        for n in range(1, 4):
            app.connectors.run_once()
            app.connectors._sender.send_due(utcnow() + n * LATER)
        app.chat.say(chat, "Hello?")
        app.connectors.run_once()
        ids = [came_as for came_as, said in receiver.came if said["type"] == "ticket.created"]
        assert len(ids) == 2 and len(set(ids)) == 1
        created = receiver.events("ticket.created")[0]
        assert created["queue"] == "Support" and "My card was declined" in created["text"]
        said = receiver.events("message.created")
        assert [(each["author"], each["private"]) for each in said] == [("bot", True), ("customer", False)]
        assert {each["ticket_id"] for each in said} == {ids[0]}
