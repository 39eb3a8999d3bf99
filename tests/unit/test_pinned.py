"""When a question is a pinned one: by words alone here; with real meaning in tests/integration/test_pinned_pairs.py."""

from __future__ import annotations

import pytest

from support_bot.answering.intent import CERTAIN, Intent, Recognised
from support_bot.answering.pinned import PinnedMatcher, Wording, normal, same_words
from support_bot.answering.policy import Features, Step, decide
from support_bot.engine.fake import HashingEmbedder

PINNED = Wording(7, "How much is express delivery?")


def found(question: str, *wordings: Wording, alone: str | None = None) -> int | None:
    match = PinnedMatcher(HashingEmbedder().embed).match(question, wordings or (PINNED,), alone=alone)
    return match.pin if match else None


@pytest.mark.parametrize(
    "question", ["How much is express delivery?", "  how much IS\nexpress delivery", "How much is express delivery ???"]
)
def test_the_same_words_are_the_same_question_however_they_are_typed(question: str) -> None:
    assert found(question) == 7


def test_a_question_that_is_pinned_by_itself_is_found_whatever_was_said_before() -> None:
    for words in (PINNED.text, "how much is the express delivery please"):
        assert found(words, alone=f"Do you ship to Spain? {words}") == 7


def test_a_follow_up_is_found_by_what_it_leans_on() -> None:
    wording = Wording(7, "Do you ship furniture to Spain?")
    assert found("to Spain?", wording, alone="Do you ship furniture to Spain?") == 7
    assert found("to France?", wording, alone="Do you ship furniture to France?") is None


@pytest.mark.parametrize("question", ["", "   ", "?!", "delivery", "x" * 4000, "快递多少钱"])
def test_what_is_not_the_question_finds_nothing(question: str) -> None:
    assert found(question) is None


def test_nothing_is_found_where_nothing_is_pinned() -> None:
    assert PinnedMatcher(HashingEmbedder().embed).match("Hello?", []) is None


def test_other_scripts_match_by_their_very_words() -> None:
    assert found("快递多少钱", Wording(3, "快递多少钱?")) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Can I return it after 30 days?", "Can I return it after 60 days?"),
        ("Can I return it after 30 days?", "Can I return it before 30 days?"),
        ("Can I return sale items?", "Can I not return sale items?"),
        ("Can I log in?", "Can I log out?"),
        ("How do I switch from monthly to yearly?", "How do I switch from yearly to monthly?"),
        ("Do you ship to Spain?", "Do you ship to France?"),
        ("What is your address?", "What is my address?"),
        ("How much is delivery?", "How much is express delivery?"),
        ("Where is it?", "Is it?"),
    ],
)
def test_one_important_word_makes_another_question(one: str, other: str) -> None:
    assert not same_words(one, other)
    assert not same_words(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("How do I cancel my order?", "I would like to cancel an order, please"),
        ("Is there a student discount?", "do you have discounts for students"),
        ("Can I use two vouchers?", "can I use 2 vouchers"),
    ],
)
def test_other_ways_of_asking_have_the_same_important_words(one: str, other: str) -> None:
    assert same_words(one, other)


def test_apostrophes_and_spaces_do_not_count() -> None:
    assert normal("I can’t  log-in") == normal("i cant log in") == "i cant log in"


@pytest.mark.parametrize(
    ("intent", "score", "step"),
    [
        (Intent.HUMAN_REQUEST, CERTAIN, Step.HAND_OFF),
        (Intent.INJECTION, CERTAIN, Step.DECLINE),
        (Intent.HUMAN_REQUEST, 0.9, Step.PINNED),
        (Intent.INJECTION, 0.9, Step.PINNED),
        (Intent.QUESTION, 0.9, Step.PINNED),
        (Intent.OFFTOPIC, 0.9, Step.PINNED),
        (Intent.CHITCHAT, 0.9, Step.PINNED),
    ],
)
def test_a_pinned_answer_wins_over_all_but_a_person_and_an_injection_beyond_doubt(
    intent: Intent, score: float, step: Step
) -> None:
    decision = decide(Recognised(intent, score), Features(1, 1, 1, 1), threshold=0.4, pinned=0.95)
    assert decision.step is step
