"""What counts as right, wrong, found or passed, one rule at a time."""

from __future__ import annotations

from typing import Any

import pytest

from support_bot.errors import Invalid
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.guesses import guess_language, guess_status
from support_bot.evaluation.metrics import Rules, score
from support_bot.evaluation.normalise import normalise


def question(**fields: Any) -> Question:
    return Question.model_validate({"id": "q", "question": "?", "type": "factual", **fields})


def answered(text: str, **fields: Any) -> Prediction:
    return Prediction.model_validate({"id": "q", "answer": text, "status": "answered", **fields})


class TestRules:
    @pytest.mark.parametrize(
        ("answer", "wrong"),
        [
            ("It costs 5 euros.", True),
            ("It does not cost anything like 5 euros.", False),
            ("It is not free. It costs 5 euros.", True),
            ("It costs 15 euros.", False),
            ("It costs **5** euros!", True),
        ],
    )
    def test_a_wrong_statement_counts_unless_it_is_negated(self, answer: str, wrong: bool) -> None:
        found = score(question(must_not_include=["5 euros"]), answered(answer), Rules())
        assert bool(found.violated) is wrong

    def test_an_answer_of_more_than_150_words_does_not_pass(self) -> None:
        facts = question(must_include=[["the"]])
        assert score(facts, answered("the " * 150), Rules()).figures["pass"] == 1
        assert score(facts, answered("the " * 151), Rules()).figures["pass"] == 0

    def test_a_passage_cut_off_after_250_words_is_not_found(self) -> None:
        gold = question(gold_docs=["a.md"], gold_passages=["the answer is blue"])
        near = answered("", retrieved=[{"doc": "a.md", "text": "word " * 246 + "the answer is blue"}])
        far = answered("", retrieved=[{"doc": "a.md", "text": "word " * 248 + "the answer is blue"}])
        assert score(gold, near, Rules()).figures["passage_recall"] == 1
        assert score(gold, far, Rules()).figures["passage_recall"] == 0

    @pytest.mark.parametrize(
        ("text", "plain"),
        [
            ("see [our page](https://example.com/a_b/c_d.html) first", "see our page first"),
            ("_really_ 1,000_x", "really 1 000 x"),
            ("you can't, don’t and won't", "you cannot do not and will not"),
        ],
    )
    def test_texts_are_compared_as_the_independent_scorer_does(self, text: str, plain: str) -> None:
        assert normalise(text) == plain

    def test_a_question_of_unknown_type_needs_its_statuses(self) -> None:
        with pytest.raises(Invalid, match="cannot be scored"):
            score(question(type="riddle"), answered("A"), Rules())
        assert score(question(type="riddle", expected_status=["answered"]), answered("A"), Rules()).figures["pass"] == 1


class TestGuesses:
    @pytest.mark.parametrize(
        ("text", "language"),
        [
            ("You can return it within 30 days.", "en"),
            ("Puede devolver el jardín en 30 días.", "es"),
            ("Vous pouvez rendre le jardin sous 30 jours.", "fr"),
            ("您可以在30天内退货。", "zh"),
            ("30 days", None),
            ("Lorem ipsum dolor sit amet", None),
        ],
    )
    def test_the_language_is_told_by_its_small_words(self, text: str, language: str | None) -> None:
        assert guess_language(text) == language

    @pytest.mark.parametrize(
        ("text", "status"),
        [
            ("Let me connect you with a person.", "handoff"),
            ("I can’t find that.", "refused"),
            ("  ", "refused"),
            ("Within 30 days.", "answered"),
        ],
    )
    def test_the_status_is_told_by_promises_and_refusals(self, text: str, status: str) -> None:
        assert guess_status(text) == status
