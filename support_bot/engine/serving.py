"""What a name of the catalogue stands for when it serves: a writer, or an adapter over the writer it was trained on."""

from __future__ import annotations

from support_bot.engine.catalogue import CatalogueEntry, Kind
from support_bot.engine.weights import WeightsStore
from support_bot.errors import WeightsError
from support_bot.settings import EngineSettings

WRITING = (Kind.WRITER, Kind.ADAPTER)
"""The kinds that answers can be written with."""


def writes(entry: CatalogueEntry) -> bool:
    """Whether answers can be written with it."""
    return entry.kind in WRITING


def base_and_settings(
    store: WeightsStore, name: str, settings: EngineSettings
) -> tuple[CatalogueEntry, EngineSettings]:
    """The writer behind this name, and the settings with the adapter that the name stands for.

    An adapter that a setting names goes before it, and the trace says so. Raises NotFound, or WeightsError where the
    adapter is missing or damaged, or its writer is not in the catalogue."""
    entry = store.get(name)
    if entry.kind is not Kind.ADAPTER:
        return entry, settings
    base = store.find_by_hash(entry.parent or "")
    if base is None:
        raise WeightsError(f"{name} was trained on weights that the catalogue does not know ({entry.parent}).")
    if settings.adapter:
        return base, settings
    return base, settings.model_copy(update={"adapter": str(store.path(name))})
