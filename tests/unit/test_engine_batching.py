"""Several generations at once: admission, fairness, priority, sharing and the memory's budget, without weights."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.running import RunningGeneration
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.waiting import BACKGROUND_PATIENCE_S, WaitingLine
from support_bot.errors import Cancelled

LONG = "one two three four five six seven eight nine ten " * 20
MANY = "count " * 300
STEP = 16


def echo(prompt: str) -> str:
    return f"You said: {prompt}"


class Gate:
    """A reply that lets the model's steps pass only while it is open."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()

    def __call__(self, prompt: str) -> str:
        assert self.open.wait(10)
        return echo(prompt)


class Bench:
    """A scheduler of several slots over a fake model, with short ways to ask it."""

    def __init__(self, *, slots: int = 4, n_cells: int = 0, delay_s: float = 0.0) -> None:
        self.gate = Gate()
        self.model = FakeModel(self.gate, delay_s=delay_s, context_tokens=700, n_cells=n_cells)
        self.scheduler = Scheduler(self.model, slots=slots, queue_limit=64, step_tokens=STEP)

    def ask(self, text: str, **limits: object) -> RunningGeneration:
        request = GenerationRequest((ChatTurn("user", text),), **{"max_tokens": 400, **limits})  # type: ignore[arg-type]
        return self.scheduler.submit(self.model.prompt(text), request)

    def together(self, *asked: Callable[[], RunningGeneration]) -> list[RunningGeneration]:
        """Ask all of this while the engine stands still in the midst of another answer."""
        first = self.ask("hold the door please")
        next(iter(first))
        self.gate.open.clear()
        generations = [ask() for ask in asked]
        self.gate.open.set()
        return generations

    def is_idle(self) -> bool:
        return not self.scheduler._running and not self.scheduler._slots and self.scheduler.queue_length() == 0


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    assert bench.scheduler.close()


@pytest.fixture
def slow() -> Iterator[Bench]:
    """Its steps take so long that what runs can be looked at before it is over."""
    bench = Bench(delay_s=0.05)
    yield bench
    assert bench.scheduler.close()


def wait_until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not is_so():
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.002)


def tokens_reused(generation: RunningGeneration) -> int:
    stats = generation.stats()
    assert stats is not None
    return stats.reused_tokens


class TestTogether:
    def test_as_many_run_as_there_are_slots(self, slow: Bench) -> None:
        first = slow.ask(LONG)
        next(iter(first))
        slow.gate.open.clear()
        asked = [slow.ask(f"{LONG} and {i}") for i in range(5)]
        slow.gate.open.set()
        for generation in asked[:3]:
            assert generation.wait_started(10)
        assert [generation.place() for generation in asked[3:]] == [1, 2]
        assert ["".join(generation) for generation in asked] == [echo(f"{LONG} and {i}") for i in range(5)]

    def test_a_step_writes_for_all(self, bench: Bench) -> None:
        asked = bench.together(*[lambda i=i: bench.ask(f"{MANY} {i}", max_tokens=200) for i in range(3)])  # type: ignore[misc]
        for generation in asked:
            "".join(generation)
        assert len(bench.model.steps) < 2 * 200

    def test_no_step_is_larger_than_its_budget(self, bench: Bench) -> None:
        asked = bench.together(*[lambda i=i: bench.ask(f"{i} {LONG}") for i in range(6)])  # type: ignore[misc]
        for generation in asked:
            "".join(generation)
        assert max(bench.model.steps) <= STEP

    def test_a_stream_goes_on_while_a_long_prompt_is_read(self, slow: Bench) -> None:
        streaming = slow.ask(MANY)
        pieces = iter(streaming)
        next(pieces)
        slow.gate.open.clear()
        began = len(slow.model.steps)
        reading = slow.ask(LONG)
        slow.gate.open.set()
        first = next(iter(reading))
        steps = len(slow.model.steps) - began
        assert first and steps > len(LONG.split()) // STEP
        streaming.cancel()
        with pytest.raises(Cancelled):
            list(pieces)
        stats = streaming.stats()
        assert stats is not None and stats.answer_tokens >= steps - 2

    def test_cancelling_one_leaves_the_others_alone(self, slow: Bench) -> None:
        one, two, three = slow.together(*[lambda i=i: slow.ask(f"{LONG} {i}") for i in range(3)])  # type: ignore[misc]
        two.cancel()
        assert ["".join(one), "".join(three)] == [echo(f"{LONG} 0"), echo(f"{LONG} 2")]
        with pytest.raises(Cancelled):
            list(two)

    def test_after_a_broken_step_all_that_showed_nothing_run_once_more(self, slow: Bench) -> None:
        asked = slow.together(*[lambda i=i: slow.ask(f"{LONG} {i}") for i in range(2)])  # type: ignore[misc]
        assert all(generation.wait_started(10) for generation in asked)
        slow.model.fail_next = RuntimeError("broken")
        assert ["".join(generation) for generation in asked] == [echo(f"{LONG} {i}") for i in range(2)]
        assert "".join(slow.ask("and now?")) == echo("and now?")
        wait_until(lambda: slow.model.cells == slow.scheduler._cells.in_use)
        assert slow.scheduler.figures().failed_steps == 1


class TestFigures:
    def test_counts_what_is_over_and_shows_what_runs(self, slow: Bench) -> None:
        stats = []
        for generation in slow.together(*[lambda i=i: slow.ask(f"{LONG} {i}") for i in range(3)]):  # type: ignore[misc]
            "".join(generation)
            stats.append(generation.stats())
        wait_until(lambda: slow.scheduler.figures().running == 0)
        figures = slow.scheduler.figures()
        assert figures.answer_tokens >= sum(one.answer_tokens for one in stats if one)
        assert figures.prompt_tokens > figures.reused_tokens >= sum(one.reused_tokens for one in stats if one)
        assert figures.drafted_tokens >= figures.accepted_tokens > 0
        assert (figures.slots, figures.cells) == (4, slow.model.n_cells)
        assert figures.cells_used == slow.model.cells
        slow.ask(MANY)
        wait_until(lambda: slow.scheduler.figures().running == 1)


class TestSharing:
    def test_prompts_that_begin_alike_are_read_once(self, bench: Bench) -> None:
        asked = bench.together(*[lambda i=i: bench.ask(f"{LONG} {i}", max_tokens=2) for i in range(4)])  # type: ignore[misc]
        for generation in asked:
            "".join(generation)
        assert sum(map(tokens_reused, asked)) > 3 * (len(LONG.split()) - STEP)
        assert sum(bench.model.steps) < 2 * len(LONG.split())

    def test_a_second_turn_reads_its_own_words_only(self, bench: Bench) -> None:
        first = "".join(bench.ask(LONG))
        bench.model._reply = lambda prompt: first if prompt == LONG else "Yes."
        second = bench.ask(f"{LONG}{first} Really?")
        assert "".join(second) == "Yes."
        assert tokens_reused(second) >= len(LONG.split())

    def test_what_is_asked_often_survives_a_crowd(self) -> None:
        bench = Bench(slots=2, n_cells=900)
        for i in range(20):
            "".join(bench.ask(f"{LONG} {i}", max_tokens=2))
            "".join(bench.ask(f"{i} {i}" * 80, max_tokens=2))
        last = bench.ask(f"{LONG} again", max_tokens=2)
        "".join(last)
        assert tokens_reused(last) >= len(LONG.split())
        assert bench.model.most_cells <= 900
        assert bench.scheduler.close()


class TestPriority:
    def test_background_work_lets_chats_pass(self, bench: Bench) -> None:
        line, scheduler = WaitingLine(), bench.scheduler
        chat = GenerationRequest((), background=False)
        background = GenerationRequest((), background=True)
        asked = [RunningGeneration(scheduler, [1], request) for request in (background, chat, background, chat)]
        for generation in asked:
            line.add(generation)
        assert [line.place(generation) for generation in asked] == [3, 1, 4, 2]
        late = RunningGeneration(scheduler, [1], chat)
        late.asked_at += BACKGROUND_PATIENCE_S + 1
        line.add(late)
        assert line.place(late) == 5

    def test_background_work_leaves_a_slot_to_chats(self, slow: Bench) -> None:
        asked = slow.together(*[lambda i=i: slow.ask(f"{MANY} {i}", background=True) for i in range(5)])  # type: ignore[misc]
        chat = slow.ask("a short question")
        assert "".join(chat) == echo("a short question")
        assert asked[-1].place() > 0
        for generation in asked:
            generation.cancel()

    def test_background_work_runs_where_there_is_one_slot(self) -> None:
        bench = Bench(slots=1)
        assert "".join(bench.ask("summary", background=True)) == echo("summary")
        assert bench.scheduler.close()


WORDS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=30).map(" ".join)
ASKED = st.tuples(WORDS, st.booleans(), st.sampled_from(["stay", "stay", "cancel at once", "cancel later"]))


@settings(max_examples=60, deadline=None)
@given(asked=st.lists(ASKED, min_size=1, max_size=14), slots=st.integers(1, 4), n_cells=st.integers(40, 200))
def test_everybody_is_served_and_nothing_is_lost(asked: list[tuple[str, bool, str]], slots: int, n_cells: int) -> None:
    model = FakeModel(echo, context_tokens=100, n_cells=n_cells, n_sequences=slots + 6)
    scheduler = Scheduler(model, slots=slots, step_tokens=8)
    generations = []
    for text, background, fate in asked:
        prompt = model.prompt(text)[-min(31, model.context_tokens - 1) :]
        request = GenerationRequest((), max_tokens=40, background=background)
        generations.append(scheduler.submit(prompt, request))
        if fate == "cancel at once":
            generations[-1].cancel()
    for (text, _, fate), generation in zip(asked, generations, strict=True):
        if fate == "cancel later":
            generation.wait_started(10)
            generation.cancel()
        try:
            assert echo(text).startswith("".join(generation))
        except Cancelled:
            assert fate != "stay"
        stats = generation.stats()
        assert stats is not None and (fate != "stay" or stats.finish in ("end", "length"))
    wait_until(lambda: not scheduler._running)
    assert scheduler.close()
    assert not scheduler._slots and scheduler.queue_length() == 0
    assert model.most_cells <= n_cells
    assert model.cells == scheduler._cells.in_use
