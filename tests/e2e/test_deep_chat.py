"""A ready-made chat window (deep-chat, from npm) on the OpenAI-compatible endpoint, as docs/api.md shows it.

The key stays with the shop's own server, which passes questions on."""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, expect

from support_bot.api.app import build_api
from tests.factories import DELIVERY, add_article, make_app
from tests.integration.api_harness import listening

PACKAGE = "deep-chat@2.4.2"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def bundle() -> bytes:
    """The package's bundle, fetched once into the temporary folder."""
    folder = Path(tempfile.gettempdir()) / "support-bot-npm"
    folder.mkdir(exist_ok=True)
    packed = folder / "deep-chat-2.4.2.tgz"
    if not packed.exists():
        try:
            subprocess.run(["npm", "pack", PACKAGE], cwd=folder, check=True, capture_output=True, timeout=60)
        except (OSError, subprocess.SubprocessError) as error:
            pytest.skip(f"{PACKAGE} cannot be installed here: {type(error).__name__}")
    with tarfile.open(packed) as archive:
        file = archive.extractfile("package/dist/deepChat.bundle.js")
        assert file is not None
        return file.read()


def documented() -> bytes:
    """The page as the documentation has it."""
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    (found,) = re.findall(r"```html\n(<deep-chat.*?)```", text, re.DOTALL)
    return f"<!doctype html><meta charset=utf-8>{found}".encode()


@pytest.fixture
def shop(tmp_path: Path, bundle: bytes) -> Iterator[str]:
    app = make_app(tmp_path)
    add_article(app, "delivery.md", DELIVERY)
    app.channels.ensure_default()
    _, key = app.channels.create_key("web", "shop")
    with listening(uvicorn.Config(build_api(app), port=0, log_config=None)) as bot:

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                script = self.path == "/deepChat.bundle.js"
                self._answer(200, "text/javascript" if script else "text/html", bundle if script else documented())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
                said = httpx.post(f"{bot}/v1/chat/completions", content=body, headers=headers, trust_env=False)
                self._answer(said.status_code, "application/json", said.content)

            def _answer(self, status: int, media: str, content: bytes) -> None:
                self.send_response(status)
                self.send_header("content-type", media)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                return None

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            app.close()


def test_a_chat_window_from_npm_asks_goes_on_and_names_its_sources(shop: str, chromium: Browser) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.goto(shop)
    for asked, said in (("How much does express delivery cost?", "$12"), ("And standard delivery?", "$4.90")):
        page.locator("#text-input").fill(asked)
        page.keyboard.press("Enter")
        expect(page.get_by_text(said).last).to_be_visible(timeout=30_000)
    expect(page.get_by_text("Delivery", exact=False).last).to_be_visible()
    assert page.evaluate("typeof conversation.id") == "string"
    context.close()
