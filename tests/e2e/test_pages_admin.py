"""What an admin does about channels and people, and what the people concerned see of it, in real browsers."""

from __future__ import annotations

import uuid
from dataclasses import replace

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_staff import ask_for_a_person

POLL_MS = 2000  # a look in the background has come by then


def open_view(page: Page, server: Server, name: str) -> None:
    """One of the admin's pages, signed in."""
    sign_in(page, server, "/admin")
    page.locator("#admin-nav").get_by_role("button", name=name).click()


def add_member(admin: Page, server: Server, name: str) -> Server:
    """Add somebody to the team; how they sign in."""
    email = f"{uuid.uuid4().hex[:8]}@example.com"
    admin.get_by_label("Name", exact=True).fill(name)
    admin.get_by_label("E-mail").fill(email)
    admin.get_by_label("How", exact=True).select_option("password")
    admin.get_by_role("button", name="Add to the team").click()
    expect(admin.get_by_text(f"{email} signs in")).to_be_visible()
    password = admin.locator(".team-told code").inner_text()
    return replace(server, admin_email=email, admin_password=password)


def test_a_channel_is_added_filled_in_and_paused(server: Server, new_page: NewPage) -> None:
    admin, slug = new_page(width=1280, height=860), f"till-{uuid.uuid4().hex[:8]}"
    open_view(admin, server, "Channels")
    admin.get_by_role("button", name="Add a channel").click()
    expect(admin.get_by_role("heading", name="Add a channel")).to_be_visible()  # else the open channel's name is filled
    admin.get_by_label("Name", exact=True).fill("Till")
    admin.get_by_label("Short name").fill(slug)
    admin.get_by_role("button", name="Add it").click()
    expect(admin.get_by_role("heading", name=slug)).to_be_visible()

    admin.get_by_label("Greeting").fill("half a thought")
    row = admin.locator("#admin-channels tr", has_text=slug)
    row.get_by_role("button", name="Switch off").click()
    expect(row.get_by_text("No customer can begin a chat here.")).to_be_visible()
    admin.wait_for_timeout(POLL_MS)
    expect(admin.get_by_label("Greeting")).to_have_value("half a thought")
    row.get_by_role("button", name="Switch on").click()
    expect(row.get_by_role("button", name="Switch off")).to_be_visible()

    admin.get_by_label("Sites").fill("HTTPS://Shop.example.com/")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_text("Saved.")).to_be_visible()
    expect(admin.get_by_label("Sites")).to_have_value("https://shop.example.com")
    line = f'<script src="{server.base_url}/widget.js" data-channel="{slug}" async></script>'
    expect(admin.locator(".paste code")).to_have_text(line)
    picture(admin, "admin-channels")
    admin.set_viewport_size({"width": 390, "height": 780})
    picture(admin, "admin-channels-phone")
    admin.set_viewport_size({"width": 1280, "height": 860})

    admin.get_by_text("Signed-in customers").click()
    admin.get_by_role("button", name="Make a key").click()
    expect(admin.get_by_text("sbi_")).to_be_visible()
    admin.get_by_role("button", name="Make a key").scroll_into_view_if_needed()
    picture(admin, "admin-identity-key")
    admin.set_viewport_size({"width": 390, "height": 780})
    admin.get_by_role("button", name="Make a key").scroll_into_view_if_needed()
    picture(admin, "admin-identity-key-phone")
    admin.set_viewport_size({"width": 1280, "height": 860})

    admin.get_by_label("Greeting").fill("of the other channel")
    admin.locator("#admin-channels .open").filter(has_not_text=slug).first.click()
    expect(admin.get_by_role("heading", name=slug)).to_have_count(0)
    admin.wait_for_timeout(POLL_MS)
    expect(admin.get_by_label("Greeting")).not_to_have_value("of the other channel")


def test_a_password_is_changed_by_its_owner_and_other_browsers_are_signed_out(
    server: Server, new_page: NewPage
) -> None:
    admin, here, there = new_page(), new_page(), new_page()
    open_view(admin, server, "Team")
    member = add_member(admin, server, "Bo")
    for page in (here, there):
        sign_in(page, member)
    here.get_by_role("link", name="Your password").click()
    for old, words in (("wrong", "The old password is wrong."), (member.admin_password, "Your password is changed.")):
        here.get_by_label("Old password").fill(old)
        here.get_by_label("New password", exact=True).fill("another long password")
        here.get_by_label("New password, once more").fill("another long password")
        picture(here, "own-password")
        here.get_by_role("button", name="Change password").click()
        expect(here.get_by_text(words)).to_be_visible()
    here.get_by_role("link", name="Back to the desk").click()
    expect(here.locator(".rail")).to_be_visible()
    there.reload()
    expect(there.get_by_role("heading", name="Sign in")).to_be_visible()


def test_a_customer_waits_again_when_the_person_they_spoke_with_is_deactivated(
    server: Server, new_page: NewPage
) -> None:
    admin, customer, bo, boss = (new_page(width=1440, height=860) for _ in range(4))
    open_view(admin, server, "Team")
    name = f"Bo {uuid.uuid4().hex[:6]}"
    member = add_member(admin, server, name)
    words = f"Question {uuid.uuid4().hex[:8]} about delivery"
    ask_for_a_person(customer, server, words)
    sign_in(boss, server)
    boss.locator("button.row", has_text=words).click()
    boss.get_by_label("Assigned to").select_option(label=f"assigned to {name}")
    expect(boss.locator(".history").get_by_text(f"assigned it to {name}")).to_be_visible()
    picture(boss, "desk-assigned")

    sign_in(bo, member)
    bo.get_by_role("button", name="Mine").click()
    bo.locator("button.row", has_text=words).click()
    bo.get_by_role("button", name="Take over").click()
    expect(customer.get_by_text("The assistant is silent.")).to_be_visible()

    admin.locator("#admin-team tr", has_text=name).get_by_role("button", name="Deactivate").click()
    admin.get_by_role("dialog").get_by_role("button", name="Deactivate").click()
    expect(customer.get_by_text("Somebody else from our team will answer here.").first).to_be_visible()
    expect(customer.get_by_text("Waiting for a person.")).to_be_visible()
    expect(boss.locator(".history").get_by_text(f"deactivated {name}: it went back to nobody")).to_be_visible()


def test_who_went_astray_is_led_on(server: Server, new_page: NewPage) -> None:
    page = new_page()
    answered = page.goto(f"{server.base_url}/help/no-such-page")
    assert answered is not None and answered.status == 404
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    picture(page, "nothing")
    page.get_by_role("link", name="support", exact=False).click()
    expect(page.locator("#chat-thread")).to_be_visible()
