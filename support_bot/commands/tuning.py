"""Tuning as a command, and in a process of its own beside a server that has not been tuned yet."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from support_bot.engine.adapter import find_adapter
from support_bot.engine.judging import SHIPPED
from support_bot.engine.opening import needs_weights
from support_bot.engine.plan import USUAL
from support_bot.engine.serving import base_and_settings, writes
from support_bot.engine.tuned import Choice, Choices, Place
from support_bot.engine.tuning import Effort, Report, Tuner
from support_bot.engine.weights import WeightsStore
from support_bot.errors import Conflict, Invalid, SupportBotError, WeightsError
from support_bot.services.sample_company import sample_company
from support_bot.settings import Settings

logger = logging.getLogger(__name__)

_COMMAND = [sys.executable, "-c", "from support_bot.cli import main; main()", "models", "tune"]
_STOPS_WITHIN_S = 10.0


def calibration_text() -> str:
    """What predictions are compared on: the sample company's articles."""
    return "\n\n".join(path.read_text("utf-8") for path in sorted((sample_company() / "articles").glob("*.md")))


def tune(settings: Settings, name: str, effort: Effort, report: Report) -> Choice:
    """Tune a writer and keep what was chosen, for the next start.

    Raises Invalid unless it is a writer, Conflict while another tuning measures here, WeightsError where the file
    cannot be used or nothing can be kept."""
    store = WeightsStore(settings.weights_dir, offline=settings.offline)
    if not writes(store.get(name)):
        raise Invalid(f"{name} does not write; choose one of the writers in the catalogue.")
    entry, engine = base_and_settings(store, name, settings.engine)
    adapter = find_adapter(engine.adapter, entry.sha256)
    try:
        settings.tuning_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.tuning_dir / "tuning.lock", timeout=0):
            choice = Tuner(store, entry, adapter, effort, report, engine.threads).run(calibration_text())
            Choices(settings.tuning_dir).keep(_place(settings, store, name), choice)
            return choice
    except Timeout:
        raise Conflict("Another tuning measures on this machine; two would disturb each other.") from None
    except OSError as error:
        raise WeightsError(f"What was chosen cannot be kept in {settings.tuning_dir}: {error}.") from error


@contextmanager
def in_background(settings: Settings, name: str, tuned: Callable[[], None]) -> Iterator[None]:
    """Tune this writer beside the server, unless it was tuned here before or settings say no; ends with the block.
    Then `tuned` lets it serve so; it may raise SupportBotError.

    In a process of its own, which takes only what nobody else wants of the processor and may crash alone."""
    engine = settings.engine
    wanted = engine.tune == "auto" and not engine.adapters and needs_weights(engine) and _choice(settings, name) is None
    log = settings.tuning_dir / "last.log"
    child = _begin(log, name) if wanted else None
    over = threading.Event()
    if child is not None:
        job = partial(tell_when_over, child, name, log, partial(_unless_usual, settings, name, tuned), over)
        threading.Thread(target=job, name="tuning", daemon=True).start()
    try:
        yield
    finally:
        over.set()
        if child is not None:
            child.terminate()
            try:
                child.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()


def _unless_usual(settings: Settings, name: str, tuned: Callable[[], None]) -> None:
    """Nothing changes where the shipped file in the usual way was the best."""
    if _choice(settings, name) != Choice(SHIPPED, USUAL):
        tuned()


def _begin(log: Path, name: str) -> subprocess.Popen[bytes] | None:
    """The process that tunes, or None where its log cannot be written, as in a read-only image."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            child = subprocess.Popen(
                [*_COMMAND, name],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the server, which then ends this one
            )
    except OSError as error:
        logger.warning("%s runs as shipped, since what tuning chooses could not be kept: %s", name, error)
        return None
    if os.name == "posix":
        psutil.Process(child.pid).nice(19)
    return child


def _choice(settings: Settings, name: str) -> Choice | None:
    """What was chosen here before, without its figures."""
    try:
        store = WeightsStore(settings.weights_dir)
        found = Choices(settings.tuning_dir).find(_place(settings, store, name))
    except SupportBotError:
        return None
    return replace(found, rows=[]) if found else None


def _place(settings: Settings, store: WeightsStore, name: str) -> Place:
    entry, engine = base_and_settings(store, name, settings.engine)
    adapter = find_adapter(engine.adapter, entry.sha256)
    return Place.here(entry.sha256, adapter.sha256 if adapter else None)


def tell_when_over(
    child: subprocess.Popen[bytes], name: str, log: Path, tuned: Callable[[], None], over: threading.Event
) -> None:
    """Let the writer serve as it was tuned, and log how that went; nothing where tuning was ended from outside, `over`
    being set."""
    code = child.wait()
    if over.is_set():
        return
    if code == 0:
        try:
            tuned()
            logger.info("%s is tuned to this machine: %s", name, log)
        except SupportBotError as error:
            logger.warning("%s is tuned, from the next start on (%s): %s", name, error.detail, log)
    else:
        logger.warning("%s could not be tuned and runs as shipped; why: %s", name, log)
