"""What tuning chose for a file on this processor: kept as JSON, read at each start. Measures nothing."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import platform
import tempfile
from collections.abc import Container
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import llama_cpp

from support_bot.engine.adapter import NONE, find_adapter
from support_bot.engine.judging import SHIPPED
from support_bot.engine.llama import core_count
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.plan import KV_TYPES, USUAL, Plan
from support_bot.engine.serving import base_and_settings
from support_bot.engine.variants import FORMATS, Variants
from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError
from support_bot.settings import Settings

logger = logging.getLogger(__name__)

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Place:
    """For what a choice holds: this processor, this llama.cpp, this file with this adapter."""

    processor: str
    features: str
    cores: int
    llama_cpp: str
    model: str
    adapter: str | None
    version: int = _VERSION

    @classmethod
    def here(cls, model: str, adapter: str | None) -> Place:
        """For the file and the adapter with these SHA-256, on this machine."""
        features = llama_cpp.llama_print_system_info().decode("utf-8", "replace")
        return cls(_processor(), features, core_count(), llama_cpp.__version__, model, adapter)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Choice:
    """The format (`shipped` is the file itself with its adapter over it) and how to run it; `rows` are the figures."""

    format: str
    plan: Plan
    rows: list[dict[str, Any]] = field(default_factory=list)


class Choices:
    """All choices made on this machine, a JSON file for each place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def find(self, place: Place) -> Choice | None:
        """What was chosen here, or None. A file that is damaged is named in the log and counts as none."""
        path = self._path(place)
        try:
            record = json.loads(path.read_text("utf-8"))
            if record["place"] != asdict(place):
                raise ValueError("it is of another machine or file")
            return Choice(_known(record["format"], {SHIPPED, *FORMATS}), _plan(record["plan"]), list(record["rows"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.error("%s cannot be used (%s): the model runs as shipped until it is tuned again", path, error)
            return None

    def keep(self, place: Place, choice: Choice) -> None:
        """Write it down, atomically. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._folder, delete=False) as file:
            try:
                json.dump({"place": asdict(place), **asdict(choice)}, file, indent=2)
                file.close()
                os.replace(file.name, self._path(place))
            except BaseException:
                os.unlink(file.name)
                raise

    def _path(self, place: Place) -> Path:
        return self._folder / f"{place.digest}.json"


def load_engine(store: WeightsStore, name: str, settings: Settings) -> LlamaEngine:
    """The writer of this catalogue name as it was tuned here, or as shipped where it was not, or no longer can be.

    Its hash is then `variant+parent+adapter`. The name of an adapter stands for its writer with the adapter over it.
    Raises NotFound, or WeightsError when the shipped file cannot be used."""
    entry, engine = base_and_settings(store, name, settings.engine)
    path = store.path(entry.name)
    if engine.tune == "off" or engine.adapters:  # which lie over the plain base
        return LlamaEngine.load(path, name=name, model_hash=entry.sha256, settings=engine)
    adapter = find_adapter(engine.adapter, entry.sha256)
    choice = Choices(settings.tuning_dir).find(Place.here(entry.sha256, adapter.sha256 if adapter else None))
    plan = choice.plan if choice else USUAL
    if choice and choice.format != SHIPPED:
        try:
            variant = Variants(store, entry, adapter).make(choice.format)
            whole = f"{variant.sha256}+{variant.parent}+{variant.adapter or NONE}"
            return LlamaEngine.load(
                store.path(variant.name),
                name=name,
                model_hash=whole,
                settings=engine,
                plan=plan,
                merged=adapter is not None,
            )
        except (WeightsError, OSError):
            logger.exception("%s cannot run as %s: the file runs as shipped", name, choice.format)
            plan = USUAL
    return LlamaEngine.load(path, name=name, model_hash=entry.sha256, settings=engine, plan=plan)


def _known(value: Any, allowed: Container[Any]) -> Any:
    if value not in allowed:
        raise ValueError(f"{value!r} is not possible here")
    return value


def _plan(record: dict[str, Any]) -> Plan:
    plan = Plan(**record)
    _known(plan.kv_type, set(KV_TYPES))
    _known(plan.flash_attention, {True, False})
    for threads in (plan.threads, plan.batch_threads):
        _known(threads, range(core_count() + 1))
    _known(plan.step_tokens, range(1, 1025))
    return plan


def _processor() -> str:
    """Its model name, as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
