"""The model's page: its pieces, and what its buttons do."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.engine.base import EngineFigures
from support_bot.engine.supervised import Incident
from support_bot.services.measures import ModelState
from support_bot.services.speed import Speed
from support_bot.services.views import ModelRow
from support_bot.values import Role
from tests.factories import PASSWORD, make_app
from tests.integration.test_ui_knowledge import Tab
from tests.supervised import Bench
from ui.parts.model import figures_page, model_page

FIGURES = EngineFigures(4, 1, 4096, 1024, 1000, 250, 300, 40, 10, 2)
STATE = ModelState("small", "a" * 64, 2048, "", False, 3, FIGURES, Speed(20, 0.25, 1.5, 31.4), ())
ROW = ModelRow("small", "writer", True, True, True, 98_362_432, "Apache-2.0", 8192, "a" * 64)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.close()


@pytest.fixture
def app(tmp_path: Path, bench: Bench) -> Iterator[App]:
    app = make_app(tmp_path, bench.engine)
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


class TestPieces:
    def test_figures_stand_beside_their_meaning(self) -> None:
        said = words(figures_page(STATE))
        for line in (
            "Waiting 3 drafts", "Writing 1 of 4 at once", "Memory 1,024 of 4,096 tokens", "Speed of the last 20 drafts",
            "half within 0.25 s, 95 of 100 within 1.5 s", "31.4 tokens a second", "250 of 1,000 tokens of prompts were",
            "(25%)", "Written 300 tokens", "10 of 40 guessed tokens were right", "Failed 2 steps",
            "Nothing since the start.",
        ):  # fmt: skip
            assert line in said

    def test_before_the_first_draft_nothing_is_made_up(self) -> None:
        said = words(figures_page(replace(STATE, figures=EngineFigures(4, 0, 0, 0), speed=Speed())))
        assert "No draft has been written since the start." in said and "Nothing yet" in said and "%" not in said

    def test_incidents_are_listed_and_escaped(self) -> None:
        at = dt.datetime.now(dt.UTC)
        incidents = (Incident(at, "stuck", "<b>small</b>: a step took long"), Incident(at, "new_kind", "?"))
        html = figures_page(replace(STATE, incidents=incidents))
        assert "&lt;b&gt;small" in html and "A step hung" in html and "new_kind" in html

    def test_the_state_is_said_in_words(self) -> None:
        assert "small Works" in words(model_page(STATE, [ROW]))
        down = words(model_page(replace(STATE, trouble="The model has stopped."), [ROW]))
        assert "small Down" in down and "The model has stopped." in down
        assert "asked three questions" in words(model_page(replace(STATE, loading=True), [ROW]))

    def test_an_adapter_has_its_own_hash(self) -> None:
        said = words(model_page(replace(STATE, sha256=f"{'a' * 64}+{'b' * 64}"), [ROW]))
        assert f"SHA-256 {'a' * 64} " in said and f"Adapter {'b' * 64} " in said
        assert "Adapter None" in words(model_page(STATE, [ROW]))

    def test_only_what_is_here_and_not_in_use_has_a_button(self) -> None:
        here, away = replace(ROW, name="here", in_use=False), replace(ROW, name="away", in_use=False, present=False)
        html = model_page(STATE, [ROW, here, away])
        assert re.findall(r'data-model="(\w+)"', html) == ["here"]
        assert "support-bot models pull away" in html
        assert "disabled" in model_page(replace(STATE, loading=True), [here])


class TestPage:
    def test_shows_the_model_that_serves_and_what_went_wrong(self, app: App, bench: Bench) -> None:
        tab = Tab(app)
        tab.press("view", view="model")
        assert "fake Works" in words(tab.seen["admin-model"])
        bench.kill()
        bench.look()
        tab.press("view", view="model")
        assert "Its thread ended" in tab.seen["admin-figures"]

    def test_a_choice_that_fails_is_told_and_changes_nothing(self, app: App, tmp_path: Path) -> None:
        (tmp_path / "own.gguf").write_bytes(b"GGUF" + b"0" * 100)
        app.models.import_file(tmp_path / "own.gguf", "own", "MIT")
        tab = Tab(app)
        tab.press("view", view="model")
        for name, told in (("own", "does not answer the first questions"), ("nothing", "nothing")):
            tab.press("model-use", model=name)
            assert told in words(tab.seen["admin-model"])
        tab.press("model-use")
        assert app.models.current().name == "smollm2-135m"


class TestGoingBack:
    def test_the_button_names_the_model_before_and_asks_for_it(self, app: App, tmp_path: Path) -> None:
        tab = Tab(app)
        tab.press("view", view="model")
        assert "Go back to" not in tab.seen["admin-model"]
        for number, name in enumerate(("own", "other")):
            (tmp_path / f"{name}.gguf").write_bytes(b"GGUF" + bytes([number]) * 100)
            app.models.import_file(tmp_path / f"{name}.gguf", name, "MIT")
            app.models.use(name)
        tab.press("view", view="model")
        assert "Go back to own" in words(tab.seen["admin-model"])
        tab.press("model-back")  # it cannot answer the first questions, so the one in use stays
        assert "does not answer the first questions" in words(tab.seen["admin-model"])
        assert app.models.current().name == "other" and app.models.previous() == "own"

    def test_an_adapter_is_called_one(self) -> None:
        student = replace(ROW, name="acme-1", kind="adapter", in_use=False)
        assert "Trained adapter" in words(model_page(STATE, [ROW, student]))
        assert "Trained adapter" not in words(model_page(STATE, [ROW]))
