"""A help desk that is slow, or tells nonsense: nothing is given up untried, and nothing of the others waits for it."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from support_bot.connectors.base import ConnectorConfig, ConnectorError, Missed
from support_bot.connectors.request_tracker import RequestTrackerConnector
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


def test_who_may_show_the_panel_and_a_new_secret_are_both_kept(shared: World) -> None:
    db, panel = shared.app._parts.db, shared.app.panel
    with db.transaction() as tx:
        tx.one_at_a_time("connectors")
        found = tx.connectors.get("desk")
        found.config = found.config | {"secrets": ["whsec_new"]}
        allowing = threading.Thread(target=panel.allow, args=("desk", ["https://desk.example.com"]))
        allowing.start()
        allowing.join(0.3)
    allowing.join(10)
    with db.reading() as tx:
        config = tx.connectors.get("desk").config
    assert (config["secrets"], config["panel_origins"]) == (["whsec_new"], ["https://desk.example.com"])


class _Other(BaseHTTPRequestHandler):
    """Something at the address of Request Tracker that answers what it does not."""

    def do_GET(self) -> None:
        self._answer({"user": "bot", "queue": "Support", "lacks": [], "field": True, "scrip": True})

    def do_POST(self) -> None:
        self._answer([])

    def _answer(self, said: object) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(said).encode())

    def log_message(self, *_: object) -> None:
        pass


def test_something_else_at_the_address_of_request_tracker_is_told_in_words() -> None:
    server = HTTPServer(("127.0.0.1", 0), _Other)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        config = ConnectorConfig("rt", f"http://127.0.0.1:{server.server_port}", "Support", "token", user="bot")
        with pytest.raises(ConnectorError, match="way back"):
            RequestTrackerConnector(config).check()
    finally:
        server.shutdown()
        server.server_close()
