"""A ticket's fields on the desk by keyboard, in a real browser."""

from __future__ import annotations

import uuid

from playwright.sync_api import expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_staff import ask_for_a_person


def test_tags_snooze_and_watching_by_key(server: Server, new_page: NewPage) -> None:
    words = f"Field {uuid.uuid4().hex[:8]} about delivery"
    ask_for_a_person(new_page(), server, words)
    desk = new_page(width=1280, height=860)
    sign_in(desk, server)
    desk.locator(".row", has_text=words).click()
    context = desk.locator("#desk-context")
    desk.get_by_role("button", name="Edit tags").wait_for()
    desk.keyboard.press("l")
    expect(desk.get_by_role("dialog", name="Tags")).to_be_visible()
    desk.keyboard.type("Late delivery, vip")
    desk.wait_for_timeout(2000)  # the page looks again meanwhile
    picture(desk, "desk-tags")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("dialog", name="Tags")).to_have_count(0)
    expect(context.get_by_text("#late-delivery", exact=True)).to_be_visible()
    desk.keyboard.press("w")
    expect(context.get_by_role("button", name="Stop watching")).to_be_visible()
    desk.get_by_label("Status", exact=True).select_option("on_hold")
    expect(context.get_by_text("changed the status from new to on hold")).to_be_visible()
    desk.locator(".talk-head h1").click()
    desk.get_by_label("Status", exact=True).blur()
    desk.keyboard.press("z")
    expect(desk.get_by_role("dialog", name="Snooze")).to_be_visible()
    desk.keyboard.press("Enter")
    expect(context.get_by_text("snoozed it until")).to_be_visible()
    picture(desk, "desk-fields")
    desk.set_viewport_size({"width": 390, "height": 780})
    expect(context).to_be_hidden()
    desk.keyboard.press("o")
    expect(context.get_by_text("#late-delivery", exact=True)).to_be_visible()
    picture(desk, "desk-fields-phone")
    context.get_by_role("button", name="Close").click()
    expect(context).to_be_hidden()
