"""One real server process for the browser tests, with the default engine; and a browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.e2e.websites import Site

CHROMIUM = "/usr/bin/chromium"
CHROMIUM_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
STARTS_WITHIN_S = 110
STOPS_WITHIN_S = 20
PASSWORD = "correct-horse-battery"


@dataclass(frozen=True)
class Server:
    """A running product and how its admin signs in."""

    base_url: str
    admin_email: str
    admin_password: str


def start_server(folder: Path, **more: str) -> tuple[subprocess.Popen[bytes], str]:
    """`support-bot serve` over the data in this folder, with `more` in its environment, and the address it answers at
    once it is ready."""
    log = folder / "log.txt"
    environment = os.environ | {
        "SUPPORT_BOT_DATA_DIR": str(folder / "data"),
        "SUPPORT_BOT_ADMIN_PASSWORD": PASSWORD,
        "SUPPORT_BOT_SECURITY__SIGN_INS_PER_MINUTE": "1000",
        "SUPPORT_BOT_SECURITY__CONVERSATIONS_PER_MINUTE": "1000",
    }
    environment |= more
    command = [str(Path(sys.executable).with_name("support-bot")), "serve", "--port", "0"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
    try:
        return process, _url(process, log)
    except BaseException:
        process.kill()
        raise


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests: the sample company is loaded, every question may be asked."""
    process, url = start_server(tmp_path_factory.mktemp("server"))
    try:
        yield Server(url, "admin@example.com", PASSWORD)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOPS_WITHIN_S)


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address the server says it answers at."""
    deadline = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        if found := re.search(r"Ready: (http://\S+)", log.read_text(errors="replace")):
            return found[1]
        time.sleep(0.1)
    pytest.fail(f"The server did not start:\n{log.read_text(errors='replace')[-4000:]}")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser that talks to nobody by itself."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


NewPage = Callable[..., Page]
PICTURES = Path(__file__).parents[2] / "test-artifacts"


@pytest.fixture
def new_page(chromium: Browser, server: Server) -> Iterator[NewPage]:
    """Opens browsers that have never been here. Afterwards: no foreign address was asked, no script broke."""
    contexts: list[BrowserContext] = []
    foreign: list[str] = []
    broken: list[str] = []

    def open_page(*, width: int = 1200, height: int = 800, dark: bool = False, before: Page | None = None) -> Page:
        if before is None:
            scheme = "dark" if dark else "light"
            contexts.append(chromium.new_context(color_scheme=scheme, viewport={"width": width, "height": height}))
        page = (before.context if before else contexts[-1]).new_page()
        own = (server.base_url, "data:", "blob:")
        page.on("request", lambda request: None if request.url.startswith(own) else foreign.append(request.url))
        page.on("pageerror", lambda error: broken.append(str(error)))
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert foreign == []
    assert broken == []


def picture(page: Page, name: str) -> None:
    """Keep how the page looks now, in light and dark."""
    PICTURES.mkdir(exist_ok=True)
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", scheme == "dark")
        page.screenshot(path=PICTURES / f"{name}-{scheme}.png", animations="disabled")


def sign_in(page: Page, server: Server, path: str = "/desk") -> None:
    """Go to a staff page by way of the sign-in form."""
    page.goto(server.base_url + path)
    page.get_by_label("E-mail").fill(server.admin_email)
    page.get_by_label("Password").fill(server.admin_password)
    page.get_by_role("button", name="Sign in").click()
    page.locator(".rail").wait_for()


@pytest.fixture(scope="module")
def admin(server: Server) -> Iterator[httpx.Client]:
    """An admin's client, signed in."""
    with httpx.Client(base_url=server.base_url, timeout=60) as admin:
        admin.post("/login", data={"email": server.admin_email, "password": server.admin_password})
        admin.headers["X-CSRF-Token"] = admin.get("/api/v1/me").raise_for_status().json()["csrf_token"]
        yield admin


NewSite = Callable[..., Site]


@pytest.fixture
def new_site(server: Server) -> Iterator[NewSite]:
    """Makes websites that no channel lists; they are gone after the test."""
    sites: list[Site] = []

    def make(**more: Any) -> Site:
        sites.append(Site(server.base_url, **more))
        return sites[-1]

    yield make
    for site in sites:
        site.close()


@pytest.fixture
def new_allowed_site(admin: httpx.Client, new_site: NewSite) -> Iterator[NewSite]:
    """Makes websites that the channel lists while the test runs."""
    channels = admin.get("/api/v1/channels").raise_for_status().json()["channels"]
    before = next(channel["allowed_origins"] for channel in channels if channel["slug"] == "web")
    listed = list(before)

    def allow(origins: list[str]) -> None:
        admin.patch("/api/v1/channels/web", json={"allowed_origins": origins}).raise_for_status()

    def make(**more: Any) -> Site:
        site = new_site(**more)
        listed.append(site.origin)
        allow(listed)
        return site

    yield make
    allow(before)


@pytest.fixture
def allowed_site(new_allowed_site: NewSite) -> Site:
    """A website that the channel lists."""
    return new_allowed_site()


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[Page]:
    """A page of a browser that has never been here."""
    context = chromium.new_context(viewport={"width": 1000, "height": 800})
    yield context.new_page()
    context.close()
