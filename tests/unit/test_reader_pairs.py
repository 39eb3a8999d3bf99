"""What the reader is trained on: how questions are said otherwise, and which part of a passage goes with them."""

from __future__ import annotations

import random
from collections.abc import Hashable
from pathlib import Path

import pytest

from support_bot.distillation import reader_data
from support_bot.distillation.reader_data import Example, Seen
from support_bot.distillation.reader_pairs import Material
from support_bot.distillation.reader_words import mistyped, names, own_names, renamed, said

TEXT = "Plans: With the Lumen plan you get ten seats. You may leave the Lumen plan at any time, in the app."
OTHER = "Prices: Members of the Harbour club pay nine euros each month, and guests of the Harbour club pay twelve."
SEATS = "With the Lumen plan you get ten seats."


def _example(company: str, text: str, quotes: tuple[str, ...], held: tuple[float, ...], **given: str) -> Example:
    question = given.get("asked", "How many seats has the Lumen plan?")
    seen = Seen(1, text, text.index(": ") + 2, held)
    return Example(
        id=f"{company}-001",
        company=company,
        visitor=given.get("visitor", ""),
        type=given.get("type", "factual"),
        asked=question,
        alone=question,
        followup=False,
        quotes=quotes,
        floor=(0.5, 0.5, 0.5, 0.5),
        passages=(seen,),
    )


ANSWERED = _example("acme", TEXT, (SEATS,), (1.0,))
UNANSWERED = _example("hull", OTHER, (), (), type="unanswerable", asked="Is there parking at the club?")


class _Characters:
    """Each character is a token."""

    def __init__(self, texts: dict[Hashable, str]) -> None:
        self._texts = texts

    def length(self, key: Hashable) -> int:
        return len(self._texts[key])

    def tokens(self, key: Hashable, begin: int, end: int) -> tuple[int, int] | None:
        return (begin, end) if end <= self.length(key) else None


def test_names_are_what_one_company_alone_writes_large() -> None:
    assert names([ANSWERED, UNANSWERED]) == {"acme": ["Lumen"], "hull": ["Harbour"]}


def test_an_exchanged_name_keeps_its_capitals() -> None:
    assert renamed("Lumen, lumen, LUMEN, Lumens", {"lumen": "Harbour"}) == "Harbour, harbour, HARBOUR, Lumens"
    assert renamed("Lumen", {}) == "Lumen"


def test_the_names_in_a_question_are_found_in_small_letters_too() -> None:
    assert own_names("what is in lumen", ["Lumen", "Harbour"]) == ["Lumen"]


def test_a_question_is_said_in_many_ways_and_never_vanishes() -> None:
    ways = {said(ANSWERED, random.Random(seed)) for seed in range(200)}
    assert len(ways) > 20
    assert min(map(len, ways)) > 0.8 * len(ANSWERED.asked)


@pytest.mark.parametrize("text", ["", "a", "?????????????????", "1234567890 1234567890", "two words"])
def test_what_has_no_letters_to_mistype_stays(text: str) -> None:
    assert mistyped(text, random.Random(1)) == text


def test_a_pair_that_answers_shows_its_evidence_and_others_are_told_apart() -> None:
    material = Material([ANSWERED, UNANSWERED], seed=1)
    texts = dict(material.texts())
    rng = random.Random(1)
    pairs = [material.draw(rng, _Characters(texts)) for _ in range(300)]
    shown = [(pair, texts[pair.passage][pair.span[0] : pair.span[1]]) for pair in pairs]
    assert {pair.answers for pair, _ in shown} == {True, False}
    assert all("plan you get ten seats." in text for pair, text in shown if pair.answers)
    assert all(text.strip() for _, text in shown)


def test_a_name_that_the_company_does_not_have_is_not_answered() -> None:
    material = Material([ANSWERED, UNANSWERED], seed=1)
    texts, rng = dict(material.texts()), random.Random(2)
    pairs = [material.draw(rng, _Characters(texts)) for _ in range(300)]
    strange = [pair for pair in pairs if pair.passage[:2] == ("acme", 1) and not pair.answers]  # type: ignore[index]
    assert strange
    assert all("harbour" in pair.question.lower() or "harbour" in texts[pair.passage].lower() for pair in strange)


def test_a_question_of_another_company_counts_as_unanswered() -> None:
    visitor = _example("acme", TEXT, (), (), visitor="hull")
    assert not visitor.answerable
    assert Material([visitor], seed=1).counts()["visitors"] == 1


def test_examples_come_back_from_their_file(tmp_path: Path) -> None:
    file = tmp_path / "examples.jsonl"
    assert reader_data.write(iter([ANSWERED, UNANSWERED]), file) == 2
    assert reader_data.read(file) == [ANSWERED, UNANSWERED]
