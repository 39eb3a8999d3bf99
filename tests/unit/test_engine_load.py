"""How the bench asks: by Zipf's law, all at once, with real prompts left to `support-bot bench engine`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from support_bot.commands.bench_engine import engine_lines, sizes_in
from support_bot.engine.base import ChatTurn
from support_bot.engine.fake import FakeEngine
from support_bot.errors import Invalid
from support_bot.evaluation import engine_load


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    engine = FakeEngine(default="one two three four", slots=4)
    yield engine
    engine.close()


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
    rounds = [engine_load.Round((first, first + 2), speed) for first, speed in ((1, 10), (2, 30), (9, 20))]
    assert engine_load.side(rounds) == engine_load.Side(3.0, 3.9, 20.0)


def test_a_reader_sees_both_sides_and_their_ratio() -> None:
    side = {"first_p50_s": 1.5, "first_p95_s": 2.0, "tokens_per_s": 40.0}
    row = {"chats": 16, "plain": side, "ours": side, "first_text_ratio": 0.25, "tokens_ratio": 3.5}
    found = {"model": "m", "prompts": 9, "chats": [row], "reused": 0.5, "guessed": 0.25, "guesses_right": 0.75}
    text = "\n".join(engine_lines(found))
    assert all(part in text for part in ("50%", "25%", "75%", "16", "0.25", "3.5"))


@pytest.mark.parametrize("text", ["", "a", "1,,2", "0", "-1", "1.5"])
def test_sizes_are_whole_numbers(text: str) -> None:
    assert sizes_in("1,16", "--chats") == [1, 16]
    with pytest.raises(Invalid, match="--chats"):
        sizes_in(text, "--chats")
