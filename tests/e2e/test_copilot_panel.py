"""The copilot panel in a real browser: on a page that may show it, on one that may not, and lied to by other frames."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest
import uvicorn
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

import ui
from support_bot.api.app import build_api
from support_bot.api.routes.panel import panel_router
from support_bot.connectors.base import Entry, RemoteStatus, RemoteTicket, Who
from support_bot.connectors.fake import Desk, FakeConnector
from support_bot.services.panel import signing_key
from tests.e2e.conftest import PICTURES
from tests.factories import DELIVERY, add_article, make_app
from tests.integration.api_harness import listening

QUESTION = "How much does express delivery cost?"
DESK = "https://desk.example.com/panel-in-a-browser"
NASTY = "<img src=x onerror=window.hacked=1>"


@dataclass
class Parents:
    """The bot, a help desk's page that may show the panel, and one that may not."""

    bot: str
    allowed: str
    foreign: str
    token: str


@pytest.fixture(scope="module")
def parents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parents]:
    app = make_app(tmp_path_factory.mktemp("panel"))
    add_article(app, "delivery.md", DELIVERY)
    app.connectors._kinds["fake"] = FakeConnector
    app.connectors.save("desk", "fake", url=DESK)
    secret = app.connectors.new_secret("desk")
    app.connectors.switch("desk", enabled=True)
    entries = [Entry("0", Who.CUSTOMER, QUESTION, private=False), Entry("1", Who.AGENT, NASTY, private=True)]
    FakeConnector.desks[DESK] = Desk(tickets={"7": RemoteTicket("7", RemoteStatus.OPEN, entries)})
    now = int(time.time())
    claims = {"iss": "desk", "aud": "copilot", "sub": "alice", "ticket": "7", "iat": now, "exp": now + 600}
    token = jwt.encode(claims, signing_key(secret), "HS256")
    asgi = build_api(app)
    asgi.include_router(panel_router(Path(ui.__file__).parent / "copilot"))
    with ExitStack() as stack:
        bot = stack.enter_context(listening(uvicorn.Config(asgi, port=0, log_config=None)))
        made = Parents(bot, _site(stack, bot, token), _site(stack, bot, token), token)
        app.panel.allow("desk", [made.allowed])
        yield made
        app.close()


def _site(stack: ExitStack, bot: str, token: str) -> str:
    """A page of another origin with a reply field and the panel's script; the origin."""
    script = f'<script src="{bot}/copilot.js" data-connector="desk" data-token="{token}" data-into="#reply"></script>'
    page = f"<!doctype html><title>Desk</title><textarea id=reply>Hello,</textarea>{script}".encode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("content-length", str(len(page)))
            self.end_headers()
            self.wfile.write(page)

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stack.callback(lambda: (server.shutdown(), thread.join(), server.server_close()))
    return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 860})
    yield context.new_page()
    context.close()


def test_a_draft_goes_into_the_page_that_may_show_the_panel(parents: Parents, page: Page) -> None:
    page.goto(parents.allowed)
    panel = page.frame_locator("iframe")
    expect(panel.get_by_text("Where it stands")).to_be_visible()
    expect(panel.locator("#summary")).to_contain_text(NASTY)
    panel.get_by_role("button", name="Suggest a reply").click()
    expect(panel.get_by_role("heading", name="Suggested reply")).to_be_visible(timeout=30_000)
    expect(panel.locator(".tag.public").first).to_be_visible()
    for name, width, scheme in (("wide", 1280, "light"), ("phone", 390, "light"), ("phone", 390, "dark")):
        page.set_viewport_size({"width": width, "height": 860})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=PICTURES / f"copilot-panel-{name}-{scheme}.png")
    panel.get_by_role("button", name="Insert", exact=True).click()
    expect(page.locator("#reply")).to_have_value(re.compile(r"^Hello,\n\n[\s\S]*\$12"))

    _only_our_own_frame_may_insert(page)
    _only_the_parent_is_greeted(page, parents)
    assert not page.evaluate("window.hacked")
    assert not any(frame.evaluate("window.hacked") for frame in page.frames)


def _only_our_own_frame_may_insert(page: Page) -> None:
    before = page.locator("#reply").input_value()
    lie = json.dumps({"v": 1, "type": "insert", "text": "a lie"})
    page.evaluate(
        """(lie) => new Promise((resolve) => {
            const other = document.createElement("iframe");
            other.srcdoc = `<script>parent.postMessage(${lie}, "*")</` + "script>";
            addEventListener("message", () => setTimeout(resolve, 50), { once: true });
            document.body.append(other);
        })""",
        lie,
    )
    page.evaluate("(lie) => postMessage(JSON.parse(lie), '*')", lie)
    page.wait_for_timeout(50)
    assert page.locator("#reply").input_value() == before


def _only_the_parent_is_greeted(page: Page, parents: Parents) -> None:
    """A second frame of the allowed page says hello to the panel: it is not the parent, so nothing is said back."""
    answered = page.evaluate(
        """(bot) => new Promise((resolve) => {
            const other = document.createElement("iframe");
            let heard = false;
            other.srcdoc = `<script>
                addEventListener("message", () => parent.postMessage("heard", "*"));
                parent.frames[0].postMessage({ v: 1, type: "hello" }, "${bot}");
            </` + "script>";
            addEventListener("message", (event) => { heard ||= event.data === "heard"; });
            other.addEventListener("load", () => setTimeout(() => resolve(heard), 200));
            document.body.append(other);
        })""",
        parents.bot,
    )
    assert answered is False


def test_a_foreign_page_cannot_show_the_panel(parents: Parents, page: Page) -> None:
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        said.append(message.text)

    page.on("console", listen)
    page.goto(parents.foreign)
    page.wait_for_timeout(500)
    assert page.frame_locator("iframe").get_by_text("Where it stands").count() == 0
    assert any("frame-ancestors" in text for text in said)


def test_without_a_token_somebody_has_to_sign_in(parents: Parents, page: Page) -> None:
    page.goto(f"{parents.bot}/copilot?connector=desk&ticket=7")
    expect(page.get_by_text("Sign in to see this ticket.")).to_be_visible()
    expect(page.get_by_role("link", name="Sign in")).to_have_attribute("href", "login")
    assert QUESTION not in page.content()
