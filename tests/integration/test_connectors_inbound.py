"""What comes from another help desk: whose words reach the customer, what is refused, and setting up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from support_bot.connectors.base import ConnectorError
from support_bot.errors import Invalid, NotFound, Unauthorized
from support_bot.models import utcnow
from support_bot.services.connector_plan import plan
from support_bot.values import Mode
from tests.helpdesk_receiver import Receiver, receiving, signed
from tests.integration.connector_world import LATER, REPLY, World, shared, world

__all__ = ["shared", "world"]


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
        world.solve_there("d-2")
        before = world.desk.tickets["1"]
        world.carry()
        assert world.app.chat.mode(chat) is Mode.CLOSED
        assert world.desk.tickets["1"] == before, "they know already"

    @pytest.mark.parametrize("text", ["<script>alert(1)</script>", "x" * 100_000, "a\x00b"])
    def test_hostile_text_is_text(self, world: World, text: str) -> None:
        chat = world.hand_off()
        world.carry()
        world.webhook("message.created", **(REPLY | {"text": text}))
        world.carry()
        assert world.says(chat)[-1] == text.replace("\x00", "")[:20_000]

    def test_a_reply_before_we_know_the_ticket_waits_for_it(self, world: World) -> None:
        chat = world.hand_off()
        plan(world.app._parts.db)
        (parcel,) = world.connectors._sender._take(utcnow(), 5)
        assert parcel.draft is not None
        world.connectors._open(parcel.connector).create(parcel.draft)  # and dies before it says so
        world.webhook("message.created", "d-1", **REPLY)
        world.carry()
        assert "Hello" not in world.says(chat)
        world.carry(utcnow() + LATER)
        world.connectors._receiver.work(utcnow() + LATER)
        assert world.says(chat).count("Hello") == 1

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
