"""Pages, people and articles that mean harm: nothing of theirs runs, nothing leaks, the chat goes on."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import NewSite, picture
from tests.e2e.websites import ANSWERS_WITHIN_MS, QUESTION, Site, ask, open_chat, wait_for_answer

ATTACK = '<img src=x onerror="window.hacked = 1"><script>window.hacked = 1</script>'
LINK = "[click here](javascript:window.hacked=1)"
CRUEL = """* { color: red !important; background: lime !important; font-size: 40px !important;
    direction: rtl !important;
    letter-spacing: 9px !important; text-transform: uppercase !important; border: 5px dotted blue !important;
    margin: 20px !important; cursor: wait !important; --text: red !important; --surface: lime !important; }
  body * { opacity: .3 !important; transform: rotate(4deg) !important; filter: blur(2px) !important; }"""
LOOKS = """() => {
  const host = document.querySelector("support-bot-chat");
  const look = (one) => ["color", "backgroundColor", "fontSize", "letterSpacing", "textTransform", "borderTopWidth",
    "marginTop", "opacity", "transform", "filter", "width", "height"].map((name) => getComputedStyle(one)[name]);
  const inside = [".launcher", ".panel", ".who-now", "textarea", ".send", ".bubble", ".muted", ".person"];
  const paint = ["opacity", "transform", "filter"].map((name) => getComputedStyle(host)[name]);
  return [paint, ...inside.map((name) => look(host.shadowRoot.querySelector(name)))];
}"""
MARKUP = """() => [...document.querySelector("support-bot-chat").shadowRoot.querySelectorAll("img, script, a[href]")]
  .map((one) => one.outerHTML)"""
OUTSIDE = """() => {
  const look = (one) => [...getComputedStyle(one)].map((name) => [name, getComputedStyle(one)[name]]);
  return [document.styleSheets.length, document.adoptedStyleSheets.length,
    document.querySelectorAll("style, link").length,
    ...["html", "body", "h1", "a"].map((name) => look(document.querySelector(name)))];
}"""


def test_the_pages_rules_do_not_reach_in_and_the_chats_do_not_reach_out(
    visitor: Page, new_allowed_site: NewSite
) -> None:
    calm = new_allowed_site(policy="")
    cruel = new_allowed_site(policy="", head=f"<style>{CRUEL}</style>")
    visitor.emulate_media(reduced_motion="reduce")  # the panel stands still at once
    open_chat(visitor, calm.origin)
    expected, picture_before = visitor.evaluate(LOOKS), visitor.get_by_role("log").screenshot()
    with_chat = visitor.evaluate(OUTSIDE)
    visitor.evaluate("() => supportBot.destroy()")
    assert visitor.evaluate(OUTSIDE) == with_chat

    open_chat(visitor, cruel.origin)
    assert visitor.evaluate(LOOKS) == expected
    assert visitor.get_by_role("log").screenshot() == picture_before
    picture(visitor, "widget-cruel-page")


@pytest.fixture
def poisoned(admin: httpx.Client) -> Any:
    """A channel and an article whose every text is an attack."""
    before = next(c for c in admin.get("/api/v1/channels").json()["channels"] if c["slug"] == "web")
    changed = {"name": f"{ATTACK}", "greeting": f"{ATTACK} {LINK}", "suggested_questions": [ATTACK]}
    admin.patch("/api/v1/channels/web", json=changed).raise_for_status()
    words = f"# Zephyr lamp {ATTACK}\n\nThe Zephyr lamp costs 77 dollars. {ATTACK} {LINK}\n"
    sent = admin.post("/api/v1/documents", files={"files": (f"{ATTACK.replace('/', '')}.md", words.encode())})
    document = sent.raise_for_status().json()["files"][0]["document"]["id"]
    for _ in range(300):
        if admin.get(f"/api/v1/documents/{document}").json()["document"]["status"] in ("ready", "failed"):
            break
        time.sleep(0.1)
    yield
    admin.delete(f"/api/v1/documents/{document}").raise_for_status()
    admin.patch("/api/v1/channels/web", json={name: before[name] for name in changed}).raise_for_status()


@pytest.mark.usefixtures("poisoned")
def test_script_in_texts_stays_text(visitor: Page, new_allowed_site: NewSite, admin: httpx.Client) -> None:
    """On a page whose own policy would let it run."""
    log = open_chat(visitor, new_allowed_site(policy="").origin)
    expect(log).to_contain_text("<img src=x")
    ask(visitor, f"How much does the Zephyr lamp cost? {ATTACK}")
    expect(log.locator(".turn.bot .bubble").nth(1)).to_be_visible(timeout=ANSWERS_WITHIN_MS)
    expect(log.locator(".sources button")).not_to_have_count(0, timeout=ANSWERS_WITHIN_MS)
    log.locator(".sources button").first.click()
    expect(visitor.locator(".article .marked").first).to_be_visible()
    visitor.keyboard.press("Escape")

    visitor.get_by_role("button", name="Talk to a person").first.click()
    expect(visitor.locator(".asked")).to_be_visible()
    tickets = admin.get("/api/v1/tickets", params={"view": "waiting"}).raise_for_status().json()["tickets"]
    newest = max(ticket["id"] for ticket in tickets)
    said = {"text": f"{ATTACK} {LINK} [data](data:text/html,{ATTACK})"}
    admin.post(f"/api/v1/tickets/{newest}/reply", json=said).raise_for_status()
    expect(log.locator(".turn.staff")).to_contain_text("click here")

    assert visitor.evaluate(MARKUP) == []
    assert visitor.evaluate("() => window.hacked") is None


def test_ten_megabytes_are_refused_and_the_chat_goes_on(visitor: Page, allowed_site: Site) -> None:
    log = open_chat(visitor, allowed_site.origin)
    visitor.evaluate("() => supportBot.sendMessage('x'.repeat(10_000_000))")
    expect(log.locator(".unsent")).to_contain_text("Not sent.", timeout=20_000)
    visitor.reload()
    expect(visitor.get_by_role("dialog")).to_be_visible()
    ask(visitor, QUESTION)
    wait_for_answer(log)
    expect(log.locator(".turn.customer")).to_have_count(1)


def test_messages_between_windows_do_nothing(visitor: Page, new_allowed_site: NewSite, new_site: NewSite) -> None:
    site = new_allowed_site(policy="", head="<script>document.title = 'ready'</script>")
    visitor.goto(site.origin)
    expect(visitor.get_by_role("button", name="Open chat")).to_be_visible()
    for message in ({"v": 1, "type": "open"}, ["open"], "open", {"type": "identify", "token": "x"}):
        visitor.evaluate("(message) => window.postMessage(message, '*')", message)
    visitor.wait_for_timeout(200)
    expect(visitor.get_by_role("dialog")).to_be_hidden()

    frame = f"<iframe src='{site.bot}/embed/web' title='Chat'></iframe>"
    foreign = new_site(policy="", head="", files={"/frame": ("text/html", f"<!doctype html>{frame}")})
    visitor.goto(f"{foreign.origin}/frame")
    visitor.evaluate("() => frames[0].postMessage(['open'], '*')")
    assert all("/embed/web" not in one.url or one.content().count("support-bot-chat") == 0 for one in visitor.frames)


def test_another_visitors_ids_open_nothing(visitor: Page, chromium: Browser, allowed_site: Site) -> None:
    log = open_chat(visitor, allowed_site.origin)
    ask(visitor, QUESTION)
    wait_for_answer(log)
    kept = "() => JSON.parse(Object.values(localStorage)[0]).session"
    victim = visitor.evaluate(kept)

    thief = chromium.new_context()
    other = thief.new_page()
    own = open_chat(other, allowed_site.origin)
    ask(other, QUESTION)
    wait_for_answer(own)
    attempt = """async ([base, id, token]) => {
      const paths = ["messages", "events", "transcript?format=json", "sources/1/1",
        "handoff", "identity", "metadata", "email"];
      const tries = paths.map(async (path, at) => (await fetch(`${base}/api/v1/conversations/${id}/${path}`, {
        method: at < 4 ? "GET" : "POST", body: at < 4 ? undefined : "{}",
        headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" } })).status);
      return Promise.all(tries);
    }"""
    mine = other.evaluate(kept)["token"]
    assert set(other.evaluate(attempt, [allowed_site.bot, victim["id"], mine])) == {401}
    assert set(other.evaluate(attempt, [allowed_site.bot, "0" * 32, mine])) == {401}
    thief.close()
