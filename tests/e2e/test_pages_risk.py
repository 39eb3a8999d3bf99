"""The risk dial in a real browser: found by an admin, drawn to scale, readable on a phone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewPage, Server, picture, sign_in

POINTS = [
    {"threshold": 1 - number / 100, "n": 80, "answered": number, "wrong": number * number // 200}
    for number in range(1, 81)
]
CHOOSE = """async (choice) => {
  const { csrf_token } = await (await fetch("/api/v1/me")).json();
  const headers = { "Content-Type": "application/json", "X-CSRF-Token": csrf_token };
  const answer = await fetch("/api/v1/risk", { method: "PUT", headers, body: JSON.stringify(choice) });
  return answer.status;
}"""
STICKS_OUT = "(piece) => piece.scrollWidth - piece.clientWidth"


def fits(page: Page, name: str) -> None:
    """Pictures on a desk and on a phone; nothing has to be scrolled sideways."""
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        picture(page, f"{name}-{width}")
        assert page.locator("#admin-sure").evaluate(STICKS_OUT) <= 0


def test_the_curve_of_an_exam_is_drawn_with_its_figures(server: Server, new_page: NewPage) -> None:
    page = new_page(width=1440, height=900)
    sign_in(page, server, "/admin")
    page.get_by_role("button", name="How sure it must be").click()
    piece = page.locator("#admin-sure")
    expect(piece).to_contain_text("Not chosen on an exam yet")
    fits(page, "risk-none")
    assert page.evaluate(CHOOSE, {"threshold": 0.4, "wrong_at_most": 0.3, "points": POINTS}) == 200
    expect(piece).to_contain_text("from a confidence of 0.4: about 75% of questions, of which 30% (20-43%) wrong")
    expect(piece.get_by_role("img", name="Share answered by itself")).to_be_visible()
    dot, line = (piece.locator(f".curve {shape}").bounding_box() for shape in ("circle", ".line"))
    assert dot and line
    assert abs((line["y"] + line["height"] - dot["y"] - dot["height"] / 2) / line["height"] - 59 / 79) < 0.02
    piece.get_by_text("The figures").click()
    page.wait_for_timeout(2000)  # the page looks again meanwhile
    expect(piece.get_by_role("row", name="0.4 Chosen")).to_contain_text("75% (60)")
    fits(page, "risk")
