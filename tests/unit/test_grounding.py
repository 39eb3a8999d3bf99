"""The evidence gate."""

import pytest

from support_bot.answering.grounding import begins_anew, brief, keeps_facts, said_by_one, supported
from support_bot.values import Audience, Excerpt, Passage

EVIDENCE = (
    "Standard delivery costs $4.90 and takes 3 to 5 business days. Write to help@acme.example.com or open "
    "**Orders > Track**. Sale items cannot be refunded."
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Standard delivery costs $4.90.",
        "It takes three to five business days.",
        "Open Orders > Track.",
        "Sale items cannot be refunded.",
        "Write to help@acme.example.com.",
    ],
)
def test_what_the_evidence_says_is_released(sentence: str) -> None:
    assert supported(sentence, EVIDENCE).ok


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Standard delivery costs $5.90.", "numbers"),
        ("Delivery takes 2 business days.", "numbers"),
        ("Write to sales@acme.example.com.", "not in the evidence"),
        ("Open Orders > Refunds.", "names"),
        ("Standard delivery comes from Norway.", "names"),
        ("Our friendly colleagues love answering emails about gardens.", "words"),
    ],
)
def test_what_the_evidence_does_not_say_is_cut(sentence: str, why: str) -> None:
    verdict = supported(sentence, EVIDENCE)
    assert not verdict.ok
    assert why in verdict.why


def test_a_denial_needs_a_denial() -> None:
    assert not supported("Delivery is not possible in 3 business days.", "Delivery takes 3 business days.").ok


@pytest.mark.parametrize(
    "answer",
    [
        "Delivery takes 3 to 5 days.",  # the price is gone
        "Standard delivery costs $4.90 and takes 3 to 5 business days.",  # the restriction and the address are gone
    ],
)
def test_an_answer_that_loses_a_fact_is_seen(answer: str) -> None:
    assert not keeps_facts(answer, EVIDENCE).ok


def test_the_evidence_itself_keeps_its_facts() -> None:
    assert keeps_facts(EVIDENCE, EVIDENCE).ok


@pytest.mark.parametrize(
    ("sentences", "why"),
    [
        (["It costs $4.90.", "It takes 5 days.", "It costs **$4.90**."], "twice"),
        (["Our prices and times:", EVIDENCE], "longer"),
    ],
)
def test_a_draft_that_rambles_is_seen(sentences: list[str], why: str) -> None:
    verdict = brief(sentences, EVIDENCE)
    assert not verdict.ok
    assert why in verdict.why


def test_a_short_draft_is_brief() -> None:
    assert brief(["It costs $4.90.", "It takes 3 to 5 business days."], EVIDENCE).ok


@pytest.mark.parametrize(
    ("draft", "ok"),
    [
        ("Delivery > Prices\nIt costs $4.90.", False),
        ("**Delivery**\nIt costs $4.90.", False),
        ("Delivery costs $4.90.", True),
    ],
)
def test_a_draft_that_begins_with_the_title_is_seen(draft: str, ok: bool) -> None:
    assert begins_anew(draft, ["Delivery > Prices"]).ok is ok


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("A 71-pound otter costs 71 dollars.", "The otter costs 71 pounds a day."),
        ("It costs $71 a day.", "It costs £71 a day."),
        ("You have 14 weeks.", "You have 14 days to return it."),
        ("The discount is 15 euros.", "The discount is 15 % of the price."),
    ],
)
def test_a_number_with_another_unit_is_refused(sentence: str, evidence: str) -> None:
    assert "another unit" in supported(sentence, evidence).why


@pytest.mark.parametrize(
    ("sentence", "evidence"),
    [
        ("Delivery takes 4 days.", "Delivery takes 2–4 working days."),
        ("It takes 2 to 4 working days.", "Delivery: it takes 2–4 working days."),
        ("A 20-day return is free.", "Returns are free within 20 days: the return costs nothing."),
        ("The price is $4.90.", "The price of delivery is $4.90."),
        ("Call 555 0117 from 8 to 6.", "Call 555 0117, open from 8 to 6."),
    ],
)
def test_the_unit_of_the_evidence_is_kept(sentence: str, evidence: str) -> None:
    assert supported(sentence, evidence).ok


RATES = (
    "| Way | Fee | Takes |\n| --- | --- | --- |\n| Bank | none | 3 days |\n| Card | $2 | 1 hour |\n\n"
    "**Rates.** We add 0.4% for rupees and 0.9% for every other currency. On weekends the figures are 0.6% and 1.2%. "
    "In Arnholt there is no night price. Costeria costs more at night."
)


def excerpt(text: str) -> Excerpt:
    return Excerpt(Passage(1, 1, "rates.md", "Sending money", (), text, None, Audience.PUBLIC), text, 1.0)


@pytest.mark.parametrize(
    "sentence",
    [
        "We add 0.4% for rupees.",
        "On weekends the figures are 0.6% and 1.2%.",
        "Sending money by card costs a fee of $2.",
        "A card takes 1 hour.",
        "The bank takes 3 days.",
    ],
)
def test_what_one_sentence_or_row_says_is_released(sentence: str) -> None:
    assert said_by_one(sentence, [excerpt(RATES)]).ok


@pytest.mark.parametrize(
    "sentence",
    ["We add 0.6% for rupees.", "The bank takes 3 days and $2.", "Costeria has no night price.", "Card takes 3 days."],
)
def test_two_true_sentences_do_not_make_a_third(sentence: str) -> None:
    assert "apart" in said_by_one(sentence, [excerpt(RATES)]).why


def test_what_the_evidence_does_not_say_at_all_is_named() -> None:
    assert "numbers" in said_by_one("A card costs $7.", [excerpt(RATES)]).why
    assert not said_by_one("A card costs $2.", []).ok


@pytest.mark.parametrize(
    ("sentence", "ok"),
    [
        ("Small has 2 users.", True),  # the unit stands at the head of the row
        ("Large costs $9 a month.", True),
        ("Large costs 9 pounds a month.", False),
        ("1. Page of prices: Large costs $9.", True),  # the number of a step is no fact
    ],
)
def test_a_unit_may_stand_in_the_row(sentence: str, ok: bool) -> None:
    table = "| Prices | Small | Large |\n| --- | --- | --- |\n| Page | $5 a month | $9 a month |\n| Users | 2 | 10 |"
    assert supported(sentence, table, least_overlap=0.4).ok is ok


def test_the_core_alone_must_be_kept() -> None:
    core = "Tell the trainer within 48 hours under **Classes > Report**."
    assert keeps_facts("Tell the trainer within 48 hours under Classes > Report.", core, least_overlap=0.4).ok
    assert not keeps_facts("Tell the trainer under Classes > Report.", core, least_overlap=0.4).ok
    assert not keeps_facts("Tell the trainer within 48 hours.", core, least_overlap=0.4).ok


PHONES = "Sometimes new phone numbers are also not supported for voice or SMS (text messaging)."


@pytest.mark.parametrize(
    ("sentence", "why"),
    [
        ("Text messaging is not supported for voice or SMS on new phone numbers.", "around"),
        ("New phone numbers are not supported for voice or SMS.", "sometimes"),
    ],
)
def test_a_sentence_turned_around_or_without_its_limit_does_not_hold(sentence: str, why: str) -> None:
    assert why in said_by_one(sentence, [excerpt(PHONES)]).why


def test_a_sentence_that_leaves_out_what_limits_nothing_holds() -> None:
    assert said_by_one("Sometimes new phone numbers are not supported for SMS.", [excerpt(PHONES)]).ok


@pytest.mark.parametrize(
    ("sentence", "ok"),
    [
        ("A blue widget costs 12 dollars.", True),
        (
            "The blue widget costs 12 dollars each.",
            True,
        ),  # `each` stands nowhere in the evidence
        ("A blue widget costs 15 dollars.", False),
        ("A red widget costs 12 dollars.", False),
        ("Widgets cost 15 dollars if they are blue.", False),
    ],
)
def test_the_price_of_one_thing_is_not_anothers(sentence: str, ok: bool) -> None:
    shown = excerpt("A blue widget costs 12 dollars. A red widget costs 15 dollars.")
    assert said_by_one(sentence, [shown]).ok is ok
