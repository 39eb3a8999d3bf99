"""Cutting a passage into what can be quoted."""

import pytest

from support_bot.index.segments import join, segments
from tests.factories import DELIVERY, RETURNS


def test_sentences_steps_and_rows_are_told_apart() -> None:
    kinds = [segment.kind for segment in segments(RETURNS)]
    assert kinds.count("item") == 3
    assert kinds.count("row") == 2
    assert kinds.count("sentence") == 2
    assert kinds.count("heading") == 4


def test_a_quoted_row_keeps_its_header() -> None:
    rows = [segment for segment in segments(RETURNS) if segment.kind == "row"]
    table = "| Paid with | Refund takes |\n|---|---|\n| Gift card | 1 business day |"
    assert join(rows[1:]) == f"**Refund times**\n\n{table}"


def test_prices_do_not_end_sentences() -> None:
    found = [segment.text for segment in segments(DELIVERY) if segment.kind == "sentence"]
    assert found[0] == "Standard delivery costs $4.90 and takes 3 to 5 business days."


def test_joining_all_pieces_says_everything() -> None:
    pieces = [segment for segment in segments(RETURNS) if segment.kind != "heading"]
    said = join(pieces).replace("*", "").split()
    assert said == RETURNS.replace("*", "").replace("#", "").removeprefix(" Returns and refunds").split()


def test_a_list_is_never_quoted_without_the_heading_that_turns_it_around() -> None:
    pieces = segments("## What is covered\n\nCables.\n\n## What is not covered\n\n- Frost\n- Drops")
    assert join(pieces[-2:]) == "**What is not covered**\n\n- Frost\n- Drops"


@pytest.mark.parametrize(
    ("paragraph", "label"),
    [
        ("**Weight limit.** Scooter 110 kg. E-bike 120 kg.", "**Weight limit.**"),
        ("**Can I cancel?** Scooter rides, yes. E-bike rides too.", "**Can I cancel?**"),
        ('**"Payment not found."** Scooter only. E-bike too.', '**"Payment not found."**'),
        ("**Post:** Scooter Care. E-bike Care.", "**Post:**"),
        ("**Passes** – Scooter only. E-bike too.", "**Passes** –"),
    ],
)
def test_bold_words_that_open_a_paragraph_are_quoted_with_whatever_is_quoted_of_it(paragraph: str, label: str) -> None:
    pieces = segments(paragraph)
    assert [piece.text.split()[0] for piece in pieces] == ["Scooter", "E-bike"]
    assert join(pieces) == paragraph
    assert join(pieces[1:]).startswith(f"{label} E-bike")


@pytest.mark.parametrize("paragraph", ["**Students** pay half. Others pay all.", "**A heading of its own.**"])
def test_other_bold_words_are_part_of_their_sentence(paragraph: str) -> None:
    pieces = segments(paragraph)
    assert pieces[0].label == ""
    assert join(pieces) == paragraph


def test_no_sentence_ends_within_bold_words() -> None:
    assert [piece.text for piece in segments("Tap **Save now. Then close.** Wait. Go on.")] == [
        "Tap **Save now. Then close.** Wait.",
        "Go on.",
    ]


def test_a_step_or_row_is_never_quoted_without_the_sentence_that_leads_to_it() -> None:
    pieces = segments(
        "Close your account if:\n\n- You moved away\n- You have two\n\nPrices:\n\n| A | B |\n|---|---|\n| 1 | 2 |"
    )
    assert join(pieces[2:3]) == "Close your account if:\n\n- You have two"
    assert join(pieces[-1:]) == "Prices:\n\n| A | B |\n|---|---|\n| 1 | 2 |"
    assert join(pieces[2:]).count("Prices:") == 1


def test_an_empty_passage_has_no_pieces() -> None:
    assert segments("") == []
