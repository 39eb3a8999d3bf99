"""What to do with the evidence."""

import pytest

from support_bot.answering.intent import Intent, Recognised
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
    assert decide(Recognised(intent, 0.9), found, threshold=0.1).step is step


def test_what_looks_off_topic_is_answered_on_strong_evidence() -> None:
    assert decide(Recognised(Intent.OFFTOPIC, 0.9), STRONG, threshold=0.4).step is Step.ANSWER


def test_nothing_found_is_never_answered_even_without_a_threshold() -> None:
    assert decide(Recognised(Intent.QUESTION, 0.9), NOTHING, threshold=0.0).step is Step.REFUSE


@pytest.mark.parametrize("field", ["passage", "piece", "coverage"])
def test_better_evidence_never_lowers_the_confidence(field: str) -> None:
    weak = {"passage": 0.4, "piece": 0.4, "coverage": 0.4, "agreement": 0.5}
    assert confidence(Features(**{**weak, field: 0.9})) >= confidence(Features(**weak))
