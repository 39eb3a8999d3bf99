"""Follow-ups made to stand alone."""

import pytest

from support_bot.answering.condense import second_try, standalone
from support_bot.values import Author, Turn

HISTORY = [Turn(Author.CUSTOMER, "can i return a sale jacket"), Turn(Author.BOT, "Sale jackets can be exchanged.")]


def test_the_first_question_stays_as_it_is() -> None:
    assert standalone("and  how long\ndoes it take?", []) == "and how long does it take?"


def test_a_question_that_refers_back_gets_the_question_before() -> None:
    assert standalone("how long does it take?", HISTORY) == "can i return a sale jacket how long does it take?"


def test_a_question_that_stands_alone_is_left_alone() -> None:
    question = "Which payment methods does Acme accept in Germany?"
    assert standalone(question, HISTORY) == question


def test_only_customers_are_asked_about() -> None:
    assert standalone("and then?", [Turn(Author.BOT, "Hello.")]) == "and then?"


@pytest.mark.parametrize(
    "question",
    [
        "What are your opening hours?",
        "is there a student discount",
        "hi, do you sell gift cards",
        "can I change my delivery address this week",
        "Which countries do you ship to?",
    ],
)
def test_a_short_question_that_says_what_it_is_about_drags_nothing_along(question: str) -> None:
    assert standalone(question, HISTORY) == question


@pytest.mark.parametrize(
    "question",
    [
        "how long?",
        "what does the other one cost",
        "i'm on plus tho",
        "in the outlet",
        "And on sundays?",
        "how much time",
    ],
)
def test_a_scrap_gets_the_question_before(question: str) -> None:
    assert standalone(question, HISTORY) == f"can i return a sale jacket {question}"


def test_messages_in_a_row_are_one_question_and_thanks_is_none() -> None:
    turns = [
        Turn(Author.CUSTOMER, "my jacket is too small"),
        Turn(Author.CUSTOMER, "can i send it back"),
        Turn(Author.BOT, "Yes."),
        Turn(Author.CUSTOMER, "thanks!"),
        Turn(Author.BOT, "You're welcome."),
    ]
    assert standalone("how long?", turns) == "my jacket is too small can i send it back how long?"


def test_a_word_that_points_at_the_message_itself_drags_nothing_along() -> None:
    question = "my oak table came with a scratched leg, can you swap it"
    assert standalone(question, HISTORY) == question


def test_a_short_whole_question_that_found_nothing_alone_is_tried_with_the_question_before() -> None:
    assert second_try("Do stores accept them?", []) == ""
    assert second_try("Is the outlet included?", HISTORY) == "can i return a sale jacket Is the outlet included?"
    assert standalone("Is the outlet included?", HISTORY) == "Is the outlet included?"
    assert second_try("how long does it take?", HISTORY) == "", "it was searched like that at once"
    assert second_try("Which payment methods does Acme accept in Germany?", HISTORY) == ""
