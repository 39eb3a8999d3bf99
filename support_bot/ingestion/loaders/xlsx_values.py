"""Show a cell's value as its number format does: $4.90, 25%, 2026-03-01. Knows no workbook."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

_LITERAL = re.compile(r'"([^"]*)"|\\(.)|\[\$([^\]-]*)(?:-[^\]]*)?\]|([$€£¥₹₩])')
_CODE = re.compile(r"(\[[^\]$]*\])|_.|\*.")
_DIGITS = re.compile(r"[#0?][#0?,]*(?:\.([#0?]+))?")


def shown(value: Any, number_format: str) -> str:
    """The text of a cell; a value of an unknown kind as Python writes it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return _number(value, number_format or "General")
    if isinstance(value, dt.datetime):
        midnight = (value.hour, value.minute, value.second) == (0, 0, 0)
        return value.date().isoformat() if midnight else value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    return str(value).strip()


def _number(value: float, number_format: str) -> str:
    section = _section(value, number_format)
    digits = _DIGITS.search(_LITERAL.sub(lambda found: "\0" * len(found.group()), section))
    if not digits or section.strip().lower() == "general" or "E+" in section:
        return _plain(value)
    before, after = _words(section[: digits.start()]), _words(section[digits.end() :])
    if "%" in section:
        value *= 100
        after = after or "%"
    decimals = digits.group(1) or ""
    text = f"{abs(value):{',' if ',' in digits.group() else ''}.{len(decimals)}f}"
    optional = len(decimals) - len(decimals.rstrip("#?"))
    for _ in range(optional):  # "#" shows a figure only where there is one
        text = text[:-1] if text.endswith("0") else text
    text = text.rstrip(".")
    sign = "-" if value < 0 and text.strip("0.,") else ""
    return f"{sign}{before}{text}{after}".strip()


def _section(value: float, number_format: str) -> str:
    """The part of the format for this value: positive; negative; zero."""
    sections = re.split(r';(?=(?:[^"]*"[^"]*")*[^"]*$)', number_format)
    zero = value == 0 and len(sections) > 2 and _DIGITS.search(sections[2])
    return _CODE.sub("", sections[2] if zero else sections[0])


def _words(part: str) -> str:
    """Currency signs and quoted words around the figures."""
    text = _LITERAL.sub(lambda found: next(filter(None, found.groups()), ""), part)
    return re.sub(r"[()]", "", text)


def _plain(value: float) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return f"{value:.12g}" if isinstance(value, float) else str(value)
