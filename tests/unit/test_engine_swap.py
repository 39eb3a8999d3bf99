"""A model that takes over from another while chats run, and the end of all."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from support_bot.engine.base import TextEngine
from support_bot.engine.fake import FakeEngine
from support_bot.errors import Conflict, EngineUnavailable, WeightsError
from tests.factories import wait_for
from tests.supervised import LOOKS, Bench, ask, fails, passes


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


class TestSwap:
    def test_what_runs_is_finished_by_the_old_and_what_comes_is_written_by_the_new(self, bench: Bench) -> None:
        old = bench.hang()
        asked = [bench.engine.start(ask()) for _ in range(3)]
        bench.engine.swap(bench.load, passes)
        assert bench.write() == "Model 1 says so."
        assert bench.engine.queue_length() == 2
        old.model.go.set()
        assert ["".join(generation) for generation in asked] == ["Model 0 says so."] * 3
        wait_for(old.scheduler.ended)
        bench.look()
        assert [served.engine for served in bench.engine._all()] == [bench.models[1]]
        assert bench.kinds == []

    def test_a_new_one_that_fails_its_exam_changes_nothing(self, bench: Bench) -> None:
        with pytest.raises(WeightsError, match="wrote nothing"):
            bench.engine.swap(bench.load, fails)
        assert bench.write() == "Model 0 says so." and len(bench.models) == 2
        wait_for(bench.models[1].scheduler.ended)
        bench.look()
        assert [served.engine for served in bench.engine._all()] == [bench.models[0]]

    def test_a_new_one_that_cannot_be_loaded_changes_nothing(self, bench: Bench) -> None:
        bench.broken = WeightsError("llama.cpp cannot load it.")
        with pytest.raises(WeightsError, match="cannot load"):
            bench.engine.swap(bench.load, passes)
        assert bench.write() == "Model 0 says so."

    def test_an_old_one_that_hangs_is_given_up(self, bench: Bench) -> None:
        old = bench.hang()
        asked = [bench.engine.start(ask()) for _ in range(2)]
        wait_for(old.scheduler.step)
        bench.engine.swap(bench.load, passes)
        bench.look(LOOKS + 1)
        for generation in asked:
            with pytest.raises(EngineUnavailable):
                list(generation)
        assert bench.write() == "Model 1 says so."
        assert bench.engine.alive() and bench.kinds == ["stuck"]

    def test_one_at_a_time(self, bench: Bench) -> None:
        entered, go_on = threading.Event(), threading.Event()

        def slowly(engine: TextEngine) -> None:
            entered.set()
            assert go_on.wait(10)

        first = threading.Thread(target=bench.engine.swap, args=(bench.load, slowly))
        first.start()
        assert entered.wait(10)
        with pytest.raises(Conflict):
            bench.engine.swap(bench.load, passes)
        assert bench.write() == "Model 0 says so."
        go_on.set()
        first.join(10)
        assert bench.write() == "Model 1 says so."

    def test_after_a_restart_the_new_one_is_loaded(self, bench: Bench) -> None:
        bench.engine.swap(lambda: FakeEngine(default="Another."), passes)
        bench.models.append(bench.engine._now.engine)  # type: ignore[arg-type]
        bench.kill()
        bench.look()
        assert bench.write() == "Another."

    def test_chats_notice_nothing(self, bench: Bench) -> None:
        said: list[str] = []
        done = threading.Event()

        def chat() -> None:
            while not done.is_set():
                said.append(bench.write())

        chats = [threading.Thread(target=chat) for _ in range(4)]
        for thread in chats:
            thread.start()
        for _ in range(10):
            bench.engine.swap(bench.load, passes)
            bench.look()
        wait_for(lambda: "Model 10 says so." in said)
        done.set()
        for thread in chats:
            thread.join(10)
        assert {text.removeprefix("Model ").lstrip("0123456789") for text in said} == {" says so."}


class TestClosing:
    def test_ends_all_and_may_be_done_twice(self, bench: Bench) -> None:
        bench.engine.close()
        bench.engine.close()
        assert not bench.engine.alive()
        with pytest.raises(EngineUnavailable):
            bench.engine.start(ask())

    def test_does_not_wait_for_what_hangs(self, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
        stuck = bench.hang()
        bench.engine.start(ask())
        wait_for(stuck.scheduler.step)
        bench.look(LOOKS + 1)
        bench.engine.close()
        assert "still hangs" in caplog.text and not stuck.scheduler.ended()

    def test_a_model_that_is_loaded_meanwhile_is_closed_too(self, bench: Bench) -> None:
        bench.engine.swap(bench.load, lambda engine: bench.engine.close())
        assert bench.models[1].scheduler.ended()
