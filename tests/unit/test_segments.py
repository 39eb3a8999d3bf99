"""Cutting a passage into what can be quoted."""

from support_bot.answering.segments import join, segments
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


def test_an_empty_passage_has_no_pieces() -> None:
    assert segments("") == []
