"""Whoever is passed while its prompt is read waits; its deadline counts only while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from support_bot.engine.base import ChatTurn, GenerationRequest
from support_bot.engine.batching import Batcher
from support_bot.engine.fake_model import FakeModel
from support_bot.engine.running import RunningGeneration
from support_bot.engine.scheduler import Scheduler

STEP = 16


@pytest.fixture
def owner() -> Iterator[Scheduler]:
    scheduler = Scheduler(FakeModel(lambda prompt: prompt))
    yield scheduler
    scheduler.close()


def test_whoever_is_passed_is_given_the_time_back(owner: Scheduler) -> None:
    model = FakeModel(lambda prompt: prompt)
    batcher = Batcher(model, 4, STEP, threading.Condition())

    def ask(words: int) -> RunningGeneration:
        prompt = model.prompt(" ".join(f"{words}-{n}" for n in range(words)))
        generation = RunningGeneration(owner, prompt, GenerationRequest((ChatTurn("user", "x"),)))
        batcher.line.add(generation)
        return generation

    def step(seconds: float) -> int:
        _, batch, busy = batcher.fill()
        model.decode(batch)
        batcher.learn(len(batch), busy, seconds)
        return len(batch)

    long = ask(200)
    assert step(1.0) == STEP
    began, short = long.started_at, ask(STEP - 1)
    assert step(1.0) == STEP and short.place() == 0 and len(batcher.running) == 2
    assert long.started_at == began + 1.0
    assert short.started_at <= time.monotonic()
    del batcher.slots[1], batcher.running[1]
    began = long.started_at
    step(1.0)
    assert long.started_at == began, "it was read on"


def test_a_reader_of_text_waits_as_long_as_the_deadline_was_put_off(owner: Scheduler) -> None:
    request = GenerationRequest((ChatTurn("user", "x"),), deadline_s=0.0)
    generation = RunningGeneration(owner, [1], request)
    generation.begin()
    generation.started_at -= 0.5  # half a second of grace is left
    reading = threading.Thread(target=lambda: heard.extend(generation))
    heard: list[str] = []
    reading.start()
    generation.passed(60.0)
    reading.join(1.0)
    assert reading.is_alive()
    generation.give("Hello", 1)
    generation.end("end")
    reading.join(5)
    assert heard == ["Hello"]
