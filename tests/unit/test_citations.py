"""Indices become sources, or nothing."""

from support_bot.answering.citations import cited, sources, without_indices
from support_bot.values import Audience, Excerpt, Passage

PASSAGE = Passage(7, 3, "returns.md", "Returns", ("Returns", "Refund times"), "text", None, Audience.PUBLIC)


def test_an_index_that_points_nowhere_is_dropped() -> None:
    known = sources([Excerpt(PASSAGE, "A quote.", 0.9)])
    assert [source.chunk_id for source in cited("It takes a day [1][4].", known)] == [7]


def test_only_what_the_sentence_names_is_cited() -> None:
    known = sources([Excerpt(PASSAGE, "One.", 0.9), Excerpt(PASSAGE, "Two.", 0.8), Excerpt(PASSAGE, "Three.", 0.7)])
    assert [source.quote for source in cited("It takes a day [2].", known)] == ["Two."]


def test_the_customer_reads_no_indices() -> None:
    assert without_indices("It takes a day [1].") == "It takes a day."


def test_a_source_names_title_and_heading_once() -> None:
    (source,) = sources([Excerpt(PASSAGE, "A quote.", 0.9)])
    assert (source.index, source.title, source.heading) == (1, "Returns", "Refund times")
