"""Real weights that take over from real weights: the small writer with its adapter, without it, and damaged."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.answering.smoke import smoke_exam
from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.sources import HubClient
from support_bot.engine.supervised import SupervisedEngine
from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError
from support_bot.settings import EngineSettings, Settings
from tests.factories import wait_for


@pytest.fixture(scope="module")
def store() -> WeightsStore:
    store = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9"))
    store.pull("smollm2-135m")
    return store


def load(path: Path, model_hash: str, adapter: str = "none") -> LlamaEngine:
    chosen = EngineSettings(context_tokens=1024, slots=2, adapter=adapter)
    return LlamaEngine.load(path, name="smollm2-135m", model_hash=model_hash, settings=chosen)


@pytest.fixture
def engine(store: WeightsStore) -> Iterator[SupervisedEngine]:
    engine = SupervisedEngine(lambda: load(store.path("smollm2-135m"), "old"), look_s=0.05)
    yield engine
    engine.close()


def ask(number: int) -> GenerationRequest:
    return GenerationRequest((ChatTurn("user", f"Count from {number} to {number + 20}."),), max_tokens=40)


def test_another_takes_over_while_answers_are_written(engine: SupervisedEngine, store: WeightsStore) -> None:
    old = engine._now.engine
    writing = [engine.start(ask(number)) for number in range(3)]
    assert writing[0].wait_started(10)
    entry = store.get("smollm2-135m")
    engine.swap(lambda: load(store.path(entry.name), entry.sha256, adapter=""), smoke_exam)
    assert engine.model_hash.startswith(f"{entry.sha256}+")
    assert all("".join(generation) for generation in (*writing, engine.start(ask(7))))
    wait_for(old.scheduler.ended)
    wait_for(lambda: len(engine._all()) == 1)
    assert engine.incidents() == () and engine.alive()


def test_damaged_weights_never_serve(engine: SupervisedEngine, store: WeightsStore, tmp_path: Path) -> None:
    whole = store.path("smollm2-135m").read_bytes()
    noise = random.Random(0)
    spoiled = bytearray(whole)
    for _ in range(2000):
        spoiled[noise.randrange(20_000_000, len(whole))] ^= 255
    answers: list[str] = []
    done = threading.Event()

    def chat() -> None:
        while not done.is_set():
            answers.append("".join(engine.start(ask(3))))

    reader = threading.Thread(target=chat)
    reader.start()
    for name, data, complaint in (
        ("half.gguf", whole[: len(whole) // 2], "cannot load"),
        ("text.gguf", b"This is no model.", "cannot load"),
        ("spoiled.gguf", bytes(spoiled), "come to an end|nothing|first questions"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(WeightsError, match=complaint):
            engine.swap(lambda name=name: load(tmp_path / name, "new"), smoke_exam)  # type: ignore[misc]
        assert engine.model_hash == "old"
    wait_for(lambda: answers, 60)
    done.set()
    reader.join(60)
    assert all(answers)
    wait_for(lambda: len(engine._all()) == 1)
