"""An admin makes a team and a rule; an agent at an open desk gets what the next customer asks a person for."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_admin import open_view
from tests.e2e.test_pages_staff import ask_for_a_person

TEAM_OF_WEB = 'select[data-action="routing-team"][data-channel="web"]'
NAME = f"Billing {uuid.uuid4().hex[:6]}"

# What the browser would show and play.
HEARD = """
window.heard = []; window.asked = 0; window.tones = 0;
window.Notification = class {
  static permission = "default";
  static async requestPermission() { window.asked += 1; window.Notification.permission = "granted"; }
  constructor(title) { window.heard.push(title); }
};
const begin = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) { window.tones += 1; begin.call(this, at); };
"""


@pytest.fixture
def admin(server: Server, new_page: NewPage) -> Iterator[Page]:
    """The admin on the team's page; other tests find the rules as they were."""
    page = new_page(width=1280, height=860)
    open_view(page, server, "Team")
    yield page
    page.set_viewport_size({"width": 1280, "height": 860})
    page.get_by_label("Rule of every channel").select_option("by_hand")
    page.get_by_role("row", name=NAME).get_by_role("button", name="Dissolve").click()
    page.get_by_role("dialog").get_by_role("button", name="Dissolve").click()
    expect(page.get_by_role("row", name=NAME)).to_have_count(0)


def test_an_escalation_goes_to_the_agent_of_the_team_who_is_there(
    server: Server, new_page: NewPage, admin: Page
) -> None:
    make_team(admin)

    desk = new_page(width=1280, height=860)
    desk.add_init_script(HEARD)
    sign_in(desk, server)
    allow_notices(desk)
    expect(desk.locator(".availability")).to_contain_text("Online")
    words = f"Team {uuid.uuid4().hex[:8]} about an invoice"
    ask_for_a_person(new_page(), server, words)
    desk.wait_for_function("window.heard.length")
    desk.wait_for_timeout(2000)  # the page looks again meanwhile
    assert desk.evaluate("window.heard") == ["A ticket is yours now"] and desk.evaluate("window.tones") == 2
    desk.get_by_role("button", name="My teams").click()
    row = desk.locator(".row", has_text=words)
    expect(row).to_contain_text(NAME)
    row.click()
    expect(desk.locator("#desk-context")).to_contain_text("The rule (least busy) gave it to")
    picture(desk, "desk-team")
    desk.get_by_role("button", name="Go away").click()
    expect(desk.locator(".availability")).to_contain_text("Away")
    desk.set_viewport_size({"width": 390, "height": 780})
    picture(desk, "desk-team-phone")
    desk.get_by_role("button", name="Back to the list").click()
    picture(desk, "desk-team-list-phone")
    desk.get_by_role("button", name="Go online").click()
    expect(desk.locator(".availability")).to_contain_text("Online")


def make_team(admin: Page) -> None:
    """A team of one that gets the channel's tickets by a rule."""
    admin.get_by_label("Team", exact=True).fill(NAME)
    admin.get_by_role("button", name="Make a team").click()
    admin.get_by_role("row", name=NAME).get_by_role("button", name="Change").click()
    admin.get_by_role("dialog").get_by_role("checkbox").first.check()
    picture(admin, "admin-team-members")
    admin.get_by_role("button", name="Save").click()
    expect(admin.get_by_role("dialog")).to_have_count(0)
    admin.get_by_label("Rule of every channel").select_option("least_busy")
    admin.locator(TEAM_OF_WEB).select_option(label=NAME)
    admin.wait_for_timeout(2000)  # the page looks again meanwhile
    expect(admin.locator(TEAM_OF_WEB).locator("option:checked")).to_have_text(NAME)
    expect(admin.get_by_label("Team", exact=True)).to_have_value("")
    picture(admin, "admin-teams")
    admin.set_viewport_size({"width": 390, "height": 780})
    picture(admin, "admin-teams-phone")


def allow_notices(desk: Page) -> None:
    """Permission is asked for by the button alone."""
    assert desk.evaluate("window.asked") == 0
    desk.get_by_role("button", name="Notices").click()
    desk.get_by_role("button", name="Let this browser show them").click()
    expect(desk.get_by_text("This browser shows them.")).to_be_visible()
    picture(desk, "desk-notices")
    desk.set_viewport_size({"width": 390, "height": 780})
    picture(desk, "desk-notices-phone")
    desk.set_viewport_size({"width": 1280, "height": 860})
    desk.get_by_role("button", name="Save").click()
    expect(desk.get_by_role("dialog", name="Notices")).to_have_count(0)
