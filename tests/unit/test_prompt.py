"""The prompt of a draft: what goes when there is no room for all, and what never does."""

from __future__ import annotations

import pytest

from support_bot.answering.prompt import ECHOES, answer_prompt, fitted_prompt, instructions
from support_bot.errors import Invalid
from support_bot.values import Audience, Excerpt, Passage

QUESTION = "How do I send back a jacket that is too small? " + "I have had it for a while. " * 50


def excerpt(number: int, words: int = 30) -> Excerpt:
    passage = Passage(number, number, f"{number}.md", f"Title {number}", ("Returns",), "", None, Audience.PUBLIC)
    return Excerpt(passage, f"Fact {number} is here. " + "word " * words, 1.0 / (number + 1))


def words(text: str) -> int:
    return len(text.split())


EXCERPTS = [excerpt(number) for number in range(5)]
WHOLE = sum(words(turn.content) for turn in answer_prompt(QUESTION, EXCERPTS))


def test_with_room_enough_nothing_is_left_out() -> None:
    for room in (WHOLE + 32, 10**6):
        messages, left_out = fitted_prompt(QUESTION, EXCERPTS, room, words)
        assert messages == answer_prompt(QUESTION, EXCERPTS) and left_out == ()


@pytest.mark.parametrize("room", range(WHOLE - 100, WHOLE + 32, 7))
def test_the_last_excerpts_go_whole_and_the_rest_stays(room: int) -> None:
    messages, left_out = fitted_prompt(QUESTION, EXCERPTS, room, words)
    kept = len(EXCERPTS) - len(left_out)
    assert 1 <= kept < len(EXCERPTS)
    assert messages == answer_prompt(QUESTION, EXCERPTS[:kept])
    assert left_out == tuple(f"Title {number} > Returns" for number in range(kept, len(EXCERPTS)))
    assert messages[0].content == instructions() and messages[1].content.endswith(f"{ECHOES[0]} {QUESTION.strip()}")
    assert sum(words(turn.content) for turn in messages) <= room


def test_where_not_even_the_best_fits_there_is_no_prompt() -> None:
    for excerpts in (EXCERPTS, [excerpt(0, words=3000)], []):
        with pytest.raises(Invalid, match="longer than the model's context"):
            fitted_prompt(QUESTION, excerpts, 120, words)


def test_nothing_is_counted_where_the_bytes_fit() -> None:
    def count(text: str) -> int:
        raise AssertionError("counted")

    assert fitted_prompt("How?", EXCERPTS[:1], 2000, count)[1] == ()


def test_letters_of_several_bytes_are_counted() -> None:
    asked: list[str] = []

    def count(text: str) -> int:
        asked.append(text)
        return len(text)

    assert fitted_prompt("退货" * 500, EXCERPTS[:1], 2000, count)[1] == () and asked
