"""What commands found, as text for a terminal or a pipe. Knows shapes, not what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from support_bot.errors import SupportBotError


def as_text(found: Any, columns: Sequence[str]) -> str:
    """Rows as a table with a heading; a single thing as one line for each field."""
    if not isinstance(found, list):
        width = max(map(len, columns))
        return "\n".join(f"{name:<{width}}  {_cell(found.get(name))}" for name in columns)
    lines = [[name.upper().replace("_", " ") for name in columns]]
    lines += [[_cell(row.get(name)) for name in columns] for row in found]
    widths = [max(len(line[at]) for line in lines) for at in range(len(columns))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)


def answer_text(events: Iterable[Mapping[str, Any]]) -> str:
    """What a customer reads of an answer: its sentences with their sources below. Raises SupportBotError."""
    parts: list[str] = []
    sources: dict[int, str] = {}
    for event in events:
        data = event["data"]
        match event["event"]:
            case "text":
                parts.append(data["sentence"])
            case "citation":
                parts[-1:] = [f"{part} [{data['index']}]" for part in parts[-1:]]
                where = " › ".join(filter(None, (data["title"], data["heading"])))
                sources[data["index"]] = f"[{data['index']}] {where} ({data['url'] or data['name']})"
            case "asked" | "refused" | "handoff":
                parts = ["\n".join([data["text"], *(f"- {option}" for option in data.get("options", ()))])]
            case "retract":
                parts, sources = [], {}
            case "error":
                raise SupportBotError(data["text"])
    between = "\n\n" if any("\n" in part for part in parts) else " "
    return "\n\n".join(filter(None, (between.join(parts), "\n".join(sources.values()))))


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)
