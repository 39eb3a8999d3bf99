"""The desk in real browsers: macros by keyboard, several tickets at once, two agents at one ticket."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import Page, expect

from tests.e2e.conftest import PASSWORD, NewPage, Server, picture, sign_in
from tests.e2e.test_pages_staff import ask_for_a_person


def unlike(words: str) -> str:
    """The words with an end that no other test has."""
    return f"{words} {uuid.uuid4().hex[:6]}"


def write_macro(lead: Page, server: Server, name: str) -> None:
    """What a support lead does on the admin's pages."""
    sign_in(lead, server, "/admin")
    lead.get_by_role("button", name="Macros", exact=True).click()
    lead.get_by_role("button", name="Write a macro").click()
    form = lead.locator("#admin-pin")
    form.get_by_label("Name").fill(name)
    form.get_by_label("Text").fill("Dear {{customer_name}},\n\nticket {{ticket_number}} is paid back.")
    form.get_by_label("Status").select_option("on_hold")
    form.get_by_label("Add tags").fill("refund")
    form.get_by_label("Assign the ticket").check()
    picture(lead, "macros-form")
    lead.set_viewport_size({"width": 390, "height": 844})
    picture(lead, "macros-form-phone")
    lead.set_viewport_size({"width": 1280, "height": 860})
    expect(form.get_by_label("Assign the ticket")).to_be_checked()
    form.get_by_role("button", name="Add it").click()
    expect(lead.locator("#admin-pins").get_by_text(name)).to_be_visible()
    picture(lead, "macros-list")


def choose_macro(desk: Page, name: str) -> None:
    """Find it by typing, as an agent does who never lets go of the keyboard."""
    palette = desk.get_by_role("dialog", name="Macros")
    desk.keyboard.press("p")
    expect(palette).to_be_visible()
    desk.keyboard.type("no such words")
    expect(palette.get_by_text("No macro has these words.")).to_be_visible()
    desk.keyboard.press("Escape")
    desk.keyboard.press("Escape")
    expect(palette).to_be_hidden()
    desk.keyboard.press("r")
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


def test_a_macro_is_written_found_by_typing_completed_and_sent(server: Server, new_page: NewPage) -> None:
    name, words = unlike("Refund"), unlike("Where is my money?")
    write_macro(new_page(width=1280, height=860), server, name)
    customer, desk = new_page(), new_page(width=1280, height=860)
    ask_for_a_person(customer, server, words)
    sign_in(desk, server)
    desk.locator(".row", has_text=words).click()
    field, line = desk.get_by_label("Your words"), desk.locator("[data-macro-line]")
    field.wait_for()
    choose_macro(desk, name)
    expect(line).to_contain_text("assigned to you · adds #refund · status on hold")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_role("alert")).to_contain_text("⟦customer name⟧ is not known here")
    picture(desk, "macros-mark-left")
    field.fill(field.input_value().replace("⟦customer name⟧", "Zoe"))
    desk.keyboard.press("Control+Enter")
    expect(customer.get_by_role("log").get_by_text("is paid back.")).to_be_visible(timeout=6000)
    context = desk.locator("#desk-context")
    expect(context.get_by_text(f"used the macro “{name}”")).to_be_visible()
    expect(context.get_by_text("#refund", exact=True)).to_be_visible()
    expect(line).to_be_hidden()
    assert field.input_value() == ""


def test_several_tickets_are_changed_at_once_by_keyboard(server: Server, new_page: NewPage) -> None:
    mark = uuid.uuid4().hex[:6]
    for number in range(2):
        ask_for_a_person(new_page(), server, f"Box {number} is late {mark}")
    desk = new_page(width=1280, height=860)
    sign_in(desk, server)
    for number in range(2):
        desk.locator(".row", has_text=f"Box {number} is late {mark}").click()
        expect(desk.locator(".row[data-selected]")).to_contain_text(f"Box {number} is late")
        desk.keyboard.press("x")
    expect(desk.locator("[data-bulk]")).to_contain_text("2 chosen")
    desk.wait_for_timeout(2000)  # the page looks again meanwhile
    picture(desk, "bulk-chosen")
    desk.keyboard.press("b")
    dialog = desk.get_by_role("dialog", name="Change tickets")
    dialog.get_by_label("Assigned to").select_option("me")
    dialog.get_by_label("Priority").select_option("urgent")
    dialog.get_by_label("Add tags").fill("late")
    picture(desk, "bulk-dialog")
    dialog.get_by_role("button", name="Change").click()
    told = desk.get_by_role("dialog", name="What was changed")
    expect(told).to_contain_text("2 tickets changed")
    desk.keyboard.press("Enter")
    expect(told).to_be_hidden()
    expect(desk.locator("[data-bulk]")).to_be_hidden()
    for number in range(2):
        row = desk.locator(".row", has_text=f"Box {number} is late {mark}")
        expect(row).to_contain_text("#late")
        expect(row).to_contain_text("urgent")
    expect(desk.locator("#desk-context").get_by_text("changed the priority from normal to urgent")).to_be_visible()


def join(page: Page, server: Server, admin: Page, name: str) -> None:
    """Another agent, added by the admin, who signs in on this page."""
    admin.goto(server.base_url + "/admin")
    token = admin.request.get(server.base_url + "/api/v1/me").json()["csrf_token"]
    body = {"email": f"{name.lower()}@example.com", "name": name, "role": "agent", "password": PASSWORD}
    made = admin.request.post(server.base_url + "/api/v1/staff", data=body, headers={"X-CSRF-Token": token})
    assert made.status == 201, made.text()
    sign_in(page, Server(server.base_url, body["email"], PASSWORD))


def test_two_agents_see_each_other_and_the_second_reply_is_asked_about(server: Server, new_page: NewPage) -> None:
    words, name = unlike("The lid is broken"), f"Bo{uuid.uuid4().hex[:4]}"
    customer, one, two = new_page(), new_page(width=1280, height=860), new_page(width=1280, height=860)
    ask_for_a_person(customer, server, words)
    sign_in(one, server)
    join(two, server, one, name)
    one.goto(server.base_url + "/desk")
    one.locator(".row", has_text=words).click()
    one.get_by_label("Your words").wait_for()
    two.locator(".row", has_text=words).click()
    expect(one.locator(".present")).to_have_text(f"{name} is here", timeout=4000)
    expect(two.locator(".present")).to_contain_text("is here", timeout=4000)
    two.get_by_label("Your words").press_sequentially("A new lid is")
    expect(one.locator(".present")).to_have_text(f"{name} is writing", timeout=4000)
    picture(one, "presence")
    one.set_viewport_size({"width": 390, "height": 844})
    picture(one, "presence-phone")
    one.get_by_label("Your words").fill("We send a new lid.")
    one.keyboard.press("Control+Enter")
    expect(two.locator("#desk-talk").get_by_text("We send a new lid.")).to_be_visible(timeout=4000)
    two.get_by_label("Your words").press_sequentially(" on its way.")
    two.keyboard.press("Control+Enter")
    expect(two.get_by_role("alert")).to_have_text(re.compile(r"answered \d+ s ago: send anyway\?"))
    picture(two, "second-reply")
    two.get_by_role("button", name="Send anyway").click()
    expect(customer.get_by_role("log").get_by_text("A new lid is on its way.")).to_be_visible(timeout=6000)
    two.locator(".brand").click()
    two.goto(server.base_url + "/desk")
    expect(one.locator(".present")).to_have_count(0, timeout=15_000)
