"""Which trained adapter is laid over a model: the one that comes with the package, an admin's file, or none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support_bot.engine.catalogue import SHIPPED_ADAPTERS, CatalogueEntry
from support_bot.engine.digest import file_sha256
from support_bot.errors import WeightsError

NONE = "none"
_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA file in llama.cpp's format, and its SHA-256."""

    path: Path
    sha256: str


def find_adapter(
    choice: str, model_hash: str, *, shipped: tuple[CatalogueEntry, ...] = SHIPPED_ADAPTERS, folder: Path = _FOLDER
) -> Adapter | None:
    """The adapter for the model with this SHA-256: `choice` is a path, `none`, or empty for the shipped one that fits.

    Raises WeightsError where the file is missing, or the shipped one damaged."""
    if choice == NONE:
        return None
    if choice:
        path = Path(choice).expanduser()
        if not path.is_file():
            raise WeightsError(f"SUPPORT_BOT_ENGINE__ADAPTER: {path} is no file; empty takes the shipped adapter.")
        return Adapter(path, file_sha256(path))
    entry = next((entry for entry in shipped if entry.parent == model_hash), None)
    if entry is None:
        return None
    path = folder / entry.file
    if not path.is_file() or (found := file_sha256(path)) != entry.sha256:
        raise WeightsError(f"{entry.file} in the package is missing or damaged; install support-bot again.")
    return Adapter(path, found)


def read_adapter(entry: str) -> tuple[str, Adapter]:
    """One entry of the setting: `name=path`, or `name=path@sha256` where only that very file will do.

    Raises WeightsError where it is written otherwise, the file is missing, or is another one."""
    setting = "SUPPORT_BOT_ENGINE__ADAPTERS"
    name, _, place = entry.partition("=")
    place, _, wanted = place.partition("@")
    path = Path(place).expanduser()
    if not name or not place:
        raise WeightsError(f"{setting}: {entry!r} is not written as name=path.")
    if not path.is_file():
        raise WeightsError(f"{setting}: {path} is no file.")
    adapter = Adapter(path, file_sha256(path))
    if wanted and wanted != adapter.sha256:
        raise WeightsError(f"{setting}: {path} has SHA-256 {adapter.sha256}, not {wanted}.")
    return name, adapter
