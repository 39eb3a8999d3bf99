"""Websites on origins of their own that carry the widget, and what a visitor does there."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from playwright.sync_api import Locator, Page, expect

QUESTION = "Can I pause my plan?"
ANSWERS_WITHIN_MS = 90_000


@dataclass
class Site:
    """A website whose only script is the widget's tag, under a strict policy.

    `tag` are more attributes of the script, `head` stands before it; `files` are other paths with their type and text;
    an empty `policy` is none."""

    bot: str
    tag: str = ""
    head: str = ""
    lang: str = "en"
    policy: str | None = None
    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    server: ThreadingHTTPServer = field(init=False)

    def __post_init__(self) -> None:
        policy = f"default-src 'none'; script-src {self.bot}; connect-src {self.bot}"
        policy = policy if self.policy is None else self.policy
        page = f"""<!doctype html><html lang="{self.lang}"><head><meta charset="utf-8"><title>Shop</title>
            <meta name="viewport" content="width=device-width, initial-scale=1">
            {self.head}<script src="{self.bot}/widget.js" data-channel="web" {self.tag} async></script></head>
            <body><h1>Shop</h1><a href="/next">Next page</a></body></html>"""
        files = self.files

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                kind, text = files.get(self.path, ("text/html", page))
                self.send_response(200)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                if policy:
                    self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def open_chat(page: Page, url: str) -> Locator:
    """Open the chat on a website; the result is the conversation."""
    page.goto(url)
    page.get_by_role("button", name="Open chat").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    return page.get_by_role("log")


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


def wait_for_answer(log: Locator) -> None:
    expect(log.get_by_text("Did this help?")).to_be_visible(timeout=ANSWERS_WITHIN_MS)


def console_of(page: Page) -> list[str]:
    lines: list[str] = []
    page.on("console", lambda message: lines.append(message.text))
    page.on("pageerror", lambda error: lines.append(str(error)))
    return lines
