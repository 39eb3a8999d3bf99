"""What customers get while the model hangs, fails or is loaded again: the article's words, never silence."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import WeightsError
from support_bot.values import AnswerEvent, Citation, Done, HandOff, Text
from tests.factories import DELIVERY, add_article, ask, make_app, wait_for
from tests.supervised import LOOKS, Bench

QUESTION = "How much does standard delivery cost?"


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def app(tmp_path: Path, bench: Bench) -> Iterator[App]:
    app = make_app(tmp_path, bench.engine)
    add_article(app, "delivery.md", DELIVERY)
    yield app
    for engine in bench.models:
        engine.model.go.set()
    app.close()


def is_quoted(events: list[AnswerEvent]) -> bool:
    """The article's own words, with their source, and nothing twice."""
    texts = [event.sentence for event in events if isinstance(event, Text)]
    return (
        any("$4.90" in text for text in texts)
        and len(texts) == len(set(texts))
        and any(isinstance(event, Citation) for event in events)
        and isinstance(events[-1], Done)
    )


def asking(app: App, events: dict[int, list[AnswerEvent]], number: int) -> threading.Thread:
    def run() -> None:
        events[number] = ask(app, app.chat.start("web").id, QUESTION)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


class TestWhileTheModelHangs:
    def test_those_who_wait_are_quoted_the_article_when_the_watchdog_gives_up(self, app: App, bench: Bench) -> None:
        stuck = bench.hang()
        events: dict[int, list[AnswerEvent]] = {}
        asked = [asking(app, events, number) for number in range(4)]
        wait_for(lambda: stuck.scheduler.step() and stuck.queue_length() == 3)
        bench.look(LOOKS + 1)
        for thread in asked:
            thread.join(20)
        assert len(events) == 4 and all(is_quoted(found) for found in events.values())

    def test_the_deadline_quotes_the_article_though_nobody_has_looked(self, tmp_path: Path, bench: Bench) -> None:
        app = make_app(tmp_path, bench.engine, deadline_s=0.2)
        add_article(app, "delivery.md", DELIVERY)
        stuck = bench.hang()
        assert is_quoted(ask(app, app.chat.start("web").id, QUESTION))
        assert stuck.scheduler.step()
        stuck.model.go.set()
        app.close()

    def test_while_no_model_can_be_loaded_the_article_is_quoted_at_once(self, app: App, bench: Bench) -> None:
        bench.broken = WeightsError("The file is gone.")
        bench.kill()
        bench.look()
        conversation = app.chat.start("web").id
        assert is_quoted(ask(app, conversation, QUESTION))
        assert any(isinstance(event, HandOff) for event in ask(app, conversation, "I want to talk to a person"))
        found = app.health.ready()
        assert not found.ok and "loaded again" in found.checks["engine"]
        bench.broken = None
        bench.now += 60
        bench.look()
        assert app.health.ready().ok


class TestAfterAFailedStep:
    def test_the_draft_is_written_again(self, app: App, bench: Bench) -> None:
        bench.models[0].default = "Standard delivery costs $4.90 [1]."
        bench.models[0].model.fail_next = RuntimeError("broken")
        assert is_quoted(ask(app, app.chat.start("web").id, QUESTION))
        assert bench.engine.figures().failed_steps == 1 and bench.kinds == []


class TestCounters:
    def test_name_what_went_wrong_and_never_go_back(self, app: App, bench: Bench) -> None:
        ask(app, app.chat.start("web").id, QUESTION)
        app.measures.text()
        bench.kill()
        bench.look()
        text = app.measures.text().decode()
        assert 'support_bot_engine_incidents_total{kind="died"} 1.0' in text
        assert 'support_bot_engine_incidents_total{kind="failed_step"} 1.0' in text
