"""The customer's page in a real browser, against the default engine."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage, Server, picture

QUESTION = "What does standard delivery cost in the UK?"
UNKNOWN = "Who won the chess world cup in 1987?"
ANSWERS_WITHIN_MS = 60_000


def open_chat(page: Page, server: Server) -> Page:
    page.goto(server.base_url)
    expect(page.get_by_text("Automated assistant", exact=True)).to_be_visible(timeout=20_000)
    expect(page.locator(".greeting")).to_be_visible()
    return page


def ask(page: Page, text: str) -> None:
    page.get_by_label("Your message").fill(text)
    page.get_by_label("Your message").press("Enter")


def answered(page: Page, number: int = 1) -> None:
    """Wait until the assistant has finished its answer of this number."""
    answers = page.locator(".message.bot:not(.live, .greeting)")
    expect(answers).to_have_count(number, timeout=ANSWERS_WITHIN_MS)


def test_a_question_gets_a_cited_answer_that_opens_at_the_passage(server: Server, new_page: NewPage) -> None:
    page = open_chat(new_page(), server)
    picture(page, "customer-first-visit")
    ask(page, QUESTION)
    expect(page.locator(".message.bot:not(.greeting)").first).to_be_visible()  # live or, on a fast machine, done
    answered(page)
    picture(page, "customer-answer")

    page.locator(".cite").first.click()
    expect(page.get_by_role("dialog").locator(".cited").first).to_be_in_viewport()
    picture(page, "customer-article")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_answer_is_announced_once_and_not_while_it_is_written(server: Server, new_page: NewPage) -> None:
    page = open_chat(new_page(), server)
    page.evaluate(
        """() => { window.heard = []; new MutationObserver(() => heard.push(
            document.querySelector('#chat-live [role=status]').textContent
        )).observe(document.querySelector('#chat-live'), {subtree: true, childList: true, characterData: true}); }"""
    )
    ask(page, QUESTION)
    answered(page)
    page.wait_for_function("() => window.heard.length > 0")
    page.wait_for_timeout(1500)
    assert len([words for words in page.evaluate("() => [...new Set(heard)]") if words.startswith("Assistant:")]) == 1
    assert page.locator("#chat-thread [aria-live=polite]").count() == 0


def test_the_conversation_is_there_after_a_reload_and_gone_when_a_new_one_begins(
    server: Server, new_page: NewPage
) -> None:
    page = open_chat(new_page(), server)
    ask(page, QUESTION)
    answered(page)
    page.reload()
    expect(page.locator(".message.customer .bubble")).to_have_text(QUESTION)
    expect(page.locator(".cite").first).to_be_visible()

    page.get_by_role("button", name="New conversation").click()
    expect(page.locator(".message.customer")).to_have_count(0)
    page.reload()
    expect(page.locator(".greeting")).to_be_visible()
    expect(page.locator(".message.customer")).to_have_count(0)


def test_two_browsers_at_once_each_get_their_own_answer(server: Server, new_page: NewPage) -> None:
    one, other = open_chat(new_page(), server), open_chat(new_page(), server)
    ask(one, QUESTION)
    ask(other, "How do I pay with a gift card?")
    answered(one)
    answered(other)
    expect(one.locator(".message.customer .bubble")).to_have_text(QUESTION)
    expect(other.locator(".message.customer .bubble")).to_have_text("How do I pay with a gift card?")


def test_what_is_unknown_is_refused_and_a_person_is_one_click_away(server: Server, new_page: NewPage) -> None:
    page = open_chat(new_page(), server)
    ask(page, UNKNOWN)
    answered(page)
    expect(page.locator(".cite")).to_have_count(0)
    picture(page, "customer-refusal")
    page.locator(".message .chips").get_by_role("button", name="Talk to a person").click()
    expect(page.get_by_text("Waiting for a person.")).to_be_visible()
    picture(page, "customer-waiting")


def test_what_a_customer_types_is_never_run(server: Server, new_page: NewPage) -> None:
    page = open_chat(new_page(), server)
    typed = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    ask(page, typed)
    answered(page)
    expect(page.locator(".message.customer .bubble")).to_have_text(typed)
    assert "owned" not in page.title()


def test_everything_works_with_the_keyboard_alone(server: Server, new_page: NewPage) -> None:
    page = open_chat(new_page(), server)
    page.locator(".chip").first.focus()
    page.keyboard.press("Enter")
    answered(page)
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    answered(page, 2)
    page.locator(".message.bot .source").last.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(390, 780), (600, 400)], ids=["phone", "zoomed"])
def test_a_narrow_page_hides_nothing_and_needs_no_sideways_scrolling(
    server: Server, new_page: NewPage, width: int, height: int
) -> None:
    page = open_chat(new_page(width=width, height=height), server)
    ask(page, QUESTION)
    answered(page)
    picture(page, f"customer-{width}")
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    for name in ("Send", "Talk to a person", "New conversation"):
        expect(page.get_by_role("button", name=name).first).to_be_in_viewport()


def test_the_end_can_be_rated_and_the_conversation_saved(server: Server, new_page: NewPage) -> None:
    page = open_chat(new_page(), server)
    ask(page, QUESTION)
    answered(page)
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("Thank you for telling us.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download this conversation").click()
    assert QUESTION in download.value.path().read_text()

    page.get_by_role("button", name="End this conversation").click()
    picture(page, "customer-ended")
    page.get_by_role("button", name="4 of 5: Good").click()
    expect(page.get_by_text("Thank you for your rating.")).to_be_visible()


def test_words_written_without_a_connection_are_kept_and_sent_once(server: Server, new_page: NewPage) -> None:
    page = open_chat(new_page(), server)
    ask(page, QUESTION)
    answered(page)
    page.context.set_offline(True)
    expect(page.get_by_text("No connection.")).to_be_visible(timeout=10_000)
    picture(page, "customer-offline")
    ask(page, "Are you still there?")
    page.context.set_offline(False)
    expect(page.get_by_label("Your message")).to_have_value("Are you still there?", timeout=20_000)
    page.get_by_label("Your message").press("Enter")
    expect(page.locator(".message.customer .bubble")).to_have_text([QUESTION, "Are you still there?"])


def test_nothing_of_the_framework_shows(server: Server, new_page: NewPage) -> None:
    page = open_chat(new_page(), server)
    expect(page.get_by_text(re.compile("gradio|built with|use via api", re.IGNORECASE))).to_have_count(0)
    expect(page.locator("footer:visible")).to_have_count(0)
    assert page.request.get(f"{server.base_url}/gradio_api/info").json()["named_endpoints"] == {}
    sent = {"file": {"name": "a.txt", "mimeType": "text/plain", "buffer": b"x"}}
    assert page.request.post(f"{server.base_url}/gradio_api/upload", multipart=sent).status == 404
