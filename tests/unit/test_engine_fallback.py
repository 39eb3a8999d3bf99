"""A second engine writes while the first one cannot, and nobody waits for the first one twice."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from support_bot.engine.base import TextEngine
from support_bot.engine.fake import FakeEngine
from support_bot.engine.fallback import FallbackEngine
from support_bot.engine.opening import open_engine
from support_bot.errors import Cancelled, EngineUnavailable, Invalid, Overloaded
from support_bot.plugins import PluginError
from support_bot.settings import EngineSettings
from support_bot.testing.engine import ask, figures_of, finished
from tests.factories import DELIVERY, add_article, make_app
from tests.factories import ask as ask_app
from tests.openai_servers import Script, ScriptedServer, is_silent, refuses, says
from tests.remote_engines import no_weights, remote

SPARE = "The second engine says so."


@pytest.fixture
def made() -> Iterator[ExitStack]:
    """Whatever a test makes is closed behind it."""
    with ExitStack() as stack:
        yield stack


class Pair:
    """A scripted server behind the first engine, a scripted second engine, and both as one."""

    def __init__(self, made: ExitStack, *scripts: Script, **settings: float) -> None:
        self.server = ScriptedServer(*scripts)
        made.callback(self.server.close)
        first = remote(self.server.url, retries=0, **settings)
        self.second = FakeEngine(default=SPARE)
        self.engine: TextEngine = FallbackEngine(first, self.second)
        made.callback(self.engine.close)

    def say(self, **limits: object) -> str:
        return "".join(self.engine.start(ask("Hi", **limits)))


def test_the_first_one_writes_while_it_can(made: ExitStack) -> None:
    pair = Pair(made, says("Hello"))
    generation = pair.engine.start(ask("Hi"))
    assert list(generation) == ["Hello"] and figures_of(generation).model == ""
    assert pair.second.prompts == [] and pair.engine.figures().fallbacks == 0


@pytest.mark.parametrize("refusal", [refuses(503), refuses(401), refuses(400), says(finish=None)])
def test_the_second_one_writes_what_the_first_one_cannot(made: ExitStack, caplog, refusal: Script) -> None:
    pair = Pair(made, refusal)
    with caplog.at_level(logging.INFO):
        generation = pair.engine.start(ask("Hi"))
        assert "".join(generation) == SPARE
    stats = figures_of(generation)
    assert stats.model == "fake:fake" and 0 < stats.queue_s <= stats.first_token_s <= stats.total_s
    assert pair.engine.figures().fallbacks == 1 and "fake writes: The model at 127.0.0.1" in caplog.text
    assert list(generation) == []


def test_nobody_waits_for_a_silent_server_twice(made: ExitStack) -> None:
    pair = Pair(made, is_silent, timeout_s=0.3, pause_s=60)
    assert [pair.say() for _ in range(6)] == [SPARE] * 6
    assert len(pair.server.requests) == 1 and pair.engine.figures().fallbacks == 6


def test_the_first_one_writes_again_when_it_can(made: ExitStack) -> None:
    pair = Pair(made, refuses(500), says("Back"))
    assert [pair.say() for _ in range(3)] == [SPARE, "Back", "Back"]


def test_text_that_was_given_out_is_not_written_again(made: ExitStack) -> None:
    pair = Pair(made, says("Half an", finish=None))
    generation = pair.engine.start(ask("Hi"))
    pieces = iter(generation)
    assert next(pieces) == "Half an"
    for again in (pieces, generation):  # who looks a second time does not start anything either
        with pytest.raises(EngineUnavailable):
            list(again)
    assert pair.second.prompts == []


def test_no_time_is_left_after_the_deadline(made: ExitStack) -> None:
    pair = Pair(made, is_silent)
    generation = pair.engine.start(ask("Hi", deadline_s=0.3))
    for _ in range(2):
        with pytest.raises(EngineUnavailable):
            list(generation)
    assert figures_of(generation).finish == "deadline" and pair.second.prompts == []


def test_the_second_one_gets_the_time_that_is_left(made: ExitStack) -> None:
    pair = Pair(made, is_silent, timeout_s=0.5)
    assert pair.say(deadline_s=30.0) == SPARE
    assert 0 < pair.second.requests[0].deadline_s <= 29.5


def test_who_is_cancelled_while_the_first_one_fails_gets_no_text(made: ExitStack) -> None:
    pair = Pair(made, is_silent)
    generation = pair.engine.start(ask("Hi"))
    ended: list[BaseException] = []

    def read() -> None:
        try:
            list(generation)
        except Cancelled as error:
            ended.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    generation.cancel()
    reader.join()
    assert ended and pair.second.prompts == []


def test_a_prompt_that_does_not_fit_and_a_full_queue_are_the_callers(made: ExitStack) -> None:
    pair = Pair(made, says("Hello"))
    with pytest.raises(Invalid):
        pair.say(max_tokens=0)
    full = FallbackEngine(FakeEngine(queue_limit=0), FakeEngine())
    made.callback(full.close)
    with pytest.raises(Overloaded):
        full.start(ask("Hi"))
    assert full.figures().fallbacks == 0


def test_both_can_be_gone(made: ExitStack) -> None:
    pair = Pair(made, refuses(500))
    pair.second.close()
    assert pair.engine.alive()
    with pytest.raises(EngineUnavailable):
        pair.say()


def test_settings_name_both(made: ExitStack) -> None:
    engine = open_engine(EngineSettings(kind="fake", fallback="fake"), no_weights)
    made.callback(engine.close)
    assert finished(engine.start(ask("Hi"))).finish == "end" and isinstance(engine, FallbackEngine)
    with pytest.raises(PluginError, match="'lama'"):
        open_engine(EngineSettings(kind="fake", fallback="lama"), no_weights)


def test_the_trace_and_the_counters_tell_who_wrote(made: ExitStack, tmp_path: Path) -> None:
    pair = Pair(made, refuses(500))
    app = make_app(tmp_path, pair.engine)
    made.callback(app.close)
    add_article(app, "delivery.md", DELIVERY)
    chat = app.chat.start("web")
    ask_app(app, chat.id, "How much does standard delivery cost?")
    assert [trace.model for trace in app.tickets.conversation(chat.id).traces] == ["fake:fake"]
    assert b"support_bot_engine_fallbacks_total 1.0" in app.measures.text()
    assert b"support_bot_engine_fallbacks_total 1.0" in app.measures.text()


def test_what_the_first_one_cannot_do_at_all_the_second_one_does(made: ExitStack) -> None:
    pair = Pair(made, says("Hello"))
    generation = pair.engine.start(replace(ask("Hi"), choices=("yes", "no")))
    assert finished(generation).finish == "end" and len(generation.logprobs()) == 2
    with pytest.raises(Invalid):
        pair.engine.start(ask(""))


def test_what_the_second_one_cannot_do_is_the_first_ones_failure(made: ExitStack) -> None:
    first, server = FakeEngine(default="yes"), ScriptedServer(says("Hello"))
    made.callback(server.close)
    engine = FallbackEngine(first, remote(server.url))
    made.callback(engine.close)
    first.close()
    with pytest.raises(EngineUnavailable):
        engine.start(replace(ask("Hi"), choices=("yes", "no")))


def test_name_and_room_are_those_of_the_model_that_serves_now(made: ExitStack) -> None:
    first = FakeEngine(context_tokens=4096)
    engine = FallbackEngine(first, FakeEngine(context_tokens=3000))
    made.callback(engine.close)
    first.name, first.context_tokens = "swapped", 1024
    assert (engine.name, engine.context_tokens) == ("swapped", 1024)
