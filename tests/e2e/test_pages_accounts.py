"""Somebody joins by a link, sets up two-factor sign-in and comes in with it, in real browsers."""

from __future__ import annotations

import time
import uuid

import pyotp
from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.conftest import NewPage, Server, picture
from tests.e2e.test_pages_admin import open_view

PASSWORD = "a long enough password"
PHONE: ViewportSize = {"width": 390, "height": 780}


def test_somebody_joins_by_a_link_and_signs_in_with_two_factors(server: Server, new_page: NewPage) -> None:
    email = f"{uuid.uuid4().hex[:8]}@example.com"
    link = invite(new_page(width=1280, height=860), server, email)
    viewer = new_page(width=1280, height=860)
    viewer.goto(link)
    expect(viewer.get_by_label("Name")).to_have_value("Vi")
    viewer.get_by_label("Password", exact=True).fill(PASSWORD)
    viewer.get_by_label("Password, once more").fill(PASSWORD)
    picture(viewer, "join")
    viewer.get_by_role("button", name="Join").click()
    viewer.get_by_role("link", name="Sign in").click()
    type_password(viewer, email)
    viewer.locator(".rail").wait_for()
    picture(viewer, "desk-viewer")
    code = set_up(viewer, server)

    viewer.set_viewport_size({"width": 1280, "height": 860})
    viewer.context.clear_cookies()
    viewer.goto(f"{server.base_url}/desk")
    type_password(viewer, email)
    picture(viewer, "two-factor-code")
    viewer.get_by_label("Code").fill(code)
    viewer.get_by_role("button", name="Sign in").click()
    viewer.locator(".rail").wait_for()
    expect(viewer.get_by_role("link", name="Knowledge")).to_have_count(0)


def invite(admin: Page, server: Server, email: str) -> str:
    """Invite a viewer on the team's page; the link."""
    open_view(admin, server, "Team")
    admin.get_by_label("Name", exact=True).fill("Vi")
    admin.get_by_label("E-mail").fill(email)
    admin.get_by_label("Role", exact=True).select_option("viewer")
    admin.get_by_role("button", name="Add to the team").click()
    expect(admin.get_by_role("heading", name="Open links")).to_be_visible()
    picture(admin, "admin-team-links")
    admin.set_viewport_size(PHONE)
    picture(admin, "admin-team-links-phone")
    return admin.locator(".team-told code").inner_text()


def type_password(page: Page, email: str) -> None:
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def set_up(page: Page, server: Server) -> str:
    """Switch two-factor sign-in on; a recovery code."""
    page.goto(f"{server.base_url}/two-factor")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Set it up").click()
    phone = pyotp.TOTP(page.locator("code").inner_text())
    picture(page, "two-factor")
    page.set_viewport_size(PHONE)
    picture(page, "two-factor-phone")
    page.get_by_label("The code it shows").fill(phone.at(time.time()))
    page.get_by_role("button", name="Switch it on").click()
    code = page.locator("ul.codes code").first.inner_text()
    picture(page, "two-factor-codes-phone")
    return code
