"""The page's own scripts: what they may call, before the chat is there and after, and who their user is."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import jwt
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage, NewSite, Server, picture, sign_in
from tests.e2e.websites import ANSWERS_WITHIN_MS, QUESTION, Site, ask, console_of, open_chat, wait_for_answer

KEYS = "/api/v1/channels/web/identity-keys"
SHOP_SCRIPT = """
window.before = Object.keys(window);
window.heard = [];
window.supportBot = ["open", "close", "message", "unread", "handoff", "identified", "refused"]
  .map((name) => ["on", name, (detail) => window.heard.push([name, detail])]);
window.supportBot.push(["setMetadata", { plan: "pro", "E-mail": "boss@example.com" }], ["open"], ["fly"]);
"""


def shop(new_allowed_site: NewSite, server: Server, script: str = SHOP_SCRIPT) -> Site:
    """A site whose own script runs before the chat's."""
    return new_allowed_site(
        policy=f"default-src 'none'; script-src 'self' {server.base_url}; connect-src {server.base_url}",
        head='<script src="/shop.js"></script>',
        files={"/shop.js": ("text/javascript", script)},
    )


@pytest.fixture
def key(admin: httpx.Client) -> Iterator[dict[str, Any]]:
    made = admin.post(KEYS).raise_for_status().json()
    yield {"kid": made["details"]["kid"], "secret": made["secret"]}
    admin.delete(f"{KEYS}/{made['details']['id']}").raise_for_status()


def token(key: dict[str, Any], *, minutes: float = 5, **claims: Any) -> str:
    told = {
        "sub": "user-42", "aud": "web", "name": "Ana López", "email": "ana@example.com",
        "exp": dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes), **claims,
    }  # fmt: skip
    return jwt.encode(told, key["secret"], "HS256", {"kid": key["kid"]})


def identify(page: Page, who: dict[str, str]) -> str | None:
    """What `identify` answers, or the error it rejects with."""
    return page.evaluate("(who) => supportBot.identify(who).catch((problem) => `refused: ${problem.message}`)", who)  # type: ignore[no-any-return]


def heard(page: Page, name: str) -> list[Any]:
    return [detail for event, detail in page.evaluate("() => window.heard") if event == name]


def test_calls_wait_for_the_chat_and_every_method_does_its_part(
    visitor: Page, new_allowed_site: NewSite, server: Server
) -> None:
    console = console_of(visitor)
    visitor.goto(shop(new_allowed_site, server).origin)
    dialog = visitor.get_by_role("dialog")
    expect(dialog).to_be_visible()  # ["open"] was pushed before
    assert [line for line in console if "fly" in line] and len(console) == 1
    assert set(visitor.evaluate("() => Object.keys(window)")) - set(visitor.evaluate("() => before")) <= {
        "supportBot", "before", "heard",
    }  # fmt: skip

    visitor.evaluate("(text) => supportBot.sendMessage(text)", QUESTION)
    wait_for_answer(visitor.get_by_role("log"))
    authors = [detail["author"] for detail in heard(visitor, "message")]
    assert authors == ["customer", "bot"] and heard(visitor, "message")[0]["text"] == QUESTION
    assert "Pause Open Account" in heard(visitor, "message")[1]["text"] and heard(visitor, "unread") == []

    visitor.evaluate("() => supportBot.close()")
    expect(dialog).to_be_hidden()
    visitor.evaluate("() => supportBot.push(['toggle'])")
    expect(dialog).to_be_visible()
    assert visitor.evaluate("() => supportBot.isOpen") is True
    assert len(heard(visitor, "open")) == 2 and len(heard(visitor, "close")) == 1

    visitor.evaluate("() => { window.once = () => window.heard.push(['once', {}]); supportBot.on('close', once); }")
    visitor.evaluate("() => { supportBot.off('close', once); supportBot.close(); }")
    expect(dialog).to_be_hidden()
    assert heard(visitor, "once") == []

    visitor.evaluate("() => { supportBot.reset(); supportBot.open(); }")
    expect(visitor.locator(".turn.customer")).to_have_count(0)
    visitor.evaluate("() => supportBot.destroy()")
    expect(visitor.locator("support-bot-chat")).to_have_count(0)
    assert visitor.evaluate("() => 'supportBot' in window") is False


def test_a_body_that_is_replaced_keeps_the_chat_and_what_was_said(visitor: Page, allowed_site: Site) -> None:
    log = open_chat(visitor, allowed_site.origin)
    ask(visitor, QUESTION)
    wait_for_answer(log)
    visitor.evaluate("() => { document.body = document.createElement('body'); history.pushState({}, '', '/two'); }")
    expect(visitor.get_by_role("dialog")).to_be_visible()
    expect(log.locator(".turn.customer")).to_have_count(1)
    ask(visitor, "Is it cold there?")
    expect(log.locator(".turn.customer")).to_have_count(2)
    expect(log.locator(".turn.pending")).to_have_count(0)


def test_agents_see_who_was_proved(
    visitor: Page, new_page: NewPage, new_allowed_site: NewSite, server: Server, key: dict[str, Any]
) -> None:
    visitor.goto(shop(new_allowed_site, server).origin)
    expect(visitor.get_by_role("dialog")).to_be_visible()
    assert identify(visitor, {"token": token(key)}) is None  # proved with the first message
    words = f"Can I pause my plan {uuid.uuid4().hex[:8]}"
    ask(visitor, words)
    expect(visitor.locator(".turn.bot")).to_have_count(2, timeout=ANSWERS_WITHIN_MS)
    assert heard(visitor, "identified") == [{"subject": "user-42"}]
    visitor.get_by_role("button", name="Talk to a person").first.click()
    expect(visitor.locator(".handoff")).to_be_visible()
    assert len(heard(visitor, "handoff")) == 1

    desk = new_page(width=1500)
    sign_in(desk, server)
    desk.locator(".row", has_text=words).first.click()
    card = desk.locator(".context", has_text="Began")
    expect(card.get_by_text("Ana López")).to_be_visible()
    expect(card).to_contain_text("Verified")
    expect(card.locator("section", has_text="Told by the page").last).to_contain_text("boss@example.com")
    expect(card.locator("dl").first).to_contain_text("ana@example.com")
    picture(desk, "desk-verified-customer")


def test_what_proves_nothing_is_refused_and_says_why(visitor: Page, allowed_site: Site, key: dict[str, Any]) -> None:
    console = console_of(visitor)
    log = open_chat(visitor, allowed_site.origin)
    ask(visitor, QUESTION)
    wait_for_answer(log)
    forged = {**key, "secret": "somebody else's secret, long enough"}
    for who, because in (
        ({"token": token(forged)}, "is not signed"),
        ({"token": token(key, minutes=-5)}, "has expired"),
        ({"token": token(key, aud="other")}, "another channel"),
        ({"userId": "7", "userHash": "0" * 64}, "does not belong"),
        ({"userId": "7"}, "needs a token"),
    ):
        assert because in (identify(visitor, who) or ""), who
    assert len([line for line in console if "could not be identified" in line]) == 4
    proof = hmac.new(key["secret"].encode(), b"7", hashlib.sha256).hexdigest()
    assert identify(visitor, {"userId": "7", "userHash": proof, "name": "Bo"}) == "7"
    expect(log.locator(".turn.customer")).to_have_count(1)


def test_the_next_user_of_a_browser_sees_nothing_of_the_last(
    visitor: Page, allowed_site: Site, key: dict[str, Any]
) -> None:
    log = open_chat(visitor, allowed_site.origin)
    ask(visitor, QUESTION)
    wait_for_answer(log)
    assert identify(visitor, {"token": token(key)}) == "user-42"
    visitor.reload()
    expect(log.locator(".turn.customer")).to_have_count(1)
    assert identify(visitor, {"token": token(key, sub="user-43")}) is None
    expect(log.locator(".turn.customer")).to_have_count(0)
    ask(visitor, QUESTION)
    wait_for_answer(log)
    assert identify(visitor, {"token": token(key, sub="user-43")}) == "user-43"


def test_nothing_of_the_last_user_is_even_asked_for_before_the_next_is_proved(
    visitor: Page, allowed_site: Site, key: dict[str, Any]
) -> None:
    log = open_chat(visitor, allowed_site.origin)
    ask(visitor, QUESTION)
    wait_for_answer(log)
    assert identify(visitor, {"token": token(key)}) == "user-42"
    called: list[str] = []
    visitor.on("request", lambda request: called.append(request.url.rpartition("/")[2]))
    visitor.add_init_script(f"window.supportBot = [['identify', {{ token: '{token(key, sub='user-43')}' }}]]")
    with visitor.expect_response("**/identity") as answered:
        visitor.reload()
    assert answered.value.status == 409
    expect(visitor.get_by_role("dialog")).to_be_visible()
    expect(log.locator(".turn.customer")).to_have_count(0)
    assert "identity" in called and "events" not in called
