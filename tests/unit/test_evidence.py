"""Which sentences, steps and rows are said: the best ones, whole lists, within the words, of two articles at most."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from support_bot.answering.evidence import Selection, Weights, select
from support_bot.engine.fake import HashingEmbedder
from support_bot.index.pieces import cut, in_context
from support_bot.values import Audience, Passage
from tests.factories import DELIVERY, RETURNS

_WEIGHTS = Weights()


class _Vectors:
    """Embeds on the spot what a real index has stored."""

    embed_questions = staticmethod(HashingEmbedder().embed)
    likeness = staticmethod(HashingEmbedder().likeness)

    def piece_vectors(self, passages: Sequence[Passage]) -> dict[int, NDArray[np.float32]]:
        return {
            p.chunk_id: self.embed_questions([in_context(p.heading, piece) for piece in cut(p.text)]) for p in passages
        }


def _passage(number: int, title: str, text: str, document: int = 0) -> Passage:
    return Passage(number, document or number, f"{title}.md", title, (title,), text, None, Audience.PUBLIC)


def _select(question: str, *texts: str, most_words: int = 54, weights: Weights = _WEIGHTS) -> Selection:
    passages = [_passage(number, f"Article {number}", text) for number, text in enumerate(texts, start=1)]
    return select(question, passages, _Vectors(), most_words=most_words, weights=weights)


def _said(found: Selection) -> str:
    return "\n---\n".join(excerpt.text for excerpt in found.excerpts)


def test_two_parts_of_a_question_are_answered_from_two_places_and_the_gap_is_marked() -> None:
    text = (
        "A lamp costs 40 euros. It is made of brass. It was drawn by a friend of ours. Visitors like it a lot. "
        "A broken lamp is replaced within two years."
    )
    found = _select("what does a lamp cost and is a broken lamp replaced", text, most_words=18)
    assert _said(found).startswith("A lamp costs 40 euros.")
    assert _said(found).endswith("… A broken lamp is replaced within two years.")
    assert "drawn by a friend" not in _said(found)


def test_steps_are_said_as_one_even_beyond_the_words() -> None:
    found = _select("how do I send it back, which label", RETURNS, most_words=12)
    for step in ("1. Open", "2. Print the return label", "3. Hand the parcel"):
        assert step in _said(found)


def test_a_sentence_that_leads_to_steps_is_not_said_without_them() -> None:
    text = (
        "Please change your phone number like this.\n\n1. Open the menu.\n2. Press plus.\n3. Type it.\n\nLamps are fun."
    )
    assert "3. Type it." in _said(_select("change my phone number", text, most_words=10))


def test_a_long_list_is_cut_down_to_the_part_around_the_best_step() -> None:
    steps = "\n".join(f"{n}. Turn the wheel number {n} by hand until the {n}th mark." for n in range(1, 31))
    found = _said(_select("wheel number 17", steps, most_words=40))
    assert "number 17 " in found
    assert len(found.split()) <= 100


def test_a_single_piece_may_be_longer_than_the_words_allow() -> None:
    sentence = "The lamp " + "and the shade " * 30 + "cost 40 euros."
    assert _said(_select("lamp cost", sentence, most_words=10)) == sentence


def test_another_article_needs_a_score_nearly_as_good() -> None:
    twin = DELIVERY.replace("Standard delivery", "Standard delivery abroad")
    alike = _select("what does standard delivery cost", DELIVERY, twin, weights=Weights(elsewhere=0.6))
    assert [excerpt.passage.name for excerpt in alike.excerpts] == ["Article 1.md", "Article 2.md"]
    assert len(_select("what does standard delivery cost", DELIVERY, RETURNS).excerpts) == 1


def test_three_articles_are_never_said_at_once() -> None:
    texts = [DELIVERY.replace("$4.90", f"$4.9{n}") for n in range(4)]
    found = _select("standard delivery", *texts, most_words=200, weights=Weights(elsewhere=0.1, rank_cost=0.0))
    assert len({excerpt.passage.document_id for excerpt in found.excerpts}) == 2


def test_a_word_that_few_pieces_have_weighs_more() -> None:
    texts = [f"The delivery of parcel {n} goes by train." for n in range(5)] + ["Zebras eat delivery grass."]
    scores = [
        _select("delivery zebras", *texts[:3], texts[5], weights=Weights(rare=rare, overlap=0.0)).excerpts[0].score
        for rare in (0.0, 0.5)
    ]
    assert scores[1] > scores[0]


def test_nothing_found_is_nothing_said() -> None:
    assert _select("anything") == Selection((), 0.0)
    assert _select("anything", "# Only a heading", "") == Selection((), 0.0)


def test_where_nothing_fits_the_nearest_is_still_named_for_the_decision() -> None:
    scores = []
    for question in ("unlock my account", "hello there", "quantum chromodynamics", "zzz"):
        found = _select(question, "Cables of brass.", "Bulbs shine.", weights=Weights(rank_cost=0.5))
        assert len(found.excerpts) == 1
        scores.append(found.excerpts[0].score)
    assert min(scores) <= 0


def test_the_core_is_what_answers_about_as_well_as_the_best() -> None:
    text = "A lamp costs 40 euros. It is made of brass. Lamps of glass cost 60 euros."
    found = [_select("what does a lamp cost", text, weights=Weights(core=core)) for core in (1.0, 0.0)]
    best, every = (selection.excerpts[0] for selection in found)
    assert best.core == "A lamp costs 40 euros."
    assert best.text == every.text
    assert every.core == "A lamp costs 40 euros.\nLamps of glass cost 60 euros."


def test_something_is_always_core() -> None:
    for question in ("what does a lamp cost", "quantum chromodynamics", "zzz"):
        found = _select(question, "Cables of brass.", "Bulbs shine.", weights=Weights(rank_cost=0.5))
        assert found.excerpts[0].core


def _prices(rows: int) -> str:
    """A table in which each price stands in the row below the service it is for."""
    services = "".join(f"| Courier {n} | day {n} |\n| Price | {n} euros |\n" for n in range(1, rows + 1))
    return f"What sending costs.\n\n| | Berlin |\n|---|---|\n{services}"


def test_a_small_table_is_said_whole_since_rows_lean_on_each_other() -> None:
    said = _said(_select("how fast is courier 2", _prices(3)))
    assert "| Courier 2 | day 2 |\n| Price | 2 euros |" in said
    assert "| Courier 1 | day 1 |" in said


def test_of_a_long_table_only_rows_are_said() -> None:
    said = _said(_select("how fast is courier 2", _prices(20), weights=Weights(most_pieces=1)))
    assert "| Courier 2 | day 2 |" in said
    assert "Courier 9" not in said
