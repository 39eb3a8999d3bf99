"""The risk dial on the admin's page: the plot, its table, and what is said where nothing was calibrated."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.services.risk import CurvePoint, RiskDial
from support_bot.values import Role
from tests.factories import PASSWORD, make_app
from tests.integration.test_ui_knowledge import Tab
from ui.parts.risk import MOST_POINTS, risk_page

POINTS = [CurvePoint(0.9, 200, 20, 2), CurvePoint(0.45, 200, 152, 46), CurvePoint(0.1, 200, 200, 100)]
DIAL = RiskDial(0.45, 0.3, POINTS)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


def drawing(html: str) -> ET.Element:
    """The plot, read as a browser reads it."""
    found = re.search(r"<svg.*</svg>", html)
    assert found
    return ET.fromstring(found[0])


def places(shape: ET.Element | None) -> list[tuple[float, float]]:
    assert shape is not None
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in shape.attrib["points"].split())]


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", html))


class TestPiece:
    def test_the_choice_is_said_in_a_sentence(self) -> None:
        said = words(risk_page(DIAL, 0.45))
        assert (
            "Answers by itself from a confidence of 0.45: about 76% of questions, of which 30% (24-38%) wrong by the "
            "exam’s strict rule." in said
        )
        assert "Chosen for at most 30% wrong on an exam of 200 questions" in said and "In force is" not in said

    def test_the_plot_has_a_name_and_a_description(self) -> None:
        svg = drawing(risk_page(DIAL, 0.45))
        assert svg.attrib["role"] == "img"
        known = {element.attrib["id"]: element.text or "" for element in svg.iter() if "id" in element.attrib}
        name, description = (known[one] for one in svg.attrib["aria-labelledby"].split())
        assert "rate of wrong answers" in name and "to 100% answered with 50% wrong" in description

    def test_the_line_rises_with_what_is_answered_and_lies_in_its_band(self) -> None:
        svg = drawing(risk_page(DIAL, 0.45))
        line, band = places(svg.find("polyline")), places(svg.find("polygon"))
        assert [y for _, y in line] == sorted((y for _, y in line), reverse=True)
        assert [x for x, _ in line] == sorted(x for x, _ in line)
        for (x, y), low, high in zip(line, band[:3], reversed(band[3:]), strict=True):
            assert low[0] < x < high[0] and low[1] == y == high[1]

    def test_the_dot_is_the_chosen_point_of_the_line(self) -> None:
        svg = drawing(risk_page(DIAL, 0.45))
        dot = svg.find(".//circle")
        assert dot is not None
        assert places(svg.find("polyline"))[1] == (float(dot.attrib["cx"]), float(dot.attrib["cy"]))

    def test_the_table_has_the_points_of_the_plot(self) -> None:
        many = [CurvePoint(1 - number / 500, 500, number, number // 4) for number in range(1, 501)]
        page = risk_page(RiskDial(many[100].threshold, 0.25, many), many[100].threshold)
        shown = places(drawing(page).find("polyline"))
        assert MOST_POINTS <= len(shown) <= MOST_POINTS + 2
        assert page.count('<th scope="row">') == len(shown)
        assert [words(row) for row in re.findall(r"<tr class=here>.*?</tr>", page)] == [
            "0.798 Chosen20% (101)25% (25)17-34%"
        ]

    def test_another_confidence_in_force_is_told(self) -> None:
        said = words(risk_page(DIAL, 0.6))
        assert "In force is a confidence of 0.6." in said and "Answers by itself from" not in said
        assert "not in force: to answer by itself from a confidence of 0.45: about 76% of questions" in said

    def test_without_an_exam_it_says_how_to_make_one(self) -> None:
        page = risk_page(None, 0.35)
        assert "polyline" not in page and "answers from a confidence of 0.35" in page
        assert "Whoever looks after the server types it there" in page
        assert "support-bot evaluate --kb DIR" in words(page) and "--calibrate --wrong-at-most 0.3" in words(page)

    @pytest.mark.parametrize("points", [[], [CurvePoint(0.5, 10, 3, 7)], [CurvePoint(0.5, 2, 3, 1)]])
    def test_a_curve_that_cannot_be_is_not_drawn(self, points: list[CurvePoint]) -> None:
        page = risk_page(replace(DIAL, points=points), 0.45)
        assert "polyline" not in page and "was not stored with it" in page


class TestPage:
    def test_an_admin_finds_it_under_answers(self, app: App) -> None:
        tab = Tab(app)
        assert "admin-sure" not in tab.seen  # nothing is read for a page that is not shown
        tab.press("view", view="sure")
        assert 'data-view="sure" aria-current="page"' in tab.seen["admin-nav"]
        assert "Not chosen on an exam yet" in tab.seen["admin-sure"]

    def test_a_new_choice_shows_without_a_reload(self, app: App) -> None:
        tab = Tab(app)
        tab.press("view", view="sure")
        app.risk.choose(0.45, 0.3, POINTS)
        changes = tab.page.tick(tab.shelf, tab.request)
        assert any(isinstance(html, str) and "<b>0.45</b>" in html for html in changes.values())
