"""Follow-ups made to stand alone."""

from support_bot.answering.condense import standalone
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
