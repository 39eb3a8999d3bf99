"""What to do with the evidence."""

import pytest

from support_bot.answering.intent import CERTAIN, Intent, Recognised
from support_bot.answering.policy import Features, Step, confidence, decide

NOTHING = Features(0.0, 0.0, 0.0, 0.0)
STRONG = Features(0.8, 0.8, 1.0, 1.0)
WEAK = Features(0.4, 0.4, 0.4, 0.3)


@pytest.mark.parametrize(
    ("intent", "step"),
    [
        (Intent.HUMAN_REQUEST, Step.HAND_OFF),
        (Intent.INJECTION, Step.DECLINE),
        (Intent.CHITCHAT, Step.SMALL_TALK),
        (Intent.OFFTOPIC, Step.REFUSE),
        (Intent.QUESTION, Step.ANSWER),
    ],
)
def test_each_kind_of_message_has_its_own_path(intent: Intent, step: Step) -> None:
    found = WEAK if intent is Intent.OFFTOPIC else STRONG
    odd = 0.9 if intent is Intent.OFFTOPIC else 0.0
    assert decide(Recognised(intent, CERTAIN, odd), found, threshold=0.1).step is step


def test_nothing_found_is_never_answered_even_without_a_threshold() -> None:
    assert decide(Recognised(Intent.QUESTION, 0.9), NOTHING, threshold=0.0).step is Step.REFUSE


@pytest.mark.parametrize("field", ["passage", "piece", "coverage"])
def test_better_evidence_never_lowers_the_confidence(field: str) -> None:
    weak = {"passage": 0.4, "piece": 0.4, "coverage": 0.4, "agreement": 0.5}
    assert confidence(Features(**{**weak, field: 0.9})) >= confidence(Features(**weak))


@pytest.mark.parametrize(
    "intent", [Intent.HUMAN_REQUEST, Intent.CHITCHAT, Intent.INJECTION, Intent.ABUSE, Intent.OFFTOPIC]
)
def test_what_only_looks_like_no_question_is_answered_on_strong_evidence(intent: Intent) -> None:
    assert decide(Recognised(intent, 0.7, 0.8), STRONG, threshold=0.4).step is Step.ANSWER


@pytest.mark.parametrize(
    ("intent", "step"),
    [
        (Intent.HUMAN_REQUEST, Step.HAND_OFF),
        (Intent.CHITCHAT, Step.SMALL_TALK),
        (Intent.INJECTION, Step.DECLINE),
        (Intent.ABUSE, Step.REFUSE),
        (Intent.OFFTOPIC, Step.REFUSE),
    ],
)
def test_what_looks_like_no_question_has_its_own_path_on_weak_evidence(intent: Intent, step: Step) -> None:
    assert decide(Recognised(intent, 0.7, 0.8), WEAK, threshold=0.1).step is step


@pytest.mark.parametrize(
    ("intent", "step"),
    [
        (Intent.HUMAN_REQUEST, Step.HAND_OFF),
        (Intent.CHITCHAT, Step.SMALL_TALK),
        (Intent.INJECTION, Step.DECLINE),
    ],
)
def test_no_evidence_outweighs_what_the_words_say_beyond_doubt(intent: Intent, step: Step) -> None:
    assert decide(Recognised(intent, CERTAIN), STRONG, threshold=0.4).step is step


def test_an_insult_alone_is_refused_and_a_question_about_an_account_answered_in_general() -> None:
    assert decide(Recognised(Intent.ABUSE, CERTAIN), WEAK, threshold=0.4).step is Step.REFUSE
    assert decide(Recognised(Intent.ACCOUNT, CERTAIN), STRONG, threshold=0.4).step is Step.ANSWER
    assert decide(Recognised(Intent.ACCOUNT, CERTAIN), WEAK, threshold=0.4).step is Step.REFUSE


def test_the_less_it_looks_like_a_question_the_better_the_evidence_must_be() -> None:
    found = Features(0.45, 0.47, 0.4, 0.5)
    assert 0.6 < confidence(found) < 0.65
    assert decide(Recognised(Intent.QUESTION, 0.4, 0.6), found, threshold=0.4).step is Step.ANSWER
    assert decide(Recognised(Intent.QUESTION, 0.1, 0.9), found, threshold=0.4).step is Step.REFUSE


@pytest.mark.parametrize("intent", [Intent.HUMAN_REQUEST, Intent.INJECTION])
def test_a_pinned_answer_wins_over_what_the_message_looks_like_never_over_what_it_says(intent: Intent) -> None:
    assert decide(Recognised(intent, 0.9), NOTHING, threshold=0.4, pinned=0.95).step is Step.PINNED
    assert decide(Recognised(intent, CERTAIN), NOTHING, threshold=0.4, pinned=0.95).step is not Step.PINNED
