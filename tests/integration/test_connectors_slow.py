"""A help desk that is slow, or tells nonsense: nothing is given up untried, and nothing of the others waits for it."""

from __future__ import annotations

from typing import Any

import pytest

from support_bot.connectors.base import Missed
from support_bot.models import utcnow
from support_bot.services import connector_receive, connector_send
from support_bot.services.connector_send import MOST_ATTEMPTS
from tests.integration.connector_world import LATER, REPLY, World, shared, world

__all__ = ["shared", "world"]


def test_what_a_round_had_no_time_for_is_no_attempt(shared: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        shared.hand_off(f"Help {n}")
    with monkeypatch.context() as patch:
        patch.setattr(connector_send, "_ROUND_S", -1.0)
        for n in range(MOST_ATTEMPTS + 2):
            shared.connectors.run_once()
            shared.connectors._sender.send_due(utcnow() + n * LATER)
    view = shared.connectors.get("desk")
    assert view.dead == 0 and {item.attempts for item in view.queue} == {0}
    shared.carry()
    assert len(shared.desk.tickets) == 3 and shared.connectors.get("desk").waiting == 0


def test_a_slow_help_desk_does_not_hold_up_a_whole_round(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = world.hand_off("Help")
    world.carry()
    for n in range(3):
        world.webhook("message.created", f"d-{n}", **(REPLY | {"message_id": f"{n}", "text": f"Hello {n}"}))
    with monkeypatch.context() as patch:
        patch.setattr(connector_receive, "_ROUND_S", -1.0)
        assert world.connectors._receiver.work() == 0
    world.carry()
    assert world.says(chat)[-3:] == ["Hello 0", "Hello 1", "Hello 2"]


@pytest.mark.parametrize("told", [None, Missed((), None), Missed([None], "1")])  # type: ignore[arg-type, list-item]
def test_nonsense_about_what_was_missed_holds_up_nothing(world: World, told: Any) -> None:
    desk = world.connectors._kinds["fake"]
    world.hand_off("Help")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk, "missed", lambda self, after: told)
        assert world.connectors._recaller.ask(1e9) == 0
        world.carry()
    assert len(world.desk.tickets) == 1
