"""An admin joins a help desk on its page, sees what is wrong, and tries again what failed, in a real browser."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import expect

from tests.e2e.conftest import NewPage, Server, picture
from tests.e2e.helpdesks import free_port
from tests.e2e.test_pages_admin import POLL_MS, open_view
from tests.e2e.test_pages_staff import ask_for_a_person
from tests.helpdesk_receiver import receiving


def test_a_help_desk_is_joined_tested_and_what_failed_is_tried_again(server: Server, new_page: NewPage) -> None:
    admin, name = new_page(width=1280, height=860), f"crm-{uuid.uuid4().hex[:6]}"
    open_view(admin, server, "Help desks")
    admin.get_by_role("button", name="Add a help desk").click()
    admin.get_by_label("Kind").select_option("webhook")
    admin.get_by_label("Short name").fill(name)
    admin.get_by_label("Address").fill(f"http://127.0.0.1:{free_port()}/hook")
    admin.get_by_role("button", name="Add it").click()
    form, listed = admin.locator("#admin-connector"), admin.locator("#admin-connectors")
    expect(form.get_by_text("There is no signing secret yet")).to_be_visible()
    form.get_by_role("button", name="Test it").click()
    expect(form.get_by_text("lacks its secrets")).to_be_visible()
    form.get_by_role("button", name="Make a new signing secret").click()
    secret = form.locator(".notice code").inner_text()
    assert re.fullmatch(r"whsec_[\w+/=]+", secret)
    form.get_by_role("button", name="Test it").click()
    expect(form.get_by_text("does not answer")).to_be_visible()

    row = listed.locator("tr", has_text=name)
    row.get_by_role("button", name="Switch on").click()
    expect(row.get_by_role("button", name="Switch off")).to_be_visible()
    ask_for_a_person(new_page(), server, f"My {uuid.uuid4().hex[:8]} card was declined")
    expect(listed.get_by_text(": to be made there").first).to_be_visible()
    expect(listed.get_by_text("does not answer").first).to_be_visible()
    form.get_by_label("Queue").fill("half a thought")
    admin.wait_for_timeout(POLL_MS)
    expect(form.get_by_label("Queue")).to_have_value("half a thought")
    picture(admin, "admin-connectors")
    admin.set_viewport_size({"width": 390, "height": 780})
    picture(admin, "admin-connectors-phone")
    form.get_by_role("button", name="Close").click()
    expect(listed.get_by_text(": to be made there").first).to_be_visible()
    picture(admin, "admin-connectors-queue-phone")
    admin.set_viewport_size({"width": 1280, "height": 860})

    with receiving() as receiver:
        receiver.secret = secret
        row.locator(".open").click()
        form.get_by_label("Address").fill(receiver.url)
        form.get_by_role("button", name="Save").click()
        expect(form.get_by_text("Saved.")).to_be_visible()
        form.get_by_role("button", name="Test it").click()
        expect(form.get_by_text("It works.")).to_be_visible()
        assert [kind for kind in (said["type"] for _, said in receiver.came) if kind == "ping"] == ["ping"]
    form.get_by_role("button", name="Forget this help desk").click()
    admin.get_by_role("button", name="Forget it").click()
    expect(listed.get_by_text(name)).to_have_count(0)
