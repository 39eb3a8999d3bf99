"""Find what others plugged in, by entry-point group. Knows groups and names, not what a plug-in does."""

from __future__ import annotations

import logging
from importlib.metadata import EntryPoint, entry_points

from support_bot.errors import SupportBotError

logger = logging.getLogger(__name__)

LOADERS = "support_bot.loaders"
CONNECTORS = "support_bot.connectors"
ENGINES = "support_bot.engines"
GROUPS = (LOADERS, CONNECTORS, ENGINES)


class PluginError(SupportBotError):
    """A plug-in is installed but cannot be used; the detail names it, its package and the remedy."""

    code = "plugin"


def load(group: str) -> dict[str, type]:
    """Every class registered under an entry-point group, by name, in alphabetical order.

    Raises `PluginError` where a plug-in fails to import, is not a class, or takes a name that is already taken: a
    product that starts without a part somebody installed would fail later, in front of a customer."""
    found: dict[str, type] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        if entry.name in found:
            raise PluginError(f"Two plug-ins are called '{entry.name}' in {group}; uninstall one of their packages.")
        found[entry.name] = _load_class(group, entry)
    return found


def load_one(group: str, name: str) -> type:
    """The class of this name in an entry-point group; the others are not imported.

    Raises `PluginError` where nobody has the name, and as `load` does."""
    entries = list(entry_points(group=group))
    found = [entry for entry in entries if entry.name == name]
    if len(found) > 1:
        raise PluginError(f"Two plug-ins are called '{name}' in {group}; uninstall one of their packages.")
    if not found:
        known = ", ".join(sorted(entry.name for entry in entries))
        raise PluginError(f"No plug-in is called '{name}' in {group}; there are: {known or 'none'}.")
    return _load_class(group, found[0])


def _load_class(group: str, entry: EntryPoint) -> type:
    package = entry.dist.name if entry.dist else "an unknown package"
    who = f"The plug-in '{entry.name}' of {package} ({group}, {entry.value})"
    try:
        plugin = entry.load()
    except Exception as exc:  # strangers' code may fail in any way while it is imported
        if isinstance(exc, ModuleNotFoundError) and entry.extras:
            extras = ",".join(entry.extras)
            raise PluginError(f"{who} needs more packages: pip install '{package}[{extras}]'") from exc
        logger.exception("plug-in %s of %s does not load", entry.name, package)
        raise PluginError(f"{who} cannot be imported: {exc}. Repair or uninstall {package}.") from exc
    if not isinstance(plugin, type):
        raise PluginError(f"{who} is not a class. Repair or uninstall {package}.")
    return plugin


def load_named(path: str) -> object:
    """The object that a setting names as `package.module:name`. Raises `PluginError`."""
    try:
        return EntryPoint(path, path, "").load()
    except (ImportError, AttributeError, ValueError) as exc:
        raise PluginError(f"{path} cannot be imported: {exc}. It is written package.module:name.") from exc
