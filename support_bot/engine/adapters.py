"""The adapters an engine has loaded, by name, and which of them a request means. Knows no tensors."""

from __future__ import annotations

from support_bot.engine.adapter import NONE, Adapter
from support_bot.engine.step_model import PLAIN, AdapterUse
from support_bot.errors import Conflict, Invalid

DEFAULT = "default"
_LARGEST_SCALE = 4.0


class LoadedAdapters:
    """Names and files; a name means the same file for as long as the engine lives.

    What was read under an adapter is kept by its name, so a name that changed its file would find what is wrong."""

    def __init__(self, *, merged: bool = False) -> None:
        """`merged` where the default is part of the weights: there is no plain base then."""
        self._merged = merged
        self._files: dict[str, Adapter] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Every name a request may give but `none`."""
        return tuple(self._files)

    def is_new(self, name: str, adapter: Adapter) -> bool:
        """Whether it is to be loaded. False where this file has this name already.

        Raises Conflict where the name has another file, Invalid for a name that cannot be given."""
        self._require_apart()
        if not name or name == NONE or name != name.strip():
            raise Invalid(f"{name!r} is no name for an adapter.")
        known = self._files.get(name)
        if known is not None and known.sha256 != adapter.sha256:
            raise Conflict(f"Another adapter is loaded as {name!r}; give this one another name.")
        return known is None

    def add(self, name: str, adapter: Adapter) -> None:
        """It is loaded now."""
        self._files[name] = adapter

    def find(self, name: str, scale: float) -> AdapterUse:
        """What a request with this name and scale means: empty is the default, or the plain base where there is none.

        Raises Invalid for a name that is not loaded, a scale outside 0 to 4, or the plain base where there is none."""
        if not 0.0 <= scale <= _LARGEST_SCALE:
            raise Invalid(f"adapter_scale must be from 0 to {_LARGEST_SCALE:g}, not {scale}.")
        if name == NONE or scale != 1.0:
            self._require_apart()
        if self._merged and name == DEFAULT:
            return PLAIN
        if name == NONE or scale == 0.0 or (not name and DEFAULT not in self._files):
            return PLAIN
        name = name or DEFAULT
        if name not in self._files:
            loaded = ", ".join(self._files) or "none"
            raise Invalid(f"No adapter is loaded as {name!r}; there are: {loaded}.")
        return AdapterUse(name, float(scale))

    def _require_apart(self) -> None:
        if self._merged:
            raise Invalid("The adapter is part of these weights; with SUPPORT_BOT_ENGINE__TUNE=off it lies over them.")
