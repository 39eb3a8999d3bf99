"""No serious finding of axe-core, in light and dark, on a phone and on a desktop, in every state of the chat."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.websites import QUESTION, Site, ask, wait_for_answer

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text(encoding="utf-8")
RUN = """() => axe.run({ include: [["support-bot-chat"]] }, { resultTypes: ["violations"] }).then(({ violations }) =>
  violations.filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, nodes }) => [id, nodes.map((node) => [node.target.flat().join(" "), node.failureSummary])]))"""


def findings(page: Page) -> list[Any]:
    page.evaluate(AXE)
    return list(page.evaluate(RUN))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_serious_is_found(chromium: Browser, allowed_site: Site, scheme: Any, width: int) -> None:
    context = chromium.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 760}, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(allowed_site.origin)
    expect(page.get_by_role("button", name="Open chat")).to_be_visible()
    assert findings(page) == []

    page.get_by_role("button", name="Open chat").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert findings(page) == []

    ask(page, QUESTION)
    wait_for_answer(page.get_by_role("log"))
    assert findings(page) == []
    page.get_by_role("log").get_by_role("button", name="Source 1:").first.click()
    expect(page.locator(".article .marked").first).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")

    page.get_by_role("button", name="Talk to a person").first.click()
    expect(page.get_by_text("Waiting for a person")).to_be_visible()
    assert findings(page) == []
    page.get_by_role("button", name="End chat").click()
    page.get_by_role("button", name="End chat: press again").click()
    expect(page.get_by_role("button", name="Start a new conversation")).to_be_visible()
    assert findings(page) == []
    context.close()


def test_a_poor_colour_would_be_found(visitor: Page, allowed_site: Site) -> None:
    """That the check sees into the chat at all."""
    visitor.goto(allowed_site.origin)
    visitor.get_by_role("button", name="Open chat").click()
    expect(visitor.get_by_role("dialog")).to_be_visible()
    visitor.evaluate(
        """() => document.querySelector("support-bot-chat").shadowRoot.querySelectorAll("p")
            .forEach((one) => { one.style.color = "#bbb"; one.style.background = "#fff"; })"""
    )
    assert "color-contrast" in [rule for rule, _ in findings(visitor)]
