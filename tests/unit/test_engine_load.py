"""How the bench asks: by Zipf's law, all at once, with real prompts left to `support-bot bench engine`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from support_bot.answering.prompt import answer_prompt
from support_bot.commands.bench_engine import _compared, sizes_in
from support_bot.engine.base import ChatTurn
from support_bot.engine.fake import FakeEngine
from support_bot.errors import Invalid
from support_bot.evaluation import engine_load
from support_bot.values import Audience, Excerpt, Passage


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine(default="one two three four", slots=4)
    yield engine
    engine.close()


def excerpt(text: str) -> Excerpt:
    return Excerpt(Passage(1, 1, "rates.md", "Sending money", (), text, None, Audience.PUBLIC), text, 1.0)


def test_few_questions_are_asked_often() -> None:
    drawn = engine_load.draw(2000, 50, np.random.default_rng(1))
    counts = np.bincount(drawn, minlength=50)
    assert drawn.max() < 50 and counts[0] > 4 * counts[9] > 0
    assert np.count_nonzero(counts) > 40


def test_all_that_ask_at_once_are_read_to_the_end(engine: FakeEngine) -> None:
    ours = engine_load.Counted(engine)
    asked = [(ChatTurn("user", f"Question {i}"),) for i in range(6)]
    found = engine_load.together(ours.write, asked, 20, engine.count_tokens)
    assert len(found.first_s) == len(ours.stats) == 6 and min(found.first_s) > 0
    assert [stats.answer_tokens for stats in ours.stats] == [4] * 6
    assert found.tokens_per_s > 0


def test_a_side_is_the_median_of_its_rounds() -> None:
    rounds = [
        engine_load.Round((first, first + 2), (first + 1, first + 3), speed)
        for first, speed in ((1, 10), (2, 30), (9, 20))
    ]
    assert engine_load.side(rounds) == engine_load.Side(3.0, 3.9, 4.0, 20.0)


def test_distinct_questions_come_once_each() -> None:
    drawn = engine_load.draw(7, 5, np.random.default_rng(1), distinct=True)
    assert sorted(drawn[:5]) == [0, 1, 2, 3, 4] and list(drawn[5:]) == list(drawn[:2])


def test_who_comes_by_chance_is_answered_or_told_to_wait() -> None:
    small = FakeEngine(default="one two three four", slots=1, queue_limit=1, delay_s=0.05)
    with closing(small):
        asked = [(ChatTurn("user", f"Question {i}"),) for i in range(8)]
        write = engine_load.Counted(small).write
        crowd = engine_load.by_chance(write, asked, 20, within_s=0.05, random=np.random.default_rng(1))
    assert crowd.answered + crowd.told_to_wait == crowd.chats == 8
    assert crowd.answered >= 2 and crowd.told_to_wait >= 1 and crowd.failed == 0
    assert 0 < crowd.first_p50_s <= crowd.first_p95_s


def test_another_question_about_the_same_passages() -> None:
    one, two = (answer_prompt(f"Question {i}?", (excerpt(f"Text {i}."),)) for i in range(2))
    mixed = engine_load.with_question_of(one, two)
    assert "Text 0." in mixed[-1].content and mixed[-1].content.endswith("Question 1?")
    with closing(FakeEngine(default="one two", delay_s=0.01)) as slow:
        found = engine_load.again(engine_load.Counted(slow).write, [one, two], 20, slow.count_tokens)
    assert min(found.new_s, found.same_question_s, found.same_passages_s) > 0


def test_ratios_are_ours_divided_by_theirs_and_missing_where_nobody_was_asked() -> None:
    ours, plain = engine_load.Side(0.5, 1.0, 2.0, 90.0), engine_load.Side(2.0, 4.0, 8.0, 30.0)
    compared = _compared({"ours": ours, "plain": plain})
    assert compared["first_token_s"] == {
        "ours": 0.5, "plain": 2.0, "xllamacpp": None, "ratio_plain": 0.25, "ratio_xllamacpp": None
    }  # fmt: skip
    assert compared["tokens_per_s"]["ratio_plain"] == 3.0


@pytest.mark.parametrize("text", ["", "a", "1,,2", "0", "-1", "1.5"])
def test_sizes_are_whole_numbers(text: str) -> None:
    assert sizes_in("1,16", "--chats") == [1, 16]
    with pytest.raises(Invalid, match="--chats"):
        sizes_in(text, "--chats")
