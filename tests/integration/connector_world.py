"""An app, a help desk in memory and a connector between them, with the webhooks that it would send."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support_bot.assembly import App
from support_bot.connectors.base import RemoteStatus, RemoteTicket, Who
from support_bot.connectors.fake import Desk, FakeConnector
from support_bot.services.connectors import ConnectorService
from tests.factories import make_app
from tests.helpdesk_receiver import signed

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

    def solve_there(self, delivery: str = "d-1") -> None:
        """An agent solves the first ticket over there, and the help desk says so."""
        ticket = self.desk.tickets["1"]
        self.desk.tickets["1"] = RemoteTicket(ticket.id, RemoteStatus.SOLVED, ticket.entries)
        self.webhook("ticket.status_changed", delivery, ticket_id="1", author="agent", status="solved")

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
