"""Many texts are scored several at once, and told in order."""

from __future__ import annotations

from contextlib import suppress

import pytest

from support_bot.engine.base import ChatTurn, Generation, GenerationRequest
from support_bot.engine.fake import FakeEngine
from support_bot.engine.scoring import score, scores
from support_bot.errors import Cancelled, Invalid

TEXTS = [f"The answer {number} is long enough" for number in range(9)]


class Counting(FakeEngine):
    """Knows how many of its generations were never over at once."""

    def __init__(self) -> None:
        super().__init__({}, slots=4)
        self.begun: list[Generation] = []
        self.most = 0

    def start(self, request: GenerationRequest) -> Generation:
        self.begun.append(super().start(request))
        self.most = max(self.most, len([one for one in self.begun if not one.logprobs()]))
        return self.begun[-1]


def ask(number: int) -> GenerationRequest:
    return GenerationRequest((ChatTurn("user", f"Question {number}"),), logprobs=2)


@pytest.mark.parametrize("ahead", [1, 3, 100])
def test_each_is_what_it_would_be_alone_in_order(ahead: int) -> None:
    engine = Counting()
    found = list(scores(engine, ((ask(n), text) for n, text in enumerate(TEXTS)), ahead))
    assert [b"".join(one.piece for one in each).decode() for each in found] == TEXTS
    assert [[one.token for one in each] for each in found] == [
        [one.token for one in score(engine, ask(n), text)] for n, text in enumerate(TEXTS)
    ]
    assert engine.most <= ahead
    engine.close()


def test_nothing_asked_is_nothing_told() -> None:
    engine = Counting()
    assert list(scores(engine, [], 3)) == [] and engine.begun == []
    engine.close()


def test_who_stops_reading_or_breaks_leaves_nothing_under_way() -> None:
    engine = Counting()
    reading = scores(engine, ((ask(n), text) for n, text in enumerate(TEXTS)), 3)
    next(reading)
    reading.close()
    with pytest.raises(Invalid, match="no text"):
        list(scores(engine, [(ask(0), TEXTS[0]), (ask(1), "")], 3))
    for generation in engine.begun:
        with suppress(Cancelled):
            list(generation)
        assert generation.stats() is not None
    assert engine.queue_length() == 0
    engine.close()
