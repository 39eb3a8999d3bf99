"""Intervals, the gate, the risk curve and the HTML report of an exam."""

from __future__ import annotations

import re
from typing import Any

import pytest

from support_bot.errors import Invalid
from support_bot.evaluation import gate, html, report, risk
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.metrics import Score
from support_bot.services.intervals import wilson
from support_bot.services.risk import CurvePoint

QUESTIONS = [
    {"id": "q1", "question": "How <much>?", "type": "factual", "must_include": [["4.90"]], "gold_docs": ["a.md"]},
    {"id": "q2", "question": "How long?", "type": "policy", "must_include": [["30 days"], ["receipt"]]},
    {"id": "q3", "question": "Do you sell goats?", "type": "unanswerable"},
    {"id": "q4", "question": "¿Cuánto?", "type": "factual", "language": "es"},
]


def trace(confidence: float, decision: str = "answer:question") -> dict[str, Any]:
    return {
        "decision": decision,
        "confidence": confidence,
        "threshold": 0.45,
        "evidence": ["chosen"],
        "cut": ["cut off"],
    }


PREDICTIONS = [
    {"id": "q1", "answer": "It is 4.90.", "status": "answered", "citations": ["a.md"], "trace": trace(0.9)},
    {"id": "q2", "answer": "<b>30 days</b> <script>alert(1)</script>", "status": "answered", "trace": trace(0.7),
     "retrieved": [{"doc": "secret.md", "text": "A passage with {{ braces }}", "score": 0.5}]},
    {"id": "q3", "answer": "I do not know.", "status": "refused", "trace": trace(0.2, "refuse:question")},
    {"id": "q4", "answer": "Hola", "status": "answered", "trace": trace(1.0, "small_talk:chitchat")},
]  # fmt: skip


@pytest.fixture
def questions() -> list[Question]:
    return [Question.model_validate(record) for record in QUESTIONS]


@pytest.fixture
def predictions() -> dict[str, Prediction]:
    return {record["id"]: Prediction.model_validate(record) for record in PREDICTIONS}


@pytest.fixture
def scores(questions: list[Question], predictions: dict[str, Prediction]) -> list[Score]:
    return report.scored(questions, predictions)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"), [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (0, 0, 0, 1)]
)
def test_the_interval_of_a_share_is_wilsons(right: int, n: int, low: float, high: float) -> None:
    assert wilson(right, n) == pytest.approx((low, high), abs=1e-4)


class TestGate:
    def test_a_bar_that_is_not_reached_is_a_line_with_its_n(self, scores: list[Score]) -> None:
        bars = gate.bars("answerable.pass=0.9, unanswerable.status=0.4")
        assert gate.shortfalls(report.totals(scores), bars) == ["answerable.pass is 0.667 (n = 3), wanted at least 0.9"]

    def test_a_bar_that_is_just_reached_is_passed(self, scores: list[Score]) -> None:
        assert gate.shortfalls(report.totals(scores), gate.bars("unanswerable.pass=1,factual.pass=1")) == []

    @pytest.mark.parametrize("text", ["pass=0.5", "answerable.pass", "answerable.pass=high"])
    def test_what_is_no_bar_is_refused(self, text: str) -> None:
        with pytest.raises(Invalid, match="is no bar"):
            gate.bars(text)

    @pytest.mark.parametrize("text", ["answerable.brilliance=0.5", "clarify.pass=0.5"])
    def test_a_bar_for_what_was_not_measured_never_passes(self, text: str, scores: list[Score]) -> None:
        with pytest.raises(Invalid, match="Nothing was measured"):
            gate.shortfalls(report.totals(scores), gate.bars(text))


class TestRisk:
    def test_only_what_the_threshold_decides_is_judged(
        self, predictions: dict[str, Prediction], scores: list[Score]
    ) -> None:
        found = risk.judged(predictions, scores)
        assert [(q.confidence, q.answered, q.right) for q in found] == [
            (0.9, True, True), (0.7, True, False), (0.2, False, True),
        ]  # fmt: skip

    def test_the_curve_goes_from_the_surest_answer_to_all_answers(self) -> None:
        answers = [risk.Judged(c, True, right) for c, right in ((0.9, True), (0.8, True), (0.8, False), (0.3, False))]
        found = risk.curve([*answers, risk.Judged(0.1, False, False)])
        assert [(p.threshold, p.answered, p.wrong, p.n) for p in found] == [
            (0.9, 1, 0, 5), (0.8, 3, 1, 5), (0.3, 4, 2, 5),
        ]  # fmt: skip

    def test_the_best_point_answers_most_within_the_rate(self) -> None:
        points = risk.curve([risk.Judged(c / 10, True, c != 8) for c in range(10)])
        assert risk.best(points, 0.0) == CurvePoint(0.9, 10, 1, 0)
        assert risk.best(points, 0.1) == CurvePoint(0.0, 10, 10, 1)
        assert risk.best(risk.curve([risk.Judged(0.5, True, False)]), 0.5) is None

    def test_a_threshold_lets_every_answer_of_its_point_through(self) -> None:
        point = risk.curve([risk.Judged(0.123456, True, True)])[0]
        assert point.threshold <= 0.123456

    def test_reliability_compares_confidence_with_what_was_right(self) -> None:
        answers = [risk.Judged(0.95, True, True), risk.Judged(1.0, True, False), risk.Judged(0.05, True, False)]
        assert [(b.n, round(b.confidence, 3), b.right) for b in risk.reliability(answers)] == [
            (1, 0.05, 0.0), (2, 0.975, 0.5),
        ]  # fmt: skip

    def test_the_table_has_a_line_for_each_rate_and_none_where_nothing_fits(self) -> None:
        lines = risk.table(risk.curve([risk.Judged(0.8, True, True), risk.Judged(0.6, True, False)])).splitlines()
        assert len(lines) == 1 + len(risk.RATES)
        assert lines[1].split() == ["5%", "1", "2", "50.0%", "0.0%", "0.0%", "-", "79.3%", "0.8000"]
        assert lines[-1].split()[:3] == ["50%", "2", "2"]


class TestReport:
    def text(self, questions: list[Question], predictions: dict[str, Prediction], **more: Any) -> str:
        scores = report.scored(questions, predictions)
        return html.page(html.Exam("Shop", questions, predictions, scores, **more))

    def test_a_failure_shows_what_was_expected_said_found_and_decided(
        self, questions: list[Question], predictions: dict[str, Prediction]
    ) -> None:
        text = self.text(questions, predictions)
        assert "What failed (1)" in text
        for shown in ("✓ 30 days", "✗ receipt", "secret.md", "chosen", "cut off", "answer:question, confidence 0.700"):
            assert shown in text

    def test_what_customers_and_articles_say_is_never_markup(
        self, questions: list[Question], predictions: dict[str, Prediction]
    ) -> None:
        text = self.text(questions, predictions)
        assert "<script>" not in text
        assert "&lt;script&gt;" in text
        assert "{{ braces }}" in text

    def test_it_fetches_nothing(self, questions: list[Question], predictions: dict[str, Prediction]) -> None:
        assert re.findall(r"(?:src|href)=|url\(|@import|https?://", self.text(questions, predictions)) == []

    def test_it_has_types_languages_curves_and_the_gate(
        self, questions: list[Question], predictions: dict[str, Prediction]
    ) -> None:
        text = self.text(questions, predictions, wanted="total.pass=0.9", short=["total.pass is 0.750"])
        for shown in ("By type", "By language", "<polyline", "<circle", "total.pass is 0.750", "unanswerable"):
            assert shown in text

    def test_it_says_which_questions_turned(
        self, questions: list[Question], predictions: dict[str, Prediction], scores: list[Score]
    ) -> None:
        worse = predictions | {"q1": Prediction(id="q1", answer="No idea.", status="answered")}
        found = html.changes("old.jsonl", report.scored(questions[:2], worse), scores)
        assert (found.gained, found.lost) == (["q1"], [])
        assert ("TOTAL", 2, 0.0, 0.5) in found.rows
        assert "Right now, wrong before: q1." in self.text(questions, predictions, changes=found)
