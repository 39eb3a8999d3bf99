"""The queue and the engine's thread, with a model of words instead of weights."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.running import RunningGeneration
from support_bot.engine.scheduler import Scheduler
from support_bot.errors import Cancelled, EngineUnavailable, Invalid, Overloaded

LONG = "one two three four five six seven eight nine ten " * 20


def echo(prompt: str) -> str:
    return f"You said: {prompt}"


class Bench:
    """A scheduler over a fake model, with short ways to ask it."""

    def __init__(self, reply: Callable[[str], str] = echo, *, delay_s: float = 0.0, queue_limit: int = 8) -> None:
        self.model = FakeModel(reply, delay_s=delay_s, context_tokens=600)
        self.scheduler = Scheduler(self.model, queue_limit=queue_limit, step_tokens=8)

    def ask(self, text: str, **limits: object) -> RunningGeneration:
        request = GenerationRequest((ChatTurn("user", text),), **{"max_tokens": 400, **limits})  # type: ignore[arg-type]
        return self.scheduler.submit(self.model.prompt(text), request)

    def occupy(self) -> RunningGeneration:
        """A generation that runs for long, begun."""
        generation = self.ask(LONG)
        assert generation.wait_started(5)
        return generation


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    assert bench.scheduler.close()


@pytest.fixture
def slow() -> Iterator[Bench]:
    bench = Bench(delay_s=0.01, queue_limit=3)
    yield bench
    assert bench.scheduler.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.005)


class TestAnswers:
    def test_gives_the_whole_answer_and_its_figures(self, bench: Bench) -> None:
        generation = bench.ask("where is my parcel")
        assert "".join(generation) == "You said: where is my parcel"
        stats = generation.stats()
        assert stats is not None
        assert (stats.prompt_tokens, stats.answer_tokens, stats.reused_tokens) == (5, 6, 0)
        assert stats.finish == "end"
        assert 0 <= stats.queue_s <= stats.first_token_s <= stats.total_s

    def test_reading_again_ends_at_once(self, bench: Bench) -> None:
        generation = bench.ask("hello")
        assert list(generation)
        assert list(generation) == []

    def test_reads_the_prompt_in_bounded_pieces(self, bench: Bench) -> None:
        "".join(bench.ask(LONG, max_tokens=1))
        assert max(bench.model.steps) == 8

    def test_reuses_what_the_prompt_before_began_with(self, bench: Bench) -> None:
        shared = "a b c d e f g h i j"
        first = "".join(bench.ask(f"{shared} first"))
        generation = bench.ask(f"{shared} second")
        assert "".join(generation) == f"You said: {shared} second"
        assert first == f"You said: {shared} first"
        stats = generation.stats()
        assert stats is not None and stats.reused_tokens == 10

    def test_the_same_prompt_twice_answers_the_same(self, bench: Bench) -> None:
        texts = ["a b c d e f g", "a b c d e f g h i j k l m n o", "a b c", "a b c d e f g h i j k l m n o"]
        assert ["".join(bench.ask(text)) for text in texts] == [echo(text) for text in texts]

    def test_ends_after_max_tokens(self, bench: Bench) -> None:
        generation = bench.ask("where is my parcel", max_tokens=3)
        assert "".join(generation) == "You said: where"
        stats = generation.stats()
        assert stats is not None and stats.finish == "length"

    def test_ends_where_the_context_ends(self, bench: Bench) -> None:
        generation = bench.ask("word " * 590)
        assert "".join(generation).startswith("You said: word")
        stats = generation.stats()
        assert stats is not None and stats.finish == "length"
        assert stats.prompt_tokens + stats.answer_tokens <= bench.model.context_tokens + 1

    def test_ends_before_a_stop_string(self, bench: Bench) -> None:
        generation = bench.ask("one two. three four", stop=(". ",))
        assert "".join(generation) == "You said: one two"
        stats = generation.stats()
        assert stats is not None and stats.finish == "stop"

    def test_refuses_a_prompt_longer_than_the_context(self, bench: Bench) -> None:
        with pytest.raises(Invalid, match="600 tokens"):
            bench.ask("word " * 598 + "end")


class TestQueue:
    def test_shows_everybody_their_place(self, slow: Bench) -> None:
        running = slow.occupy()
        waiting = [slow.ask(f"question {i}") for i in range(3)]
        assert [g.place() for g in (running, *waiting)] == [0, 1, 2, 3]
        assert slow.scheduler.queue_length() == 3
        running.cancel()
        wait_until(lambda: waiting[1].place() == 1)

    def test_expects_longer_waits_further_back(self, slow: Bench) -> None:
        running = slow.occupy()
        waits = [slow.ask(f"question {i}").wait_s() for i in range(3)]
        assert running.wait_s() == 0.0
        assert 0 < waits[0] < waits[1] < waits[2]

    def test_learns_how_long_generations_take(self, bench: Bench) -> None:
        for i in range(30):
            "".join(bench.ask(f"question {i}"))
        bench.model.delay_s = 0.01
        bench.occupy()
        assert bench.ask("next").wait_s() < 1.0

    def test_serves_in_the_order_of_asking(self, slow: Bench) -> None:
        order: list[int] = []

        def read(number: int, generation: RunningGeneration) -> None:
            "".join(generation)
            order.append(number)

        running = slow.occupy()
        readers = [threading.Thread(target=read, args=(i, slow.ask(f"question {i}"))) for i in range(3)]
        for reader in reversed(readers):
            reader.start()
        running.cancel()
        for reader in readers:
            reader.join(5)
        assert order == [0, 1, 2]

    def test_a_full_queue_says_when_to_come_back(self, slow: Bench) -> None:
        slow.occupy()
        for i in range(3):
            slow.ask(f"question {i}")
        with pytest.raises(Overloaded) as refused:
            slow.ask("one too many")
        assert refused.value.retry_after is not None and refused.value.retry_after >= 1.0

    def test_waiting_for_the_start_gives_up_in_time(self, slow: Bench) -> None:
        running = slow.occupy()
        waiting = slow.ask("question")
        assert not waiting.wait_started(0.02)
        running.cancel()
        assert waiting.wait_started(5)


class TestEndingEarly:
    def test_cancelling_frees_the_engine_within_a_step(self, slow: Bench) -> None:
        running = slow.occupy()
        pieces = iter(running)
        next(pieces)
        steps = len(slow.model.steps)
        running.cancel()
        with pytest.raises(Cancelled):
            list(pieces)
        assert len(slow.model.steps) <= steps + 2
        assert "".join(slow.ask("and now?")) == "You said: and now?"

    def test_cancelling_while_the_prompt_is_read(self, slow: Bench) -> None:
        running = slow.occupy()
        running.cancel()
        with pytest.raises(Cancelled):
            list(running)
        stats = running.stats()
        assert stats is not None and (stats.answer_tokens, stats.finish) == (0, "cancelled")

    def test_what_was_read_before_cancelling_is_reused(self, slow: Bench) -> None:
        running = slow.occupy()
        next(iter(running))
        running.cancel()
        again = slow.ask(LONG, max_tokens=2)
        assert "".join(again) == "You said:"
        stats = again.stats()
        assert stats is not None and stats.reused_tokens == 201

    def test_a_waiting_one_leaves_the_queue_at_once(self, slow: Bench) -> None:
        slow.occupy()
        first, second = slow.ask("first"), slow.ask("second")
        first.cancel()
        assert second.place() == 1
        with pytest.raises(Cancelled):
            list(first)

    def test_cancelling_what_is_over_changes_nothing(self, bench: Bench) -> None:
        generation = bench.ask("hello")
        text = "".join(generation)
        generation.cancel()
        assert text and list(generation) == []

    def test_the_deadline_ends_it_with_the_text_so_far(self, slow: Bench) -> None:
        generation = slow.ask("word " * 200, deadline_s=0.5)
        pieces: list[str] = []
        with pytest.raises(EngineUnavailable, match="longer than"):
            pieces.extend(generation)
        stats = generation.stats()
        assert stats is not None and stats.finish == "deadline" and stats.total_s < 2

    def test_waiting_does_not_count_against_the_deadline(self, slow: Bench) -> None:
        running = slow.occupy()
        waiting = slow.ask("question", deadline_s=0.5)
        time.sleep(0.6)
        running.cancel()
        assert "".join(waiting) == "You said: question"

    def test_closing_cancels_those_who_run_and_wait(self, slow: Bench) -> None:
        both = [slow.occupy(), slow.ask("question")]
        assert slow.scheduler.close()
        for generation in both:
            with pytest.raises(Cancelled):
                list(generation)
        assert not slow.scheduler.alive()
        with pytest.raises(EngineUnavailable):
            slow.ask("too late")
