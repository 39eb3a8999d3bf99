"""Tuning the smallest writer for real, in the smallest way; and beside a server, in a process of its own."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from support_bot.cli import app
from support_bot.commands import tuning
from support_bot.engine.catalogue import BUILT_IN, SHIPPED_ADAPTERS
from support_bot.engine.measuring import Load
from support_bot.engine.plan import USUAL
from support_bot.engine.sources import HubClient
from support_bot.engine.tuned import Choice, Choices, Place
from support_bot.engine.tuning import Effort
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Conflict, Invalid, NotFound, WeightsError
from support_bot.settings import Settings

NAME = "smollm2-135m"
TINY = Effort(
    rounds=1, load=Load(short=8, long=24, writes=2), calibration=96, formats=("bf16", "q4_0"), most_other_work=1.0
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    shipped = WeightsStore(Settings().weights_dir, hub=HubClient("http://127.0.0.1:9")).pull(NAME)
    folder = tmp_path_factory.mktemp("cache")
    shutil.copytree(shipped.parent, folder / "weights" / shipped.parent.name)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def settings(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Also for processes that are started."""
    monkeypatch.setenv("SUPPORT_BOT_CACHE_DIR", str(cache))
    monkeypatch.setenv("SUPPORT_BOT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SUPPORT_BOT_ENGINE__TUNE", "auto")
    monkeypatch.setenv("SUPPORT_BOT_OFFLINE", "true")
    return Settings()


def place() -> Place:
    [adapter] = SHIPPED_ADAPTERS
    return Place.here(next(entry.sha256 for entry in BUILT_IN if entry.name == NAME), adapter.sha256)


def tune(settings: Settings, name: str = NAME, effort: Effort = TINY) -> Choice:
    return tuning.tune(settings, name, effort, lambda *_: None)


class TestTuning:
    def test_it_measures_chooses_and_keeps(self, settings: Settings) -> None:
        found = tune(settings)
        assert Choices(settings.tuning_dir).find(place()) == found
        rows = {row["variant"]: row for row in found.rows}
        assert rows["bf16"]["kl"] < 0.02 < rows["q4_0"]["kl"] and rows["q4_0"]["verdict"] == "predicts too differently"
        assert rows[found.format]["verdict"] == "chosen"
        assert all(rows[name]["typical_s"] > 0 and rows[name]["memory_mb"] for name in ("shipped", "bf16", "q4_0"))
        assert any("steps of 128" in name for name in rows) and any("plain attention" in name for name in rows)
        kept = [entry.name for entry in WeightsStore(settings.weights_dir).variants()]
        assert kept == ([] if found.format == "shipped" else [f"{NAME}.bf16.5454b47f"])

    def test_on_a_busy_machine_only_the_format_is_chosen(self, settings: Settings) -> None:
        found = tune(settings, effort=replace(TINY, formats=(), most_other_work=-1.0))
        assert found.plan == USUAL and "other programs took" in found.rows[-1]["verdict"]

    def test_two_at_once_would_disturb_each_other(self, settings: Settings) -> None:
        settings.tuning_dir.mkdir(exist_ok=True)
        with FileLock(settings.tuning_dir / "tuning.lock"), pytest.raises(Conflict, match="Another tuning"):
            tune(settings)

    def test_what_cannot_be_made_leaves_the_file_as_shipped(
        self, settings: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        full = type(shutil.disk_usage("/"))(10**9, 10**9, 1000)
        for entry in (store := WeightsStore(settings.weights_dir)).variants():
            store.drop_variant(entry)
        monkeypatch.setattr("shutil.disk_usage", lambda _: full)
        found = tune(settings)
        assert found.format == "shipped" and "is full" in found.rows[1]["verdict"]

    def test_a_folder_that_cannot_be_made_is_named(self, settings: Settings, cache: Path) -> None:
        shutil.rmtree(cache / "tuning", ignore_errors=True)
        (cache / "tuning").write_text("a file")
        with pytest.raises(WeightsError, match="cannot be kept"):
            tune(settings)
        (cache / "tuning").unlink()

    def test_a_text_that_is_too_short_is_refused(self, settings: Settings) -> None:
        with pytest.raises(Invalid, match="calibration text"):
            tune(settings, effort=Effort(1, Load(), 10**6, ()))

    @pytest.mark.parametrize(
        ("name", "error"), [("minilm", Invalid), ("nothing", NotFound), ("qwen2.5-coder-1.5b", WeightsError)]
    )
    def test_only_a_writer_that_is_here_is_tuned(self, settings: Settings, name: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            tune(settings, name)

    def test_the_command_says_what_is_wrong(self, settings: Settings) -> None:
        root = logging.getLogger()
        handlers, level = list(root.handlers), root.level
        found = CliRunner().invoke(app, ["models", "tune", "nothing", "--quick"])
        root.handlers, root.level = handlers, level  # the command logs to a stream that is closed by now
        assert isinstance(found.exception, NotFound)


def unwanted() -> None:
    raise AssertionError("nothing was tuned to its end")


class TestBesideAServer:
    @pytest.fixture(autouse=True)
    def untuned(self, cache: Path) -> None:
        shutil.rmtree(cache / "tuning", ignore_errors=True)

    @staticmethod
    def children() -> list[psutil.Process]:
        return [child for child in psutil.Process().children() if "tune" in child.cmdline()]

    def test_a_process_of_its_own_tunes_at_the_lowest_priority_and_ends_with_the_server(
        self, settings: Settings
    ) -> None:
        with tuning.in_background(settings, NAME, unwanted):
            [child] = self.children()
            assert child.nice() == 19
        assert not child.is_running()
        assert (settings.tuning_dir / "last.log").exists()

    @pytest.mark.parametrize(
        ("code", "error", "word", "takes_over"),
        [
            ("", None, "is tuned to this machine", True),
            ("", WeightsError("it fails its exam"), "next start on (it fails its exam)", True),
            ("raise SystemExit(1)", None, "could not be tuned", False),
            ("import os; os.kill(os.getpid(), 9)", None, "could not be tuned", False),
        ],
    )
    def test_what_was_tuned_takes_over_and_how_it_went_is_logged(
        self, tmp_path: Path, code: str, error: Exception | None, word: str, takes_over: bool,
        caplog: pytest.LogCaptureFixture,
    ) -> None:  # fmt: skip
        caplog.set_level("INFO")
        asked: list[str] = []

        def tuned() -> None:
            asked.append(NAME)
            if error:
                raise error

        child = subprocess.Popen([sys.executable, "-c", code])
        tuning.tell_when_over(child, NAME, tmp_path / "last.log", tuned, threading.Event())
        assert word in caplog.text and "last.log" in caplog.text
        assert bool(asked) is takes_over

    def test_one_that_the_server_ended_is_not_told_of(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO")
        over = threading.Event()
        over.set()
        child = subprocess.Popen([sys.executable, "-c", "raise SystemExit(1)"])
        tuning.tell_when_over(child, NAME, tmp_path / "last.log", unwanted, over)
        assert not caplog.text

    @pytest.mark.parametrize(("format", "changes"), [("shipped", False), ("bf16", True)])
    def test_what_is_as_before_does_not_take_over(self, settings: Settings, format: str, changes: bool) -> None:
        Choices(settings.tuning_dir).keep(place(), Choice(format, USUAL, [{"format": format}]))
        asked: list[str] = []
        tuning._unless_usual(settings, NAME, lambda: asked.append(NAME))
        assert bool(asked) is changes

    def test_nothing_starts_where_it_was_tuned_before(self, settings: Settings) -> None:
        Choices(settings.tuning_dir).keep(place(), Choice("shipped", USUAL))
        with tuning.in_background(settings, NAME, unwanted):
            assert self.children() == []

    def test_one_that_was_tuned_for_another_processor_is_tuned_again(self, settings: Settings) -> None:
        Choices(settings.tuning_dir).keep(replace(place(), processor="another"), Choice("shipped", USUAL))
        with tuning.in_background(settings, NAME, unwanted):
            assert len(self.children()) == 1

    def test_a_server_serves_where_nothing_can_be_kept(
        self, settings: Settings, cache: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        (cache / "tuning").write_text("a file")
        with tuning.in_background(settings, NAME, unwanted):
            assert self.children() == []
        assert "runs as shipped" in caplog.text
        (cache / "tuning").unlink()

    @pytest.mark.parametrize("change", [{"tune": "off"}, {"kind": "fake"}, {"adapters": ["terse=terse.gguf"]}])
    def test_nothing_starts_where_settings_say_so(self, settings: Settings, change: dict[str, object]) -> None:
        engine = settings.engine.model_copy(update=change)
        with tuning.in_background(settings.model_copy(update={"engine": engine}), NAME, unwanted):
            assert self.children() == []
