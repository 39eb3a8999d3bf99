"""Tuning as a command, and in a process of its own beside a server that has not been tuned yet."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from support_bot.engine.adapter import find_adapter
from support_bot.engine.catalogue import Kind
from support_bot.engine.opening import needs_weights
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
    entry = store.get(name)
    if entry.kind is not Kind.WRITER:
        raise Invalid(f"{name} does not write; choose one of the writers in the catalogue.")
    adapter = find_adapter(settings.engine.adapter, entry.sha256)
    try:
        settings.tuning_dir.mkdir(parents=True, exist_ok=True)
        with FileLock(settings.tuning_dir / "tuning.lock", timeout=0):
            choice = Tuner(store, entry, adapter, effort, report, settings.engine.threads).run(calibration_text())
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
    wanted = settings.engine.tune == "auto" and needs_weights(settings.engine) and not _is_tuned(settings, name)
    child = _begin(settings.tuning_dir / "last.log", name, tuned) if wanted else None
    try:
        yield
    finally:
        if child is not None:
            child.terminate()
            try:
                child.wait(_STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                child.kill()


def _begin(log: Path, name: str, tuned: Callable[[], None]) -> subprocess.Popen[bytes] | None:
    """The process that tunes, or None where its log cannot be written, as in a read-only image."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as out:
            child = subprocess.Popen([*_COMMAND, name], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
    except OSError as error:
        logger.warning("%s runs as shipped, since what tuning chooses could not be kept: %s", name, error)
        return None
    if os.name == "posix":
        psutil.Process(child.pid).nice(19)
    threading.Thread(target=tell_when_over, args=(child, name, log, tuned), name="tuning", daemon=True).start()
    return child


def _is_tuned(settings: Settings, name: str) -> bool:
    try:
        store = WeightsStore(settings.weights_dir)
        return Choices(settings.tuning_dir).find(_place(settings, store, name)) is not None
    except SupportBotError:
        return False


def _place(settings: Settings, store: WeightsStore, name: str) -> Place:
    entry = store.get(name)
    adapter = find_adapter(settings.engine.adapter, entry.sha256)
    return Place.here(entry.sha256, adapter.sha256 if adapter else None)


def tell_when_over(child: subprocess.Popen[bytes], name: str, log: Path, tuned: Callable[[], None]) -> None:
    """Let the writer serve as it was tuned, and log how that went; nothing where tuning was ended from outside."""
    if child.wait() == 0:
        try:
            tuned()
            logger.info("%s is tuned to this machine: %s", name, log)
        except SupportBotError as error:
            logger.warning("%s is tuned, from the next start on (%s): %s", name, error.detail, log)
    elif child.returncode > 0:
        logger.warning("%s could not be tuned and runs as shipped; why: %s", name, log)
