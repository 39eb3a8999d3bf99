"""A draft on the desk in a real browser: asked for, inserted, edited, sent."""

from __future__ import annotations

import uuid

from playwright.sync_api import expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_staff import ask_for_a_person


def test_a_draft_is_inserted_edited_and_sent_by_the_agent(server: Server, new_page: NewPage) -> None:
    customer, desk = new_page(), new_page(width=1280, height=860)
    words = f"What does standard delivery cost in the UK? {uuid.uuid4().hex[:6]}"
    ask_for_a_person(customer, server, words)
    sign_in(desk, server)
    desk.locator(".row", has_text=words).click()
    desk.get_by_role("button", name="Suggest a reply").wait_for()
    desk.keyboard.press("d")
    panel = desk.get_by_role("region", name="Suggested reply")
    expect(panel.get_by_text("public").first).to_be_visible(timeout=30_000)
    expect(customer.get_by_text("Waiting for a person.")).to_be_visible()
    picture(desk, "desk-draft")
    desk.set_viewport_size({"width": 390, "height": 844})
    picture(desk, "desk-draft-phone")
    desk.set_viewport_size({"width": 1280, "height": 860})
    panel.get_by_role("button", name="Insert", exact=True).click()
    field = desk.get_by_label("Your words")
    draft = field.input_value()
    assert draft
    written = f"Hello from a person. Thank you for your patience. {draft}"
    tone, shorter_words = desk.get_by_label("Say it in another tone"), f"Hello from a person. {draft}"
    field.fill(written)
    tone.select_option("shorter")
    shorter = desk.get_by_role("region", name="Your reply in another tone")
    expect(shorter.get_by_text("Hello from a person.")).to_be_visible()
    picture(desk, "desk-tone")
    desk.set_viewport_size({"width": 390, "height": 844})
    picture(desk, "desk-tone-phone")
    desk.set_viewport_size({"width": 1280, "height": 860})
    field.fill(f"{written} Typed since.")
    shorter.get_by_role("button", name="Use it").click()
    assert field.input_value() == f"{written} Typed since.\n\n{shorter_words}"
    field.fill(written)
    shorter.get_by_role("button", name="Use it").click()
    assert field.input_value() == shorter_words
    desk.keyboard.press("Control+Enter")
    expect(customer.get_by_role("log").get_by_text("Hello from a person.")).to_be_visible(timeout=6000)
    expect(panel).to_have_count(0)
