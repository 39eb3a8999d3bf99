"""The best short stretch of what was retrieved: what any quoting bot could have passed at most."""

from __future__ import annotations

from typing import Any

import pytest

from support_bot.evaluation.ceiling import ceilings, quotable
from support_bot.evaluation.dataset import Prediction, Question
from support_bot.evaluation.report import as_json, summary

FILLER = "word " * 30


def question(**fields: Any) -> Question:
    return Question.model_validate({"id": "q", "question": "?", "type": "factual", **fields})


TWO_FACTS = question(must_include=[["30 days"], ["receipt", "proof"]])


@pytest.mark.parametrize(
    ("passages", "possible"),
    [
        (["You have 30 days. Bring the receipt."], True),
        (["You have 30 days.", "Bring the receipt."], False),  # two passages are two quotes
        ([f"You have 30 days. {FILLER} Bring the receipt."], True),
        ([f"You have 30 days. {FILLER * 2} Bring the receipt."], False),  # more than 60 words apart
        ([], False),
    ],
)
def test_every_fact_must_stand_within_sixty_words_of_one_passage(passages: list[str], possible: bool) -> None:
    assert quotable(TWO_FACTS, passages) is possible


def test_what_is_wrong_may_be_cut_off_but_not_out() -> None:
    asked = question(must_include=[["30 days"], ["receipt"]], must_not_include=["60 days"])
    assert quotable(asked, ["You have 30 days. Bring the receipt. Members have 60 days."])
    assert quotable(asked, ["Members have 60 days. You have 30 days. Bring the receipt."])
    assert not quotable(asked, ["You have 30 days. Members have 60 days. Bring the receipt."])


def test_a_stretch_in_another_language_does_not_answer() -> None:
    asked = question(must_include=[["30"]], language="es")
    assert quotable(asked, ["Usted puede devolver el producto en 30 días."])
    assert not quotable(asked, ["You can return the product within 30 days of delivery."])


def test_a_hundred_chinese_characters_are_as_long_as_sixty_words() -> None:
    asked = question(must_include=[["三十天"], ["收据"]], language="zh")
    assert quotable(asked, ["您有三十天。" + "字" * 80 + "请带收据。"])
    assert not quotable(asked, ["您有三十天。" + "字" * 100 + "请带收据。"])


def test_only_the_first_four_passages_count_and_only_answerable_questions() -> None:
    texts = [{"doc": "a.md", "text": text} for text in ("x", "x", "x", "x", "30 days, with the receipt")]
    late = Prediction.model_validate({"id": "q", "retrieved": texts})
    soon = Prediction.model_validate({"id": "q", "retrieved": texts[1:]})
    refusal = question(id="r", type="unanswerable", must_include=[["cannot"]])
    assert ceilings([TWO_FACTS, refusal], {"q": late}) == {"q": 0.0}
    assert ceilings([TWO_FACTS, refusal], {"q": soon}) == {"q": 1.0}


def test_the_report_has_it_per_type_and_in_all() -> None:
    found = Prediction.model_validate({"id": "q", "retrieved": [{"doc": "a.md", "text": "30 days, with receipt"}]})
    figures = as_json(summary([TWO_FACTS, question(id="p", type="policy", must_include=[["free"]])], {"q": found}))
    assert [figures[name]["ceiling"] for name in ("factual", "policy", "ANSWERABLE", "TOTAL")] == [1, 0, 0.5, 0.5]
