"""Load any writer by its name. Chooses none."""

from __future__ import annotations

from support_bot.engine.fake import FakeEngine
from support_bot.engine.llama_engine import LlamaEngine
from support_bot.engine.supervised import LocalEngine
from support_bot.engine.weights import WeightsStore
from support_bot.settings import EngineSettings


def load_writer(store: WeightsStore, name: str, settings: EngineSettings) -> LocalEngine:
    """A writer of the catalogue, or with `kind` `fake` the scripted one, whatever the name. Raises NotFound, or
    WeightsError where it is not pulled or cannot be loaded."""
    if settings.kind == "fake":
        return FakeEngine()
    entry = store.get(name)
    return LlamaEngine.load(store.path(name), name=name, model_hash=entry.sha256, settings=settings)
