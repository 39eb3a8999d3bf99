"""What the exam asks is not learnt, however it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

import pytest

from support_bot.distillation.conversations import Pair
from support_bot.distillation.rows import rows
from support_bot.evaluation.dataset import Question
from support_bot.values import Author, Turn

IN_EXAM, UNSAID = "like a question of the exam", "the articles do not say what was answered"
DELIVERY = "What does express delivery to Norway cost?"


class NoArticles:
    def retrieve(self, question: str) -> Sequence[Any]:
        return ()


def why_left_out(pair: Pair, exam: Question) -> dict[str, int]:
    left_out: Counter[str] = Counter()
    assert not list(rows([pair], [exam], cast(Any, NoArticles()), left_out))
    return dict(left_out)


def asked(question: str, *before: str) -> Pair:
    return Pair("staff", "c1", question, tuple(Turn(Author.CUSTOMER, text) for text in before), "It costs $12.")


def examined(question: str, *before: str) -> Question:
    history = [{"role": "user", "content": text} for text in before]
    return Question.model_validate({"id": "e1", "question": question, "history": history})


@pytest.mark.parametrize(
    ("pair", "exam"),
    [
        (asked(DELIVERY), examined(DELIVERY)),
        (asked("And what does it cost?", "Express delivery to Norway"), examined(DELIVERY)),
        (asked(DELIVERY), examined("And what does it cost?", "Express delivery to Norway")),
        (
            asked("and the cost?", "Express delivery to Norway"),
            examined("And what does it cost?", "Express delivery to Norway"),
        ),
    ],
)
def test_a_question_of_the_exam_is_left_out_also_in_parts(pair: Pair, exam: Question) -> None:
    assert why_left_out(pair, exam) == {IN_EXAM: 1}


def test_a_follow_up_about_something_else_is_not() -> None:
    assert why_left_out(
        asked("And what does it cost?", "Express delivery to Norway"), examined("How do I return shoes?")
    ) == {UNSAID: 1}
