"""Adapters per request: which one is meant, kept apart in steps and memory, and turns in which nobody starves."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support_bot.engine.adapter import Adapter, read_adapter
from support_bot.engine.adapters import DEFAULT, LoadedAdapters
from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.fake import FakeEngine
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.prefix_cache import PrefixCache
from support_bot.engine.running import RunningGeneration
from support_bot.engine.scheduler import Scheduler
from support_bot.engine.step_model import PLAIN, AdapterUse, BatchToken
from support_bot.engine.terms import Terms
from support_bot.engine.turns import AdapterTurns
from support_bot.errors import Conflict, Invalid, WeightsError

KIND, TERSE = AdapterUse("kind", 1.0), AdapterUse("terse", 1.0)
USES = [PLAIN, KIND, TERSE, AdapterUse("kind", 0.5)]


def echo(prompt: str) -> str:
    return f"You said: {prompt}"


def some_file(name: str = "some.gguf", sha256: str = "0" * 64) -> Adapter:
    return Adapter(Path(name), sha256)


class TestNames:
    @pytest.fixture
    def loaded(self) -> LoadedAdapters:
        loaded = LoadedAdapters()
        loaded.add("kind", some_file())
        return loaded

    def test_no_name_means_the_default_or_the_base(self, loaded: LoadedAdapters) -> None:
        assert loaded.find("", 1.0) == PLAIN
        loaded.add(DEFAULT, some_file())
        assert loaded.find("", 1.0) == AdapterUse(DEFAULT, 1.0)
        assert loaded.find("none", 1.0) == loaded.find("none", 0.5) == PLAIN

    def test_nothing_of_an_adapter_is_the_base(self, loaded: LoadedAdapters) -> None:
        assert loaded.find("kind", 0.0) == PLAIN
        assert loaded.find("kind", 1) == KIND != loaded.find("kind", 0.5)

    @pytest.mark.parametrize("name", ["nobody", "Kind", " kind", "kind\n", "k" * 10_000, "none "])
    def test_an_unknown_name_is_refused_with_the_known_ones(self, loaded: LoadedAdapters, name: str) -> None:
        with pytest.raises(Invalid, match="there are: kind"):
            loaded.find(name, 1.0)

    @pytest.mark.parametrize("scale", [-0.1, 4.1, math.inf, -math.inf, math.nan])
    def test_a_scale_that_breaks_the_arithmetic_is_refused(self, loaded: LoadedAdapters, scale: float) -> None:
        with pytest.raises(Invalid, match="from 0 to 4"):
            loaded.find("kind", scale)

    def test_a_name_keeps_its_file(self, loaded: LoadedAdapters) -> None:
        assert not loaded.is_new("kind", some_file("elsewhere.gguf"))
        assert loaded.is_new("other", some_file())
        with pytest.raises(Conflict):
            loaded.is_new("kind", some_file(sha256="1" * 64))

    @pytest.mark.parametrize("name", ["", "none", " kind", "kind "])
    def test_some_names_cannot_be_given(self, loaded: LoadedAdapters, name: str) -> None:
        with pytest.raises(Invalid):
            loaded.is_new(name, some_file())


class TestSetting:
    def test_names_a_file_and_the_hash_it_must_have(self, tmp_path: Path) -> None:
        file = tmp_path / "kind.gguf"
        file.touch()
        sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"  # of nothing
        assert read_adapter(f"kind={file}") == read_adapter(f"kind={file}@{sha256}") == ("kind", Adapter(file, sha256))

    @pytest.mark.parametrize("entry", ["", "kind", "kind=", "={file}", "kind={file}@00", "kind={file}.gone", "kind=."])
    def test_anything_else_is_named(self, tmp_path: Path, entry: str) -> None:
        file = tmp_path / "kind.gguf"
        file.touch()
        with pytest.raises(WeightsError, match="SUPPORT_BOT_ENGINE__ADAPTERS"):
            read_adapter(entry.format(file=file))


class TestTurns:
    def test_one_adapter_never_waits(self) -> None:
        turns = AdapterTurns()
        for _ in range(100):
            assert turns.next({KIND: 0.0}) == KIND
            turns.count(64)

    def test_two_take_turns_of_a_few_tokens(self) -> None:
        turns = AdapterTurns()
        order = []
        for _ in range(64):
            order.append(turns.next({KIND: 1.0, TERSE: 2.0}))
            turns.count(1)
        assert order[0] == KIND and set(order) == {KIND, TERSE}
        assert sum(one != next_one for one, next_one in pairwise(order)) == 7

    def test_knows_which_step_lays_another_over_the_weights(self) -> None:
        turns = AdapterTurns()
        for expected in (KIND, TERSE, KIND):
            assert turns.next({KIND: 1.0, TERSE: 2.0}) == expected
            assert turns.changed
            turns.count(64)
            assert not turns.changed

    def test_who_comes_back_does_not_pass_whoever_waits(self) -> None:
        turns = AdapterTurns()
        assert turns.next({KIND: 1.0, TERSE: 2.0}) == KIND
        turns.count(64)
        assert turns.next({TERSE: 2.0}) == TERSE
        turns.count(64)
        assert turns.next({KIND: 0.5, TERSE: 2.0}) == KIND

    @settings(max_examples=200, deadline=None)
    @given(
        steps=st.lists(
            st.tuples(st.sets(st.sampled_from(USES), min_size=1), st.integers(1, 64), st.floats(0, 1)), max_size=60
        )
    )
    def test_nobody_waits_for_more_than_one_turn_of_each_other(
        self, steps: list[tuple[set[AdapterUse], int, float]]
    ) -> None:
        turns = AdapterTurns()
        passed: dict[AdapterUse, list[AdapterUse]] = {}
        before = None
        for waiting, tokens, since in steps:
            now = turns.next(dict.fromkeys(waiting, since))
            assert now in waiting
            turns.count(tokens)
            passed = {use: passed.get(use, []) for use in waiting if use != now}
            for others in passed.values():
                if now != before or not others:
                    others.append(now)
                assert len(others) == len(set(others)) < len(USES)
            before = now


class TestTrees:
    def run(self, cache: PrefixCache, model: FakeModel, text: str, use: AdapterUse) -> int:
        prompt = [ord(letter) for letter in text]
        lease = cache.lease(prompt, use)
        cache.lend(lease, 0)
        model.set_adapter(use)
        rest = range(lease.length, len(prompt))
        model.decode([BatchToken(prompt[at], at, 0, False) for at in rest])
        cache.keep(lease, prompt, 0)
        model.remove_sequence(0)
        cache.release(lease)
        return lease.length

    def test_nothing_is_shared_across_adapters(self) -> None:
        model = FakeModel(str, context_tokens=100)
        cache = PrefixCache(model, range(1, 9))
        found = [self.run(cache, model, "abcdef", use) for use in (*USES, *USES)]
        assert found == [0] * len(USES) + [6] * len(USES)
        assert cache.held == model.cells == 6 * len(USES)

    def test_the_least_recently_used_leaves_whichever_tree_it_is_in(self) -> None:
        model = FakeModel(str, context_tokens=100)
        cache = PrefixCache(model, range(1, 3))
        for use in (KIND, PLAIN, KIND, TERSE):
            self.run(cache, model, "abcdef", use)
        assert [self.run(cache, model, "abcdef", use) for use in (KIND, TERSE, PLAIN)] == [6, 6, 0]

    def test_trees_of_scales_that_nobody_uses_any_more_are_forgotten(self) -> None:
        model = FakeModel(str, context_tokens=100)
        cache = PrefixCache(model, range(1, 3))
        for i in range(1, 200):
            self.run(cache, model, "abc", AdapterUse("kind", i / 100))
        assert len(cache._roots) <= 4 and cache.held == model.cells == 6


class Gate:
    """A reply that lets the model's steps pass only while it is open."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.open.set()

    def __call__(self, prompt: str) -> str:
        assert self.open.wait(10)
        return echo(prompt)


class Bench:
    """A scheduler over a fake model that fails a step when adapters get mixed."""

    def __init__(self, slots: int = 4) -> None:
        self.gate = Gate()
        self.model = FakeModel(self.gate, context_tokens=700)
        self.scheduler = Scheduler(self.model, slots=slots, queue_limit=64, step_tokens=16)

    def ask(self, text: str, use: AdapterUse, **limits: object) -> RunningGeneration:
        request = GenerationRequest((ChatTurn("user", text),), **{"max_tokens": 300, **limits})  # type: ignore[arg-type]
        return self.scheduler.submit(self.model.prompt(text), request, Terms(use))

    def together(self, *asked: Callable[[], RunningGeneration]) -> list[RunningGeneration]:
        first = self.ask("hold the door please", PLAIN)
        next(iter(first))
        self.gate.open.clear()
        generations = [ask() for ask in asked]
        self.gate.open.set()
        return generations


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    assert bench.scheduler.close()


class TestTogether:
    def test_each_gets_its_own_answer(self, bench: Bench) -> None:
        text = "one two three " * 20
        asked = bench.together(*[lambda i=i: bench.ask(f"{text} {i}", USES[i % 4]) for i in range(12)])  # type: ignore[misc]
        assert ["".join(generation) for generation in asked] == [echo(f"{text} {i}") for i in range(12)]
        assert set(bench.model.adapters) == set(USES)

    def test_those_of_one_adapter_share_their_steps(self, bench: Bench) -> None:
        asked = bench.together(*[lambda i=i: bench.ask(f"{i} " * 60, KIND) for i in range(3)])  # type: ignore[misc]
        for generation in asked:
            "".join(generation)
        assert bench.model.adapters.count(KIND) < 2 * 60 + 30

    def test_the_next_prompt_finds_what_its_adapter_read(self, bench: Bench) -> None:
        text = "one two three four five six seven eight nine ten"
        reused = []
        for use in (KIND, TERSE, KIND, TERSE):
            generation = bench.ask(text, use)
            assert "".join(generation) == echo(text)
            stats = generation.stats()
            assert stats is not None
            reused.append(stats.reused_tokens)
        assert reused == [0, 0, 10, 10]

    def test_a_long_answer_does_not_keep_another_adapter_waiting(self, bench: Bench) -> None:
        long, short = bench.together(
            lambda: bench.ask("count " * 250, KIND), lambda: bench.ask("a short question", TERSE)
        )
        assert "".join(short) == echo("a short question")
        assert "".join(long) == echo("count " * 250)
        order = bench.model.adapters
        last = len(order) - 1 - order[::-1].index(TERSE)
        assert order[:last].count(KIND) < 100 < order[last:].count(KIND)

    def test_whoever_is_next_waits_for_a_slot_not_for_ever(self) -> None:
        bench = Bench(slots=1)
        asked = bench.together(*[lambda i=i: bench.ask(f"question {i}", USES[i % 4]) for i in range(8)])  # type: ignore[misc]
        assert ["".join(generation) for generation in asked] == [echo(f"question {i}") for i in range(8)]
        assert bench.scheduler.close()


ASKED = st.tuples(
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=30).map(" ".join),
    st.sampled_from(USES),
    st.sampled_from(["stay", "stay", "cancel"]),
)


@settings(max_examples=40, deadline=None)
@given(asked=st.lists(ASKED, min_size=1, max_size=12), slots=st.integers(1, 4), n_cells=st.integers(75, 200))
def test_everybody_is_served_and_nothing_is_mixed(
    asked: list[tuple[str, AdapterUse, str]], slots: int, n_cells: int
) -> None:
    model = FakeModel(echo, context_tokens=75, n_cells=n_cells, n_sequences=slots + 6)
    scheduler = Scheduler(model, slots=slots, step_tokens=8)
    request = GenerationRequest((), max_tokens=40)
    generations = [scheduler.submit(model.prompt(text), request, Terms(use)) for text, use, _ in asked]
    for (_, _, fate), generation in zip(asked, generations, strict=True):
        if fate == "cancel":
            generation.cancel()
    for (text, _, fate), generation in zip(asked, generations, strict=True):
        if fate == "stay":
            assert "".join(generation) == echo(text)
    assert scheduler.close()
    assert model.most_cells <= n_cells
    assert model.cells == scheduler._cells.in_use


def test_the_scripted_engine_refuses_what_the_real_one_would() -> None:
    engine = FakeEngine()
    with pytest.raises(Invalid, match="No adapter"):
        engine.start(GenerationRequest((ChatTurn("user", "Hi"),), adapter="kind"))
    engine.adapters.add("kind", some_file())
    assert "".join(engine.start(GenerationRequest((ChatTurn("user", "Hi"),), adapter="kind"))) == engine.default
    assert set(engine.model.adapters) == {KIND}
    engine.close()
