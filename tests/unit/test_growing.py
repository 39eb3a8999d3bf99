"""How a found passage takes in what stands around it."""

from support_bot.retrieval.growing import grow
from support_bot.values import Audience, Passage


def _chunk(number: int, text: str, heading: str = "") -> Passage:
    path = ("Returns", heading) if heading else ("Returns",)
    return Passage(number, 1, "returns.md", "Returns", path, text, None, Audience.PUBLIC)


ROW = [_chunk(1, "one two"), _chunk(2, "three four"), _chunk(3, "five six"), _chunk(4, "seven eight")]
AROUND = {chunk.chunk_id: ROW for chunk in ROW}


def test_neighbours_join_in_the_order_of_the_document_until_the_words_are_full() -> None:
    assert [p.text for p in grow([ROW[1]], AROUND, most_words=6)] == ["one two\n\nthree four\n\nfive six"]
    assert [p.text for p in grow([ROW[1]], AROUND, most_words=3)] == ["three four"]


def test_the_neighbour_that_was_found_too_comes_first() -> None:
    grown = grow([ROW[1], ROW[2]], AROUND, most_words=4)
    assert [(p.chunk_id, p.text) for p in grown] == [(2, "three four\n\nfive six")]


def test_no_chunk_is_shown_twice() -> None:
    grown = grow([ROW[1], ROW[3]], AROUND, most_words=6)
    assert [p.text for p in grown] == ["one two\n\nthree four\n\nfive six", "seven eight"]
    far = grow([ROW[0], ROW[2]], AROUND, most_words=4)
    assert [p.text for p in far] == ["one two\n\nthree four", "five six\n\nseven eight"]


def test_a_neighbour_under_another_heading_begins_with_it() -> None:
    row = [_chunk(1, "Thirty days.", "How long"), _chunk(2, "We pay.", "Who pays")]
    assert grow(row, {1: row, 2: row}, most_words=9)[0].text == "Thirty days.\n\n### Who pays\n\nWe pay."


def test_two_characters_are_a_word_where_there_are_no_spaces() -> None:
    row = [_chunk(1, "退货期限是三十天"), _chunk(2, "邮费由我们支付吗")]
    assert grow(row[:1], {1: row}, most_words=6)[0].text == row[0].text
    assert grow(row[:1], {1: row}, most_words=12)[0].text == f"{row[0].text}\n\n{row[1].text}"


def test_a_passage_without_neighbours_stays_as_it_is() -> None:
    assert grow([ROW[0]], {}, most_words=99) == [ROW[0]]
