"""Macros in a real browser: written by a lead, chosen by keyboard, sent by the agent; two agents on one ticket."""

from __future__ import annotations

import uuid

from playwright.sync_api import expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_staff import ask_for_a_person


def test_a_macro_is_written_found_by_typing_completed_and_sent(server: Server, new_page: NewPage) -> None:
    name = f"Refund {uuid.uuid4().hex[:6]}"
    lead = new_page(width=1280, height=860)
    sign_in(lead, server, "/admin")
    lead.get_by_role("button", name="Macros", exact=True).click()
    lead.get_by_role("button", name="Write a macro").click()
    lead.get_by_label("Name").fill(name)
    lead.get_by_label("Text").fill("Dear {{customer_name}},\n\nticket {{ticket_number}} is paid back.")
    lead.get_by_label("Status").select_option("on_hold")
    lead.get_by_label("Add tags").fill("refund")
    lead.get_by_label("Assign the ticket").check()
    picture(lead, "macros-form")
    lead.get_by_role("button", name="Add it").click()
    expect(lead.locator("#admin-pins").get_by_text(name)).to_be_visible()
    picture(lead, "macros-list")
    lead.set_viewport_size({"width": 390, "height": 844})
    picture(lead, "macros-list-phone")

    customer, desk = new_page(), new_page(width=1280, height=860)
    words = f"Where is my money? {uuid.uuid4().hex[:6]}"
    ask_for_a_person(customer, server, words)
    sign_in(desk, server)
    desk.locator(".row", has_text=words).click()
    palette, field = desk.get_by_role("dialog", name="Macros"), desk.get_by_label("Your words")
    field.wait_for()
    desk.keyboard.press("p")
    expect(palette).to_be_visible()
    desk.keyboard.type("no such words")
    expect(palette.get_by_text("No macro has these words.")).to_be_visible()
    desk.keyboard.press("Escape")
    desk.keyboard.press("Escape")
    field.focus()
    desk.keyboard.press("/")
    expect(palette).to_be_visible()
    desk.keyboard.type(name[-6:])
    desk.wait_for_timeout(2000)  # the page looks again meanwhile
    expect(palette.get_by_role("option")).to_have_count(1)
    picture(desk, "macros-palette")
    desk.set_viewport_size({"width": 390, "height": 844})
    picture(desk, "macros-palette-phone")
    desk.set_viewport_size({"width": 1280, "height": 860})
    desk.keyboard.press("Enter")
    expect(palette).to_be_hidden()
    expect(desk.locator("[data-macro-line]")).to_contain_text("is assigned to you · adds #refund · status on hold")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert")).to_contain_text("⟦customer name⟧ is not known here")
    picture(desk, "macros-mark-left")
    assert "⟦customer name⟧" in field.input_value()
    field.fill(field.input_value().replace("⟦customer name⟧", "Zoe"))
    desk.keyboard.press("Control+Enter")
    expect(customer.get_by_role("log").get_by_text("is paid back.")).to_be_visible(timeout=6000)
    context = desk.locator("#desk-context")
    expect(context.get_by_text(f"used the macro “{name}”")).to_be_visible()
    expect(context.get_by_text("#refund", exact=True)).to_be_visible()
    expect(desk.locator("[data-macro-line]")).to_be_hidden()
    assert field.input_value() == ""
