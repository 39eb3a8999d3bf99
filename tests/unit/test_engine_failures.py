"""Steps that fail: who is run once more, who hears of it, and that nobody is left waiting or reads a word twice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator

import pytest

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.running import RunningGeneration
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.step_model import BatchToken, StepFailed
from support_bot.errors import Cancelled, EngineUnavailable, SupportBotError
from tests.factories import wait_for


def echo(prompt: str) -> str:
    return f"You said: {prompt}"


def poisoned(prompt: str) -> str:
    if "poison" in prompt:
        raise RuntimeError("a prompt that breaks each step it is in")
    return echo(prompt)


def fails_at_the_fifth_word() -> Callable[[str], str]:
    words = iter(range(1, 100))

    def reply(prompt: str) -> str:
        if next(words) == 5:
            raise RuntimeError("broken")
        return echo(prompt)

    return reply


class Bench:
    """A scheduler over a fake model, with short ways to ask it."""

    def __init__(self, reply: Callable[[str], str] = echo, model: type[FakeModel] = FakeModel) -> None:
        self.model = model(reply, context_tokens=600)
        self.scheduler = Scheduler(self.model, queue_limit=64, step_tokens=8, slots=2)

    def ask(self, text: str, **limits: object) -> RunningGeneration:
        request = GenerationRequest((ChatTurn("user", text),), **{"max_tokens": 400, **limits})  # type: ignore[arg-type]
        return self.scheduler.submit(self.model.prompt(text), request)

    def held(self, text: str, **limits: object) -> RunningGeneration:
        """A generation that has begun, in a step that waits for `model.go`."""
        self.model.go.clear()
        generation = self.ask(text, **limits)
        assert generation.wait_started(10)
        wait_for(self.scheduler.step)
        return generation


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.model.go.set()
    assert bench.scheduler.close()


class TestAFailedStep:
    def test_runs_what_has_shown_nothing_once_more(self, bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
        first = bench.held("first")
        second = bench.ask("second")
        bench.model.fail_next = RuntimeError("no room in the memory")
        bench.model.go.set()
        assert ["".join(first), "".join(second)] == [echo("first"), echo("second")]
        assert "no room in the memory" in caplog.text
        assert bench.scheduler.alive() and bench.scheduler.figures().failed_steps == 1

    def test_fails_what_has_shown_text_and_keeps_the_text(self) -> None:
        bench = Bench(fails_at_the_fifth_word())
        shown: list[str] = []
        with pytest.raises(EngineUnavailable):
            shown.extend(bench.ask("one two three four five six"))
        assert "".join(shown) == "You said: one two"
        assert bench.scheduler.close()

    def test_fails_what_breaks_the_second_time_too(self) -> None:
        bench = Bench(poisoned)
        with pytest.raises(EngineUnavailable):
            list(bench.ask("poison"))
        assert "".join(bench.ask("and now?")) == echo("and now?")
        assert bench.scheduler.figures().failed_steps == 2
        assert bench.scheduler.close()

    def test_leaves_nothing_to_be_reused(self, bench: Bench) -> None:
        text = "one two three four five six " * 4
        assert "".join(bench.ask(text))
        again = bench.held(text)
        bench.model.fail_next = RuntimeError("broken")
        bench.model.go.set()
        assert "".join(again) == echo(text)
        stats = again.stats()
        assert stats is not None and stats.reused_tokens == 0

    def test_does_not_run_what_was_cancelled(self, bench: Bench) -> None:
        cancelled = bench.held("first")
        cancelled.cancel()
        bench.model.fail_next = RuntimeError("broken")
        bench.model.go.set()
        with pytest.raises((Cancelled, EngineUnavailable)):
            list(cancelled)
        assert "".join(bench.ask("second")) == echo("second")

    def test_four_one_after_another_end_the_thread(self) -> None:
        bench = Bench(poisoned)
        for _ in range(2):
            with pytest.raises(EngineUnavailable):
                list(bench.ask("poison"))
        wait_for(bench.scheduler.ended)
        assert not bench.scheduler.alive()
        with pytest.raises(EngineUnavailable):
            bench.ask("anybody there?")

    def test_a_model_that_cannot_recover_fails_everybody(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken() -> None:
            raise RuntimeError("really broken")

        monkeypatch.setattr(bench.model, "clear", broken)
        asked = [bench.held("first"), *[bench.ask(f"question {i}") for i in range(3)]]
        bench.model.fail_next = RuntimeError("broken")
        bench.model.go.set()
        for generation in asked:
            with pytest.raises(EngineUnavailable):
                list(generation)
        wait_for(bench.scheduler.ended)


class TestAStepThatHangs:
    def test_does_not_hold_up_a_reader_beyond_the_deadline(self, bench: Bench) -> None:
        with pytest.raises(EngineUnavailable, match="longer than"):
            list(bench.held("first", deadline_s=0.1))

    def test_given_up_everybody_hears_of_it_while_it_still_hangs(self, bench: Bench) -> None:
        asked = [bench.held("first"), *[bench.ask(f"question {i}") for i in range(3)]]
        bench.scheduler.abandon()
        for generation in asked:
            with pytest.raises(EngineUnavailable):
                list(generation)
            stats = generation.stats()
            assert stats is not None and stats.finish == "failed"
        assert bench.scheduler.step() and not bench.scheduler.ended()
        with pytest.raises(EngineUnavailable):
            bench.ask("too late")

    def test_that_ends_after_all_shows_nothing_more_and_ends_the_thread(self, bench: Bench) -> None:
        generation = bench.held("first")
        bench.scheduler.abandon()
        bench.model.go.set()
        wait_for(bench.scheduler.ended)
        for _ in range(2):
            with pytest.raises(EngineUnavailable):
                assert list(generation) == []


class TestRetiring:
    def test_finishes_what_runs_and_waits_and_takes_nothing_new(self, bench: Bench) -> None:
        asked = [bench.held("first"), *[bench.ask(f"question {i}") for i in range(3)]]
        bench.scheduler.retire()
        with pytest.raises(EngineUnavailable):
            bench.ask("too late")
        bench.model.go.set()
        assert ["".join(generation) for generation in asked] == [
            echo("first"), *[echo(f"question {i}") for i in range(3)]
        ]  # fmt: skip
        wait_for(bench.scheduler.ended)

    def test_ends_at_once_when_idle(self, bench: Bench) -> None:
        bench.scheduler.retire()
        wait_for(bench.scheduler.ended)


class Moody(FakeModel):
    """Fails in one step of six, before or after it remembers anything."""

    def decode(self, batch: list[BatchToken]) -> None:  # type: ignore[override]
        mood = self.random.random()
        if mood < 0.08:
            raise StepFailed("not now")
        super().decode(batch)
        if mood > 0.92:
            raise StepFailed("not any more")

    random = random.Random(0)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_fails_every_answer_ends_and_no_word_is_shown_twice(seed: int) -> None:
    Moody.random = random.Random(seed)
    chance = random.Random(seed + 1000)
    bench = Bench(model=Moody)
    asked = []
    for number in range(40):
        text = f"question {number} " * chance.randrange(1, 9)
        try:
            asked.append((text, bench.ask(text)))
        except EngineUnavailable:
            break
        if chance.random() < 0.1:
            chance.choice(asked)[1].cancel()
    ends: dict[int, tuple[str, SupportBotError | None]] = {}

    def read(number: int, generation: RunningGeneration) -> None:
        shown, error = "", None
        try:
            for piece in generation:
                shown += piece
        except SupportBotError as raised:
            error = raised
        ends[number] = shown, error

    readers = [threading.Thread(target=read, args=(at, generation)) for at, (_, generation) in enumerate(asked)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(20)
    assert len(ends) == len(asked)
    for number, (shown, error) in ends.items():
        whole = echo(asked[number][0]).rstrip()
        assert whole.startswith(shown.rstrip()) if error else shown.rstrip() == whole
    assert bench.scheduler.close()
