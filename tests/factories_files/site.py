"""A real web server on this machine for tests, whose pages a test puts there."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

Reply = tuple[int, dict[str, str], bytes]


class Site(BaseHTTPRequestHandler):
    """Answers what a test put there, and remembers how it was asked."""

    pages: ClassVar[dict[str, Reply]] = {}
    hosts: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        Site.hosts.append(self.headers["Host"])
        status, headers, body = self.pages.get(self.path, (404, {}, b"gone"))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.path == "/slow-head":
            body, self.path = b"X: " + b"x" * 200, "/slow"
            self.flush_headers()
        else:
            self.end_headers()
        parts = [body[n : n + 1] for n in range(len(body))] if self.path == "/slow" else [body]
        try:
            for part in parts:
                self.wfile.write(part)
                time.sleep(0.05 if self.path == "/slow" else 0)
        except OSError:
            return  # the reader had enough

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def listening_site() -> Iterator[int]:
    """The port of a server whose pages are emptied; it drips the page `/slow`, and the headers of `/slow-head`."""
    Site.pages, Site.hosts = {}, []
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def page(body: bytes, **headers: str) -> Reply:
    return 200, {"Content-Type": "text/html", **{name.replace("_", "-"): text for name, text in headers.items()}}, body
