"""Open the engine that the settings name, through the door that plug-ins use. Knows names, no model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

from support_bot import plugins
from support_bot.engine.base import TextEngine
from support_bot.engine.fallback import FallbackEngine
from support_bot.engine.supervised import LocalEngine
from support_bot.settings import EngineSettings


class EnginePlugin(Protocol):
    """A class under an entry point of `support_bot.engines`: it makes a TextEngine of the settings."""

    needs_weights: bool
    """Whether `open` asks for the writer of the catalogue, so that it is fetched before."""

    def open(self, settings: EngineSettings, load: Callable[[], LocalEngine]) -> TextEngine:
        """A class method; `load` brings the writer in use into memory.

        Raises Invalid where the settings do not suffice, WeightsError where weights are missing."""
        ...


def needs_weights(settings: EngineSettings) -> bool:
    """Whether the engine, or the one behind it, runs weights of the catalogue."""
    return any(_plugin(kind).needs_weights for kind in (settings.kind, settings.fallback) if kind)


def open_engine(settings: EngineSettings, load: Callable[[], LocalEngine]) -> TextEngine:
    """The engine of `settings.kind`, with that of `settings.fallback` behind it. Both are loaded now.

    Raises PluginError for a kind that nobody has, and what the engine raises."""
    engine = _plugin(settings.kind).open(settings, load)
    if not settings.fallback:
        return engine
    try:
        return FallbackEngine(engine, _plugin(settings.fallback).open(settings, load))
    except BaseException:
        engine.close()
        raise


def _plugin(kind: str) -> EnginePlugin:
    return cast(EnginePlugin, plugins.load_one(plugins.ENGINES, kind))
