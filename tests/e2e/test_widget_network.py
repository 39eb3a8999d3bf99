"""Networks that break: every message is there exactly once on both sides, every answer whole and once."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import STOPS_WITHIN_S, start_server
from tests.e2e.rough_network import RoughNetwork
from tests.e2e.websites import Site

CONVERSATIONS = int(os.environ.get("SUPPORT_BOT_TEST_CONVERSATIONS", "12"))
MESSAGES = 3
TABS = 6  # at once
SETTLED = """() => {
  const log = document.querySelector("support-bot-chat").shadowRoot;
  return !log.querySelector(".turn.pending") && !log.querySelector(".unsent");
}"""
SHOWN = """() => [...document.querySelector("support-bot-chat").shadowRoot.querySelectorAll(".list > .turn")]
  .map((turn) => {
  const copy = turn.querySelector(".bubble").cloneNode(true);
  copy.querySelectorAll(".cite").forEach((one) => one.remove());
  return [turn.classList.contains("customer") ? "customer" : "bot", copy.textContent];
})"""
SESSION = "() => JSON.parse(Object.values(localStorage).find((one) => one.includes('outbox'))).session"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own whose model answers at once."""
    limits = {f"SUPPORT_BOT_SECURITY__{name}_PER_MINUTE": "100000" for name in ("MESSAGES", "REQUESTS")}
    process, url = start_server(tmp_path_factory.mktemp("quick"), SUPPORT_BOT_ENGINE__KIND="fake", **limits)
    yield url
    process.send_signal(signal.SIGTERM)
    process.wait(STOPS_WITHIN_S)


@pytest.fixture
def rough(quick: str) -> Iterator[RoughNetwork]:
    network = RoughNetwork(urlsplit(quick).port or 0, seed=8)
    yield network
    network.close()


@pytest.fixture
def site(rough: RoughNetwork, quick: str) -> Iterator[Site]:
    site = Site(rough.address)
    with httpx.Client(base_url=quick) as admin:
        admin.post("/login", data={"email": "admin@example.com", "password": "correct-horse-battery"})
        admin.headers["X-CSRF-Token"] = admin.get("/api/v1/me").raise_for_status().json()["csrf_token"]
        admin.patch("/api/v1/channels/web", json={"allowed_origins": [site.origin]}).raise_for_status()
    yield site
    site.close()


def begin(page: Page, site: Site) -> None:
    page.goto(site.origin)
    page.get_by_role("button", name="Open chat").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def on_the_server(page: Page, quick: str) -> list[list[str]]:
    """Authors and words as the server has them; nothing is being written any more."""
    session = page.evaluate(SESSION)
    headers = {"Authorization": f"Bearer {session['token']}"}
    answered = httpx.get(f"{quick}/api/v1/conversations/{session['id']}/messages", headers=headers, timeout=30)
    messages = answered.raise_for_status().json()["messages"]
    assert all(message["status"] == "final" for message in messages)
    return [[message["author"], words(message["text"])] for message in messages]


def words(text: str) -> str:
    """Letters and digits alone: what Markdown and the chat's own markup have in common."""
    return "".join(re.findall(r"\w", re.sub(r"^ *\d+\. ", "", text, flags=re.MULTILINE)))


def settle(page: Page, said: list[str], quick: str) -> None:
    """Wait until everything was sent and answered; then both sides must tell the same."""
    page.wait_for_function(SETTLED, timeout=120_000)
    last = page.locator(".list > .turn").last
    expect(last).to_have_class("turn bot", timeout=120_000)
    expect(page.locator(".list > .turn.customer")).to_have_count(len(said), timeout=30_000)
    expect(page.locator(".evidence")).to_have_count(0, timeout=60_000)
    expect(page.locator(".status")).to_be_hidden(timeout=60_000)
    there = on_the_server(page, quick)
    customers = [text for author, text in there if author == "customer"]
    assert sorted(customers) == sorted(words(text) for text in said)
    shown = [[author, words(text)] for author, text in page.evaluate(SHOWN)]
    assert sorted(shown) == sorted(there)


def test_every_message_arrives_once_and_every_answer_is_whole(
    chromium: Browser, site: Site, rough: RoughNetwork, quick: str
) -> None:
    for first in range(0, CONVERSATIONS, TABS):
        contexts = [chromium.new_context() for _ in range(min(TABS, CONVERSATIONS - first))]
        pages = [context.new_page() for context in contexts]
        rough.roughness = 0.0
        for page in pages:
            begin(page, site)
        rough.roughness = 0.4
        said = {page: [f"Can I pause plan {first + at}, try {number}?" for number in range(MESSAGES)]
                for at, page in enumerate(pages)}  # fmt: skip
        for number in range(MESSAGES):
            for page in pages:
                page.evaluate("(text) => { supportBot.sendMessage(text); }", said[page][number])
            for page in pages:
                page.wait_for_function(SETTLED, timeout=120_000)
        for page in pages:
            settle(page, said[page], quick)
        for context in contexts:
            context.close()
    assert rough.broken > CONVERSATIONS


def test_two_tabs_show_the_same_and_each_word_once(
    chromium: Browser, site: Site, rough: RoughNetwork, quick: str
) -> None:
    context = chromium.new_context()
    one = context.new_page()
    begin(one, site)
    one.evaluate("() => supportBot.sendMessage('Can I pause my plan?')")
    settle(one, ["Can I pause my plan?"], quick)
    two = context.new_page()
    two.goto(site.origin)
    expect(two.locator(".turn.customer")).to_have_count(1)
    two.evaluate("() => supportBot.sendMessage('How do I return a box?')")
    both = ["Can I pause my plan?", "How do I return a box?"]
    settle(two, both, quick)
    one.bring_to_front()
    settle(one, both, quick)
    context.close()


def test_where_streams_are_held_back_it_polls(chromium: Browser, site: Site, quick: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    page.route("**/events", lambda route: None)  # never answered, as by a proxy that waits for the end
    begin(page, site)
    page.evaluate("() => supportBot.sendMessage('Can I pause my plan?')")
    settle(page, ["Can I pause my plan?"], quick)
    context.close()


def test_an_answer_that_came_while_offline_is_there_once(chromium: Browser, site: Site, quick: str) -> None:
    context = chromium.new_context()
    page = context.new_page()
    begin(page, site)
    page.evaluate("() => supportBot.sendMessage('Can I pause my plan?')")
    context.set_offline(True)
    # On a machine with no network but its own the browser was offline all along, and tells nobody that it is now.
    page.evaluate("() => { dispatchEvent(new Event('offline')); supportBot.sendMessage('How do I return a box?'); }")
    expect(page.get_by_text("You are offline.")).to_be_visible()
    context.set_offline(False)
    settle(page, ["Can I pause my plan?", "How do I return a box?"], quick)
    context.close()
