"""Several models on the same questions: the figures, and the page that shows them."""

from __future__ import annotations

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest

from support_bot.commands.distill_report import spread
from support_bot.errors import Invalid
from support_bot.evaluation import side_page
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.drafts import Draft
from support_bot.evaluation.side_by_side import Column, summary

QUESTIONS = [
    Question(id=f"q{number}", question="What does it cost?", type="factual", must_include=(("$9",),))
    for number in range(4)
]


def column(label: str, right: int, drafts: Callable[[int], list[Draft]] = lambda count: []) -> Column:
    """Of the four questions it answers the first `right` ones rightly; `drafts` from each number of passages."""
    found = Column(label, f"{label} & <b>others</b>", 98_000_000, model_mb=150.4, memory_mb=612.6)
    for number, question in enumerate(QUESTIONS):
        text = "It costs $9." if number < right else "It costs $5."
        found.predictions[question.id] = Prediction(
            id=question.id, answer=text, status="answered", seconds_first_token=0.5, seconds_total=1.0 + number
        )
        found.cpu_s.append(0.25)
    for count in (1, 8):
        found.drafts |= {(f"q{number}", count): each for number, each in enumerate(drafts(count))}
    return found


def drafts(count: int) -> list[Draft]:
    """One right, one wrong: ten tokens after the first, in half a second for each passage."""
    return [Draft(text, 100 * count, 90 * count, 11, 0.2 * count, 0.2 * count + 0.5 * count) for text in ("$9.", "$5.")]


@pytest.fixture
def figures() -> dict[str, Any]:
    return summary([column("student", 3, drafts), column("serving", 1, drafts)], QUESTIONS, "serving")


class TestSummary:
    def test_each_side_has_its_share_with_an_interval_and_what_it_costs(self, figures: dict[str, Any]) -> None:
        student, serving = figures["sides"]
        assert student["exam"]["TOTAL"] == {"n": 4, "pass": 0.75, "low": 0.3006, "high": 0.9544}
        assert (student["first_s"], student["total_s"], student["cpu_s_per_1000"]) == (0.5, 2.5, 250)
        assert (student["model_mb"], student["memory_mb"], student["tokens_per_s"]) == (150, 613, 20.0)
        assert student["beside"]["by"] == 0.5 and serving["beside"] == {"by": 0.0, "low": 0.0, "high": 0.0}

    def test_drafts_are_scored_by_the_number_of_passages(self, figures: dict[str, Any]) -> None:
        rows = {(row["label"], row["passages"]): row for row in figures["drafts"]}
        assert rows.keys() == {(side, count) for side in ("student", "serving") for count in (1, 8)}
        many = rows["student", 8]
        assert (many["n"], many["pass"], many["prompt_tokens"], many["read_tokens"]) == (2, 0.5, 800, 720)
        assert (many["first_s"], many["total_s"]) == (1.6, 5.6)

    def test_without_drafts_there_is_no_speed(self) -> None:
        found = summary([column("student", 4), column("serving", 4)], QUESTIONS, "serving")
        assert found["drafts"] == [] and found["sides"][0]["tokens_per_s"] is None

    def test_sides_that_were_asked_other_questions_are_not_compared(self) -> None:
        with pytest.raises(Invalid, match="same questions"):
            summary([column("student", 4), column("serving", 4)], [], "serving")

    def test_it_is_plain_json(self, figures: dict[str, Any]) -> None:
        assert json.loads(json.dumps(figures)) == figures


class Tags(HTMLParser):
    """Which tags are there, and that each is closed that has to be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.places: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.places += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "br", "line", "circle", "path", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open and tag == self.open[-1]:
            self.open.pop()


def page(figures: dict[str, Any]) -> str:
    machine = {"processor": "x", "cores": 2, "memory_gb": 8.0, "load": 0.1}
    return side_page.page({"name": "acme", "at": "today", "machine": machine, "facts": {"exam": "e"}, **figures})


class TestPage:
    def test_it_fetches_nothing_runs_nothing_and_is_well_formed(self, figures: dict[str, Any]) -> None:
        found = Tags()
        found.feed(html := page(figures))
        assert found.open == [] and found.places == [] and "script" not in found.seen and "url(" not in html
        assert found.seen.count("polyline") == 4 and "student &amp; &lt;b&gt;others" in html
        assert "75 % (30–95)" in html and "+50 (" in html and "50 % (" in html

    def test_without_drafts_it_shows_the_exam_alone(self) -> None:
        html = page(summary([column("student", 4), column("serving", 0)], QUESTIONS, "serving"))
        assert "Drafts from whole passages" not in html and "100 % (51–100)" in html


@pytest.mark.parametrize(
    ("count", "wanted"), [(1, ["q0"]), (2, ["q0", "q2"]), (4, ["q0", "q1", "q2", "q3"]), (99, ["q0", "q1", "q2", "q3"])]
)
def test_some_questions_are_taken_evenly_over_the_file(count: int, wanted: list[str]) -> None:
    assert [question.id for question in spread(QUESTIONS, count)] == wanted
