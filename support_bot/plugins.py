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


def _load_class(group: str, entry: EntryPoint) -> type:
    package = entry.dist.name if entry.dist else "an unknown package"
    who = f"The plug-in '{entry.name}' of {package} ({group}, {entry.value})"
    try:
        plugin = entry.load()
    except Exception as exc:  # strangers' code may fail in any way while it is imported
        logger.exception("plug-in %s of %s does not load", entry.name, package)
        raise PluginError(f"{who} cannot be imported: {exc}. Repair or uninstall {package}.") from exc
    if not isinstance(plugin, type):
        raise PluginError(f"{who} is not a class. Repair or uninstall {package}.")
    return plugin
