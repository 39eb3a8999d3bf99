"""How long steps may be, and whose prompt is read next."""

from __future__ import annotations

import pytest

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.pace import ReadingPace
from support_bot.engine.plan import OWN_LONGEST_STEP_S
from support_bot.engine.running import RunningGeneration
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.waiting import PATIENCE, rank

COMMON = "one two three four five six seven eight nine ten " * 20
OTHER = "alpha beta gamma delta epsilon zeta eta theta iota kappa " * 20


class TestPace:
    def test_steps_are_short_beside_writers_until_it_knows_what_they_cost(self) -> None:
        pace = ReadingPace(64, 256)
        assert pace.step_tokens(writing=True) == 64
        assert pace.step_tokens(writing=False) == 256

    @pytest.mark.parametrize(
        ("token_s", "tokens"),
        [(OWN_LONGEST_STEP_S / 128, 128), (OWN_LONGEST_STEP_S / 10, 64), (OWN_LONGEST_STEP_S / 1000, 256)],
    )
    def test_steps_beside_writers_take_no_longer_than_allowed(self, token_s: float, tokens: int) -> None:
        pace = ReadingPace(64, 256)
        pace.learn(200, 200 * token_s)
        assert pace.step_tokens(writing=True) == pytest.approx(tokens, abs=1)
        assert pace.step_tokens(writing=False) == 256

    def test_short_steps_teach_nothing(self) -> None:
        pace = ReadingPace(64, 256)
        pace.learn(3, 1.0)
        assert pace.token_s == 0.0

    def test_follows_a_machine_that_becomes_slower(self) -> None:
        pace = ReadingPace(64, 256)
        for seconds in (0.1, *[0.8] * 40):
            pace.learn(100, seconds)
        assert pace.step_tokens(writing=True) == 64
        assert pace.token_s == pytest.approx(0.008, rel=0.01)

    def test_a_plan_of_short_steps_stays_one(self) -> None:
        pace = ReadingPace(64, 32)
        assert pace.step_tokens(writing=True) == pace.step_tokens(writing=False) == 32


class TestOrder:
    def test_whoever_asked_long_before_is_not_passed(self) -> None:
        scheduler = Scheduler(FakeModel(lambda prompt: prompt))
        try:
            request = GenerationRequest((ChatTurn("user", "x"),))
            early, late = (RunningGeneration(scheduler, [1], request) for _ in range(2))
            early.asked_at, late.asked_at = 100.0, 100.0 + PATIENCE
            assert rank(early, read_s=1.01) > rank(late, read_s=0.0)
            assert rank(early, read_s=0.99) < rank(late, read_s=0.0)
        finally:
            scheduler.close()

    @pytest.mark.parametrize("own", [False, True])
    def test_what_is_mostly_known_is_read_before_what_is_new(self, own: bool) -> None:
        model = FakeModel(lambda prompt: "yes", context_tokens=700, delay_s=0.005)
        model.shares_cells = not own
        model.put_away_bytes = 1 << 20
        scheduler = Scheduler(model, slots=1, queue_limit=16, step_tokens=16)
        try:

            def ask(text: str) -> RunningGeneration:
                return scheduler.submit(model.prompt(text), GenerationRequest((ChatTurn("user", text),)))

            list(ask(COMMON + "first"))  # teaches what a token costs, and what a prompt begins with
            model.go.clear()
            held = ask("hold the door")
            new, known = ask(OTHER + "second"), ask(COMMON + "third")
            model.go.set()
            for generation in (held, new, known):
                list(generation)
            assert known.reused > 150 and new.reused == 0
            order = {name: generation.stats().queue_s for name, generation in (("new", new), ("known", known))}  # type: ignore[union-attr]
            assert order["known"] < order["new"]
        finally:
            model.go.set()
            scheduler.close()
