"""Choosing another model while the product serves: the old one goes on until the new one has shown that it works."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App, weights_store
from support_bot.engine.fake import FakeEngine
from support_bot.engine.fallback import FallbackEngine
from support_bot.errors import Conflict, Invalid, NotFound, WeightsError
from support_bot.services.models import ModelService
from support_bot.services.switch import WriterSwitch
from support_bot.settings import EngineSettings
from support_bot.values import Text
from tests.factories import DELIVERY, add_article, ask, make_app, settings
from tests.supervised import Bench
from tests.unit.test_smoke import GOOD

QUESTION = "How much does standard delivery cost?"


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def app(tmp_path: Path, bench: Bench) -> Iterator[App]:
    app = make_app(tmp_path, bench.engine)
    (tmp_path / "own.gguf").write_bytes(b"GGUF" + b"0" * 100)
    app.models.import_file(tmp_path / "own.gguf", "own", "MIT")
    add_article(app, "delivery.md", DELIVERY)
    yield app
    app.close()


def works() -> FakeEngine:
    return FakeEngine({**GOOD, "delivery": "Standard delivery costs $4.90 [1]."}, default="I do not know.")


def switch_to(app: App, bench: Bench, engine: FakeEngine) -> WriterSwitch:
    return WriterSwitch(app.models, bench.engine, lambda name: engine)


def text_of(app: App) -> str:
    return " ".join(e.sentence for e in ask(app, app.chat.start("web").id, QUESTION) if isinstance(e, Text))


class TestReload:
    def test_the_writer_in_use_is_loaded_anew_and_takes_over(self, app: App, bench: Bench) -> None:
        new = works()
        names: list[str] = []

        def load(name: str) -> FakeEngine:
            names.append(name)
            return new

        WriterSwitch(app.models, bench.engine, load).reload(app.models.current().name)
        assert names == [app.models.current().name]
        assert "$4.90" in text_of(app) and new.requests

    def test_a_second_engine_that_runs_here_is_the_one_that_changes(self, app: App, bench: Bench) -> None:
        new = works()
        WriterSwitch(app.models, FallbackEngine(FakeEngine(), bench.engine), lambda name: new).reload(
            app.models.current().name
        )
        assert bench.engine.name == new.name and "$4.90" in text_of(app)

    def test_one_that_fails_changes_nothing(self, app: App, bench: Bench) -> None:
        with pytest.raises(WeightsError):
            switch_to(app, bench, FakeEngine(default="I do not know.")).reload(app.models.current().name)
        assert text_of(app)

    def test_one_that_is_no_longer_in_use_is_left(self, app: App, bench: Bench) -> None:
        before = bench.engine.name
        app.models.use("own")
        switch_to(app, bench, works()).reload("smollm2-135m")
        assert bench.engine.name == before and app.models.current().name == "own"

    def test_another_that_was_chosen_meanwhile_stays_chosen(self, app: App, bench: Bench) -> None:
        def load(name: str) -> FakeEngine:
            app.models.use("own")
            return works()

        with pytest.raises(Conflict, match="meanwhile"):
            WriterSwitch(app.models, bench.engine, load).reload("smollm2-135m")


class TestUse:
    def test_one_that_works_serves_at_once_and_is_remembered(self, app: App, bench: Bench) -> None:
        new = works()
        assert switch_to(app, bench, new).use("own").in_use
        assert app.models.current().name == "own"
        asked = len(new.requests)
        assert "$4.90" in text_of(app) and len(new.requests) == asked + 1

    def test_one_that_fails_changes_nothing(self, app: App, bench: Bench) -> None:
        with pytest.raises(WeightsError, match="scripted answer"):
            app.switch.use("own")  # the fake's own answer, which stands in no evidence
        assert app.models.current().name == "smollm2-135m"
        assert "$4.90" in text_of(app) and bench.engine.alive()

    def test_chats_are_answered_all_the_while(self, app: App, bench: Bench) -> None:
        said: list[str] = []
        done = threading.Event()

        def chat() -> None:
            while not done.is_set():
                said.append(text_of(app))

        chats = [threading.Thread(target=chat) for _ in range(3)]
        for thread in chats:
            thread.start()
        for _ in range(3):
            switch_to(app, bench, works()).use("own")
            with pytest.raises(WeightsError):
                app.switch.use("own")
            bench.look()
        done.set()
        for thread in chats:
            thread.join(30)
        assert said and all("$4.90" in text for text in said)

    def test_what_is_not_there_or_does_not_write_is_refused(self, app: App) -> None:
        with pytest.raises(NotFound):
            app.switch.use("nothing")
        with pytest.raises(Invalid, match="does not write"):
            app.switch.use("minilm")
        with pytest.raises(Invalid, match="models pull smollm2-135m"):
            app.switch.use("smollm2-135m")

    def test_one_that_a_setting_names_stays(self, app: App, tmp_path: Path) -> None:
        chosen = settings(tmp_path).model_copy(update={"engine": EngineSettings(kind="fake", model="smollm2-135m")})
        models = ModelService(app.models._db, weights_store(chosen), chosen)
        with pytest.raises(Conflict, match="SUPPORT_BOT_ENGINE__MODEL"):
            models.use("own")
