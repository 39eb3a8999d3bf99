"""A program that receives our webhooks, strict about signatures, and signs some of its own."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from support_bot.connectors.signatures import SCHEMES, sign_standard, verify


class Receiver:
    """What came, in order; the next answers may be told beforehand."""

    def __init__(self) -> None:
        self.secret = ""
        self.came: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[int] = []
        self.url = ""

    def events(self, kind: str) -> list[dict[str, Any]]:
        return [said["data"] for _, said in self.came if said["type"] == kind]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver on a loopback port."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            came_as = verify(SCHEMES["standard"], [receiver.secret], headers, body)
            receiver.came.append((came_as, json.loads(body)))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def signed(secret: str, delivery: str, kind: str, **data: Any) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a webhook as a help desk sends it."""
    now = int(time.time())
    body = json.dumps({"type": kind, "timestamp": now, "data": data}).encode()
    headers = {"webhook-id": delivery, "webhook-timestamp": str(now)}
    return body, headers | {"webhook-signature": sign_standard(secret, delivery, now, body)}
