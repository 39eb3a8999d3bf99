"""The questions a model is asked before customers are."""

from __future__ import annotations

import pytest

from support_bot.answering.smoke import CASES, smoke_exam
from support_bot.engine.fake import FakeEngine, Replies
from support_bot.errors import WeightsError

GOOD = {
    "battery": "The battery lasts for nine hours [1].",
    "office": "It is open from Monday to Friday, from 8 to 17 [1].",
    "invoice": "Your invoices are on the page Billing of your account.",
}


def examine(replies: Replies) -> None:
    engine = FakeEngine(replies)
    try:
        smoke_exam(engine)
    finally:
        engine.close()


def test_one_that_says_what_stands_there_passes() -> None:
    examine(GOOD)


def test_one_mistake_is_forgiven() -> None:
    examine({**GOOD, "battery": "It lasts for seven hours."})


@pytest.mark.parametrize(
    ("replies", "complaint"),
    [
        ({**GOOD, "battery": ""}, "writes nothing"),
        ({**GOOD, "battery": " [1]"}, "writes nothing"),
        ({**GOOD, "battery": "nine " * 200}, "does not come to an end"),
        ({**GOOD, "battery": "It lasts for seven hours.", "office": "It is open on Sunday."}, "seven hours.*Sunday"),
        ({**GOOD, "battery": "olorolorolor", "office": "kh kh kh"}, "first questions"),
        (
            {**GOOD, "battery": "Bananas taste of nine summers.", "office": "Monday brought rain to green hills."},
            "of its words are in the evidence",
        ),
    ],
)
def test_one_that_does_not_work_is_refused_with_what_it_wrote(replies: dict[str, str], complaint: str) -> None:
    with pytest.raises(WeightsError, match=complaint):
        examine(replies)


def test_one_whose_steps_fail_is_refused() -> None:
    def broken(prompt: str) -> str:
        raise RuntimeError("broken")

    with pytest.raises(WeightsError, match="cannot answer"):
        examine(broken)


def test_one_with_too_small_a_context_is_refused() -> None:
    engine = FakeEngine(GOOD, context_tokens=20)
    with pytest.raises(WeightsError, match="takes 1 to 19"):
        smoke_exam(engine)
    engine.close()


def test_each_fact_stands_in_its_evidence() -> None:
    for case in CASES:
        assert any(word in case.evidence.lower() for word in case.fact)
