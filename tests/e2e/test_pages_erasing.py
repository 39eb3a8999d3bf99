"""A customer is erased on the admin's page, in real browsers, and writes on as if for the first time."""

from __future__ import annotations

import re
import uuid

from playwright.sync_api import expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_admin import open_view
from tests.e2e.test_pages_customer import answered, ask
from tests.e2e.test_pages_staff import ask_for_a_person


def test_a_customer_is_erased_and_writes_on_without_an_error(server: Server, new_page: NewPage) -> None:
    customer, desk, admin = new_page(), new_page(width=1440, height=860), new_page(width=1280, height=860)
    words = f"Where is my order {uuid.uuid4().hex[:10]}?"
    ask_for_a_person(customer, server, words)
    sign_in(desk, server)
    desk.locator("#desk-list").get_by_text(words).first.click()
    expect(desk.locator("#desk-head")).to_contain_text(re.compile(r"#\d+"))
    number = re.search(r"#(\d+)", desk.locator("#desk-head").inner_text())
    assert number is not None
    with desk.expect_download() as file:
        desk.get_by_role("link", name="Everything of this customer").click()
    assert file.value.suggested_filename == "customer.zip"
    picture(desk, "desk-customer-files")

    open_view(admin, server, "Erase a customer")
    admin.get_by_label("Customer", exact=True).fill(number[0])
    admin.get_by_role("button", name="Look").click()
    expect(admin.locator("#admin-erase").get_by_text("messages", exact=True)).to_be_visible()
    picture(admin, "admin-erase")
    admin.set_viewport_size({"width": 390, "height": 780})
    picture(admin, "admin-erase-phone")
    admin.set_viewport_size({"width": 1280, "height": 860})
    admin.get_by_label(f"Type {number[0]} once more").fill("#0")
    admin.get_by_role("button", name="Erase for good").click()
    expect(admin.get_by_text("nothing was erased")).to_be_visible()
    admin.get_by_label(f"Type {number[0]} once more").fill(number[0])
    admin.get_by_role("button", name="Erase for good").click()
    expect(admin.get_by_text(f"{number[0]} is erased")).to_be_visible(timeout=20_000)
    picture(admin, "admin-erased")

    ask(customer, "Do you ship to Norway?")
    answered(customer)
    expect(customer.get_by_text(words)).to_have_count(0)
