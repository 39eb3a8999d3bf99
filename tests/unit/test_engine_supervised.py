"""The watchdog: models that hang, die or do not load."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from support_bot.engine.base import Generation
from support_bot.engine.fake import FakeEngine
from support_bot.engine.supervised import RESTARTS_AN_HOUR, LocalEngine, SupervisedEngine
from support_bot.errors import EngineUnavailable, WeightsError
from tests.factories import wait_for
from tests.supervised import LOOKS, Bench, ask, passes


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


class TestAModelThatHangs:
    def test_is_replaced_and_its_readers_hear_of_it(self, bench: Bench) -> None:
        stuck = bench.hang()
        asked = [bench.engine.start(ask()) for _ in range(3)]
        wait_for(stuck.scheduler.step)
        bench.look(LOOKS)
        assert bench.engine.alive() and len(bench.models) == 1
        bench.look()
        for generation in asked:
            with pytest.raises(EngineUnavailable):
                list(generation)
        assert bench.write() == "Model 1 says so."
        assert bench.kinds == ["stuck"]
        assert bench.engine.incident_counts() == {"stuck": 1}

    def test_is_freed_when_its_step_ends_after_all(self, bench: Bench) -> None:
        stuck = bench.hang()
        bench.engine.start(ask())
        wait_for(stuck.scheduler.step)
        bench.look(LOOKS + 1)
        assert len(bench.engine._all()) == 2
        stuck.model.go.set()
        wait_for(stuck.scheduler.ended)
        bench.look()
        assert [served.engine for served in bench.engine._all()] == [bench.models[1]]

    def test_while_nobody_can_be_loaded_asking_fails_at_once(self, bench: Bench) -> None:
        stuck = bench.hang()
        bench.engine.start(ask())
        wait_for(stuck.scheduler.step)
        bench.broken = WeightsError("The file is gone.")
        bench.look(LOOKS + 1)
        with pytest.raises(EngineUnavailable, match="loaded again"):
            bench.engine.start(ask())
        assert not bench.engine.alive() and bench.engine.trouble()
        assert bench.kinds == ["not_loaded", "stuck"]
        bench.broken = None
        bench.look()
        assert not bench.engine.alive()  # it waits a little before it tries again
        bench.now += 10
        bench.look()
        assert bench.write() == "Model 1 says so." and not bench.engine.trouble()

    def test_a_step_four_times_as_long_as_the_longest_before_is_allowed(self, bench: Bench) -> None:
        slow = bench.hang()
        for allowed in (LOOKS, 4 * (LOOKS - 1)):
            slow.model.go.clear()
            generation = bench.engine.start(ask())
            wait_for(slow.scheduler.step)
            bench.look(allowed)
            slow.model.go.set()
            assert "".join(generation)
            wait_for(lambda: not slow.scheduler.step())
            bench.look()
        assert bench.kinds == []

    def test_looks_count_for_one_step_only(self, bench: Bench) -> None:
        for _ in range(3):
            slow = bench.hang()
            generation = bench.engine.start(ask())
            wait_for(slow.scheduler.step)
            bench.look(LOOKS)
            slow.model.go.set()
            assert "".join(generation)
        assert bench.kinds == []


class TestAModelThatDies:
    def test_is_loaded_again(self, bench: Bench) -> None:
        bench.kill()
        assert not bench.engine.alive() and bench.engine.trouble()
        bench.look()
        assert bench.write() == "Model 1 says so."
        assert bench.kinds == ["died"]

    def test_counts_go_on_where_they_were(self, bench: Bench) -> None:
        bench.write()
        before = bench.engine.figures()
        bench.kill()
        bench.look()
        after = bench.engine.figures()
        assert after.answer_tokens == before.answer_tokens > 0 and after.failed_steps == before.failed_steps + 1
        bench.write()
        assert bench.engine.figures().answer_tokens > after.answer_tokens

    def test_again_and_again_it_stays_down_until_another_is_chosen(self, bench: Bench) -> None:
        for _ in range(RESTARTS_AN_HOUR):
            bench.kill()
            bench.now += 300
            bench.look()
            assert bench.engine.alive()
        bench.kill()
        bench.now += 300
        for _ in range(3):
            bench.look()
            assert "stays down" in bench.engine.trouble()
            with pytest.raises(EngineUnavailable, match="stays down"):
                bench.engine.start(ask())
            bench.now += 10_000
        assert len(bench.models) == RESTARTS_AN_HOUR + 1
        bench.engine.swap(bench.load, passes)
        assert bench.write() == f"Model {RESTARTS_AN_HOUR + 1} says so."

    def test_now_and_then_it_is_loaded_each_time(self, bench: Bench) -> None:
        for _ in range(2 * RESTARTS_AN_HOUR):
            bench.kill()
            bench.now += 1000
            bench.look()
            assert bench.engine.alive()

    def test_the_watchdog_itself_notices(self) -> None:
        models: list[FakeEngine] = []

        def load() -> LocalEngine:
            models.append(FakeEngine())
            return models[-1]

        engine = SupervisedEngine(load, look_s=0.01)
        models[0].close()
        wait_for(lambda: len(models) == 2 and engine.alive())
        assert "".join(engine.start(ask())) == "This is a scripted answer."
        engine.close()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_to_models_every_answer_ends_and_none_is_mixed(seed: int) -> None:
    """Models fail, hang and die at random; what an answer has shown is the beginning of one model's answer."""
    chance = random.Random(seed)
    bench = Bench()
    ends: list[tuple[str, bool]] = []

    def read(generation: Generation) -> None:
        shown: list[str] = []
        try:
            shown.extend(generation)
        except EngineUnavailable:
            ends.append(("".join(shown), False))
        else:
            ends.append(("".join(shown), True))

    asked = 0
    for _ in range(12):
        readers = []
        for _ in range(chance.randrange(1, 5)):
            with suppress(EngineUnavailable):
                readers.append(threading.Thread(target=read, args=(bench.engine.start(ask()),)))
                readers[-1].start()
        bench.harm(chance.choice(["nothing", "fails", "hangs", "dies"]))
        asked += len(readers)
        bench.now += 1000
        bench.look()
        while any(reader.is_alive() for reader in readers):
            bench.look()
            time.sleep(0.001)
    bench.models[-1].model.go.set()
    bench.close()
    assert len(ends) == asked and bench.kinds
    for shown, whole in ends:
        beginnings = [f"Model {number} says so." for number in range(len(bench.models))]
        assert shown in beginnings if whole else any(text.startswith(shown) for text in beginnings)
