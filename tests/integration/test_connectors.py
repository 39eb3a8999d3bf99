"""Conversations that go to another help desk and come back: order, once, loop safety, trouble on the way."""

from __future__ import annotations

import threading

import pytest

from support_bot.connectors.base import ConnectorError, RemoteStatus, Who
from support_bot.connectors.fake import FakeConnector
from support_bot.errors import NotFound
from support_bot.models import utcnow
from support_bot.services.connector_plan import plan
from support_bot.services.connector_send import MOST_A_MINUTE, MOST_ATTEMPTS, wait_s
from support_bot.services.connectors import ConnectorService
from tests.factories import add_staff
from tests.integration.connector_world import LATER, World, shared, world

__all__ = ["shared", "world"]


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

    def test_a_plug_in_that_breaks_holds_up_nothing_of_the_others(self, world: World) -> None:
        for _ in range(2):
            world.hand_off("hello")
        broken = iter([RuntimeError("a bug")])
        world.desk.trouble = lambda now: next(broken, None) if now == "before" else None  # type: ignore[assignment]
        world.carry()
        assert len(world.desk.tickets) == 1
        world.carry(utcnow() + LATER)
        assert len(world.desk.tickets) == 2 and world.connectors.get("desk").waiting == 0

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
