"""An app with a mail server and a chat program's webhook, and what came there."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support_bot.assembly import App
from support_bot.models import NoticeState, utcnow
from support_bot.services.views import StaffView
from support_bot.storage.database import Database
from tests.mail_servers import Sent

MINUTE = dt.timedelta(minutes=1)


@dataclass
class Chat:
    """A chat program's incoming webhook; `answers` are given one after the other, then 200. 0 cuts the line."""

    url: str = ""
    said: list[Any] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        return [body["text"] for body in self.said]


@contextmanager
def chat_program() -> Iterator[Chat]:
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            chat.said.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            answer = chat.answers.pop(0) if chat.answers else 200
            if answer:
                self.send_response(answer)
                self.send_header("content-length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    chat.url = f"http://127.0.0.1:{server.server_address[1]}/secret-part"
    try:
        yield chat
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass(frozen=True)
class World:
    """An app with a mail server and a webhook, and what came there."""

    app: App
    sent: Sent
    chat: Chat
    ana: StaffView

    @property
    def db(self) -> Database:
        return self.app._parts.db

    def escalate(self, said: str = "") -> int:
        chat = self.app.chat.start("web").id
        ticket = self.app.handoff.request(chat).row.id
        if said:
            with self.db.transaction() as tx:
                tx.tickets.get(ticket).subject = said
        return ticket

    def send(self, later: dt.timedelta = MINUTE) -> int:
        return self.app.desk.notice_sender.send_due(utcnow() + later)

    def to(self) -> list[str]:
        return [str(mail["To"]) for mail in self.sent.mails]

    def states(self, ticket: int) -> list[NoticeState]:
        with self.db.reading() as tx:
            return [notice.state for notice in tx.notices.of_ticket(ticket)]
