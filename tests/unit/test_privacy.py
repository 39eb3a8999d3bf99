"""Personal data is found where it is, and nothing else is taken for it."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_bot.privacy import PersonalKind, find_personal_data, mask


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("Write to jane.doe+shop@example.co.uk, please", "Write to [email], please"),
        ("Meine Adresse ist müller@straße.example.", "Meine Adresse ist [email]."),
        ("IBAN DE89 3704 0044 0532 0130 00 bitte", "IBAN [iban] bitte"),
        ("be68539007547034", "[iban]"),
        ("Pay BE68 5390 0754 7034 then wait", "Pay [iban] then wait"),
        ("My card 4111 1111 1111 1111 was refused", "My card [card] was refused"),
        ("Amex 378282246310005!", "Amex [card]!"),
        ("Call +49 (0)30 901820 today", "Call [phone] today"),
        ("Call 0049 30 901820", "Call [phone]"),
        ("Call +14155550123", "Call [phone]"),
        ("Call (415) 555-0123 or 415-555-0123.", "Call [phone] or [phone]."),
        ("Ruf 030/901820 an", "Ruf [phone] an"),
        ("a@b.example and 020 7946 0018", "[email] and [phone]"),
    ],
)
def test_personal_data_is_masked(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "text",
    [
        "Order 100200300 of 2026-11-24 costs 1,299.00 EUR",
        "Order BR-2026-00123-4567",
        "On 01.02.2026 at 10:30",
        "Article 4111 1111 1111 1112",
        "SKU DE12 3456 7890 1234 5678 90",
        "Version 1.27.3 at 127.0.0.1:7860",
        "conversation 0f3a5b6c-1234-4abc-9def-0123456789ab",
        "0.0123456789",
        "",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert mask(text) == text


def test_spans_point_into_the_text() -> None:
    text = "a@b.example, 4111111111111111"
    assert [(span.kind, text[span.start : span.end]) for span in find_personal_data(text)] == [
        (PersonalKind.EMAIL, "a@b.example"),
        (PersonalKind.CARD, "4111111111111111"),
    ]


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    once = mask(text)
    assert mask(once) == once


@pytest.mark.parametrize("piece", ["a", "1", "1 ", "a.", "DE12 ", "@", "0 ", "+1", "AB12 3456 "])
def test_a_long_hostile_text_takes_no_long_time(piece: str) -> None:
    started = time.perf_counter()
    mask(piece * (40_000 // len(piece)))
    assert time.perf_counter() - started < 2
