"""The widget in a real browser, on pages of other origins than the bot's."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.conftest import picture
from tests.e2e.websites import ANSWERS_WITHIN_MS, QUESTION, Site, ask, console_of, open_chat, wait_for_answer

CONVERSATIONS_IN_STORAGE = "() => Object.keys(localStorage).map((key) => JSON.parse(localStorage[key]).session)"
FOCUSED = "() => document.querySelector('support-bot-chat').shadowRoot.activeElement?.getAttribute('aria-label')"


@pytest.fixture
def page(visitor: Page) -> Page:
    return visitor


def test_a_listed_site_gets_an_answer_whose_citation_opens_at_the_passage(page: Page, allowed_site: Site) -> None:
    log = open_chat(page, allowed_site.origin)
    expect(page.get_by_role("dialog")).to_contain_text("Automated assistant")
    ask(page, QUESTION)
    wait_for_answer(log)
    picture(page, "widget-answer")

    log.get_by_role("button", name="Source 1:").first.click()
    expect(page.locator(".article .marked").first).to_be_in_viewport()
    picture(page, "widget-article")


def test_the_conversation_survives_the_way_to_the_next_page(page: Page, allowed_site: Site) -> None:
    log = open_chat(page, allowed_site.origin)
    ask(page, QUESTION)
    wait_for_answer(log)
    said = log.locator(".turn.bot .bubble").last.inner_text()

    page.goto(f"{allowed_site.origin}/next")
    expect(log.get_by_text("Did this help?")).to_be_visible()
    expect(log.locator(".turn.customer")).to_have_count(1)
    expect(log.locator(".turn.bot .bubble").last).to_have_text(said, use_inner_text=True)


def test_what_waits_to_be_sent_stands_below_what_was_said_before(page: Page, allowed_site: Site) -> None:
    log = open_chat(page, allowed_site.origin)
    ask(page, QUESTION)
    wait_for_answer(log)
    page.route("**/messages", lambda route: route.abort() if route.request.method == "POST" else route.continue_())
    ask(page, "Written without a connection")
    expect(log.locator(".turn.pending")).to_have_count(1)
    page.goto(f"{allowed_site.origin}/next")
    expect(log.locator(".turn.customer .bubble")).to_have_text([QUESTION, "Written without a connection"])
    page.unroute("**/messages")
    page.reload()
    expect(log.locator(".turn.pending")).to_have_count(0, timeout=20_000)
    expect(log.locator(".turn.bot .bubble")).to_have_count(3, timeout=ANSWERS_WITHIN_MS)  # greeting, two answers
    assert "Written without" in log.locator(".turn.customer").last.inner_text()


def test_a_strict_policy_is_not_violated(page: Page, allowed_site: Site) -> None:
    console = console_of(page)
    log = open_chat(page, allowed_site.origin)
    ask(page, QUESTION)
    wait_for_answer(log)
    log.get_by_role("button", name="Source 1:").first.click()
    expect(page.locator(".article .marked").first).to_be_visible()
    assert console == []


def test_a_site_that_is_not_listed_is_told_so_and_starts_no_conversation(
    page: Page, new_site: Callable[[], Site]
) -> None:
    posted: list[str] = []
    page.on("request", lambda request: posted.append(request.url) if request.method == "POST" else None)
    console = console_of(page)
    open_chat(page, new_site().origin)

    expect(page.get_by_text("This chat is not available on this website.")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_disabled()
    assert posted == []
    assert page.evaluate(CONVERSATIONS_IN_STORAGE) == []
    assert any("allowed origins" in line for line in console)


def test_a_guessed_conversation_shows_nothing(page: Page, chromium: Browser, allowed_site: Site) -> None:
    log = open_chat(page, allowed_site.origin)
    ask(page, QUESTION)
    wait_for_answer(log)
    theirs = page.evaluate(CONVERSATIONS_IN_STORAGE)[0]

    thief = chromium.new_context()
    other = thief.new_page()
    own = open_chat(other, allowed_site.origin)
    ask(other, "Hello")
    expect(own.locator(".turn.bot")).to_have_count(2, timeout=ANSWERS_WITHIN_MS)  # the greeting and an answer
    other.evaluate(
        """(id) => Object.keys(localStorage).forEach((key) => {
            const saved = JSON.parse(localStorage[key]);
            localStorage[key] = JSON.stringify({ ...saved, session: { ...saved.session, id } });
        })""",
        theirs["id"],
    )
    other.reload()
    expect(other.get_by_text("Your earlier conversation has ended.")).to_be_visible()
    expect(own.locator(".turn.customer")).to_have_count(0)
    thief.close()


def test_it_works_with_the_keyboard_only(page: Page, allowed_site: Site) -> None:
    page.goto(allowed_site.origin)
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    page.keyboard.press("Tab")  # the page's own link
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your message")).to_be_focused()

    page.keyboard.type("Two lines")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    log = page.get_by_role("log")
    wait_for_answer(log)

    log.focus()
    press_until(page, "Tab", "Source 1:")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Back to the conversation")).to_be_focused()
    page.keyboard.press("Escape")
    assert page.evaluate(FOCUSED).startswith("Source 1:")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()


def test_on_a_phone_the_keyboard_stays_in_what_covers_the_page(page: Page, allowed_site: Site) -> None:
    page.set_viewport_size({"width": 390, "height": 700})
    open_chat(page, allowed_site.origin)
    passed = set()
    for key in ["Tab"] * 12 + ["Shift+Tab"] * 12:
        page.keyboard.press(key)
        passed.add(page.evaluate("() => document.activeElement.localName"))
    assert passed == {"support-bot-chat"}
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()


def press_until(page: Page, key: str, label: str) -> None:
    for _ in range(30):
        page.keyboard.press(key)
        if (page.evaluate(FOCUSED) or "").startswith(label):
            return
    pytest.fail(f"{key} never reached {label!r}.")


def test_a_person_can_be_asked_for_first_of_all(page: Page, allowed_site: Site) -> None:
    log = open_chat(page, allowed_site.origin)
    page.get_by_role("button", name="Talk to a person").click()
    expect(log.locator(".handoff")).to_be_visible()
    expect(page.get_by_text("Waiting for a person")).to_be_visible()
    expect(page.get_by_label("Your message")).to_be_focused()


def test_an_answer_is_announced_once_and_whole(page: Page, allowed_site: Site) -> None:
    log = open_chat(page, allowed_site.origin)
    page.evaluate(
        """() => {
            window.heard = [];
            const region = document.querySelector("support-bot-chat").shadowRoot.querySelector("[aria-live=polite]");
            const hear = (node) => window.heard.push(node.textContent);
            const observer = new MutationObserver((records) => records.forEach((one) => one.addedNodes.forEach(hear)));
            observer.observe(region, { childList: true });
        }"""
    )
    ask(page, QUESTION)
    wait_for_answer(log)
    heard = page.evaluate("() => window.heard")
    assert len(heard) == 1
    assert heard[0].startswith("Automated assistant: ")
