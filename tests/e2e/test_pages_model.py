"""The model's page in a real browser: which one writes, how it does, readable on a phone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in
from tests.e2e.test_pages_customer import answered, ask, open_chat

STICKS_OUT = "(piece) => piece.scrollWidth - piece.clientWidth"


def fits(page: Page, name: str) -> None:
    """Pictures on a desk and on a phone; nothing has to be scrolled sideways."""
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        picture(page, f"{name}-{width}")
        for piece in ("#admin-model", "#admin-figures"):
            assert page.locator(piece).evaluate(STICKS_OUT) <= 0
    page.set_viewport_size({"width": 1440, "height": 900})


def test_says_which_model_writes_and_how_fast(server: Server, new_page: NewPage) -> None:
    customer = open_chat(new_page(), server)
    ask(customer, "Are the snapdragon petals ok on top of a salad?")
    answered(customer)
    page = new_page(width=1440, height=900)
    sign_in(page, server, "/admin")
    page.get_by_role("button", name="Model").click()
    model, figures = page.locator("#admin-model"), page.locator("#admin-figures")
    expect(model).to_contain_text("smollm2-135m Works")
    expect(model).to_contain_text("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
    expect(model.get_by_role("row", name="smollm2-135m")).to_contain_text("In use")
    expect(figures).to_contain_text("95 of 100 within", timeout=20_000)
    expect(figures).to_contain_text("tokens of prompts were still in memory")
    expect(figures).to_contain_text("Nothing since the start.")
    fits(page, "model")
