"""Load any writer by its name. Chooses none."""

from __future__ import annotations

from support_bot.engine.fake import FakeEngine
from support_bot.engine.supervised import LocalEngine
from support_bot.engine.tuned import load_engine
from support_bot.engine.weights import WeightsStore
from support_bot.settings import Settings


def load_writer(store: WeightsStore, name: str, settings: Settings) -> LocalEngine:
    """A writer of the catalogue as it was tuned here, or with `kind` `fake` the scripted one, whatever the name.

    Raises NotFound, or WeightsError where it is not pulled or cannot be loaded."""
    if settings.engine.kind == "fake":
        return FakeEngine()
    return load_engine(store, name, settings)
