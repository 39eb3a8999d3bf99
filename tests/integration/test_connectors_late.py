"""What is late, lost or in between: webhooks that never came, a `solved` that is not so any more, last words."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest
from sqlalchemy import event

from support_bot.connectors.base import ConnectorError, Delivery, RemoteStatus, Who
from support_bot.services.connector_receive import came_from
from support_bot.values import Mode
from tests.integration.connector_world import LATER, REPLY, World, shared, world

__all__ = ["shared", "world"]


def told(delivery: str, **data: object) -> Delivery:
    """A webhook that the help desk says it sent."""
    return Delivery(delivery, json.dumps({"type": "message.created", "data": REPLY | data}).encode())


class TestLost:
    def test_a_webhook_that_got_lost_is_asked_for_and_counts_once(self, shared: World) -> None:
        world, ask = shared, shared.connectors._recaller.ask
        world.desk.told.append(told("d-0", text="Before my time", message_id="6"))
        chat = world.hand_off("Help")
        world.carry()
        world.desk.told += [told("d-1"), told("d-2", text="Still there?", message_id="8")]
        assert world.webhook("message.created", "d-2", **(REPLY | {"text": "Still there?", "message_id": "8"}))
        assert ask() == 0, "it was asked a moment ago"
        assert (ask(1e9), ask(2e9)) == (1, 0)
        world.carry()
        assert sorted(world.says(chat)[-2:]) == ["Hello", "Still there?"]
        assert "Before my time" not in world.says(chat)

    def test_it_goes_on_from_its_position_and_another_help_desk_has_its_own(self, world: World) -> None:
        world.carry()
        world.desk.told.append(told("d-1"))
        world.connectors._recaller.ask(1e9)
        assert self._cursor(world) == "1"
        world.connectors.save("desk", "fake", url=world.connectors.get("desk").url)
        assert self._cursor(world) == "1"
        world.connectors.save("desk", "fake", url="https://other.example.com")
        assert self._cursor(world) == ""

    def test_a_help_desk_that_does_not_answer_holds_up_nothing(self, world: World) -> None:
        world.desk.trouble = lambda when: ConnectorError("Nobody answers.")
        assert world.connectors._recaller.ask(1e9) == 0
        world.desk.trouble = lambda when: None
        assert (world.connectors._recaller.ask(1e9 + 30), self._cursor(world)) == (0, "")
        world.connectors._recaller.ask(1e9 + 61)
        assert self._cursor(world) == "0"

    @staticmethod
    def _cursor(world: World) -> str:
        with world.app._parts.db.reading() as tx:
            return tx.connectors.get("desk").cursor


class TestLate:
    def test_solved_is_not_believed_of_a_ticket_that_was_opened_again_since(self, world: World) -> None:
        chat = world.hand_off("Help")
        world.carry()
        world.solve_there()
        world.carry()
        world.app.handoff.request(chat)
        world.app.chat.say(chat, "It broke again")
        self._late(world, "d-2")
        world.connectors._receiver.work()  # before the opening of it was even planned
        assert world.app.chat.mode(chat) is Mode.WAITING
        world.carry()
        assert world.desk.tickets["1"].status is RemoteStatus.OPEN
        self._late(world, "d-3")
        world.carry()
        assert world.app.chat.mode(chat) is Mode.WAITING and world.says(chat)[-1] == "It broke again"

    def test_a_help_desk_that_cannot_be_asked_is_asked_later(self, world: World) -> None:
        chat = world.hand_off("Help")
        world.carry()
        world.solve_there()
        read, world.desk.tickets = world.desk.tickets, {}
        world.carry()
        assert world.app.chat.mode(chat) is Mode.WAITING
        (waiting,) = world.connectors.get("desk").deliveries
        assert (waiting.state, waiting.attempts, waiting.error) == ("waiting", 1, "There is no ticket 1.")
        world.desk.tickets = read
        world.connectors._receiver.work(waiting.next_at + LATER)
        assert world.app.chat.mode(chat) is Mode.CLOSED

    def test_the_customer_s_last_words_before_it_was_solved_still_go_there(self, shared: World) -> None:
        chat = shared.hand_off("Help")
        shared.carry()
        shared.app.chat.say(chat, "One more thing")
        shared.solve_there()
        shared.connectors._receiver.work()
        assert shared.app.chat.mode(chat) is Mode.CLOSED
        shared.carry()
        assert shared.entries()[-1] == (Who.CUSTOMER, False, "One more thing")
        shared.carry()
        assert len(shared.entries()) == 3

    @staticmethod
    def _late(world: World, delivery: str) -> None:
        world.webhook("ticket.status_changed", delivery, ticket_id="1", author="agent", status="solved")


class TestDead:
    def test_a_delivery_that_made_no_sense_is_shown_and_tried_again(self, world: World) -> None:
        chat = world.hand_off()
        world.carry()
        world.webhook("message.created", "d-0", **(REPLY | {"author": "nobody"}))
        world.carry()
        view = world.connectors.get("desk")
        assert view.dead_deliveries == 1 and "nobody" in view.deliveries[0].error
        assert world.connectors.retry("desk") == 1
        assert world.connectors.get("desk").deliveries[0].state == "waiting"
        world.carry()
        assert world.connectors.get("desk").dead_deliveries == 1 and world.app.chat.mode(chat) is Mode.WAITING

    def test_nothing_dead_is_nothing_to_retry(self, world: World) -> None:
        assert world.connectors.retry("desk") == 0


class TestNames:
    def test_ids_that_differ_far_behind_are_different_messages(self, world: World) -> None:
        chat = world.hand_off()
        world.carry()
        for n in range(2):
            world.webhook("message.created", f"d-{n}", **(REPLY | {"message_id": "x" * 100 + str(n)}))
            world.webhook("message.created", f"again-{n}", **(REPLY | {"message_id": "x" * 100 + str(n)}))
        world.carry()
        assert world.says(chat).count("Hello") == 2
        assert len(world.entries()) == 2, "what came from there does not go back"

    @pytest.mark.parametrize("name", ["a", "n" * 40])
    def test_what_a_message_is_known_by_fits(self, name: str) -> None:
        assert came_from(name, "7") == f"{name}:7"
        assert len(came_from(name, "x" * 1000)) <= 64 and came_from(name, "x" * 1000).startswith(f"{name}:")


def test_closed_and_started_again_there_is_one_thread(world: World) -> None:
    def carriers() -> int:
        return sum(thread.name == "connectors" for thread in threading.enumerate())

    before = carriers()
    inside, go_on = threading.Event(), threading.Event()

    def slow(when: str) -> None:
        inside.set()
        assert go_on.wait(30)

    world.desk.trouble = slow  # type: ignore[assignment]
    world.hand_off()
    world.connectors.start()
    old = world.connectors._thread
    assert old is not None and inside.wait(10)
    world.connectors._over.set()
    world.connectors._thread = None  # as `close` leaves it after eight seconds
    world.connectors.start()
    assert carriers() == before + 2
    go_on.set()
    old.join(10)
    assert not old.is_alive() and carriers() == before + 1
    world.connectors.close()
    assert carriers() == before


def test_looking_for_news_does_not_look_at_what_is_over(world: World) -> None:
    world.hand_off()
    world.carry()
    asked: list[tuple[str, Any]] = []

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    database = world.app._parts.db
    with database.reading() as tx:
        connector = tx.connectors.get("desk")
        event.listen(database.engine, "before_cursor_execute", keep)
        tx.connectors.unlinked(connector)
        tx.connectors.behind(connector.id)
        event.remove(database.engine, "before_cursor_execute", keep)
        steps = []
        for statement, parameters in asked:
            rows = tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps += [str(row[3]) for row in rows]
    assert len(asked) == 3 and not [step for step in steps if step.startswith("SCAN")], steps
    assert any("ix_connector_link_connector_id_status (connector_id=? AND status=?)" in step for step in steps), steps
