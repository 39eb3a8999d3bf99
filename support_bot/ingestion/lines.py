"""Put lines of print back together as paragraphs. Shared by formats that know lines only; knows no fonts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

LIST_ITEM = re.compile(r"^\s*(?:[-*+•‣▪◦●○■–·]|\d{1,3}[.)]|[a-z][.)]|\(\w{1,2}\))\s+\S")
_BULLET = re.compile(r"^(\s*)[•‣▪◦●○■·–]\s+")
_HYPHEN = re.compile(r"([^\W\d_]{2,})[-\u00ad\u2010]$")
_PREFIXES = frozenset(("self", "non", "well", "half", "two", "three"))
_CJK_EDGE = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]$")
_NUMBERED = re.compile(r"^(?:\d{1,2}\.){1,3}\d{1,2}\.?\s+[^\W\d_].*[^.,;:]$")  # not "2. Returns": that may be a list


def join_lines(lines: Iterable[str]) -> str:
    """One paragraph from its lines: a word that was hyphenated at a line's end is whole again."""
    text = ""
    for line in map(str.strip, lines):
        text = _joined(text, line) if text else line
    return text


def _joined(text: str, line: str) -> str:
    hyphen = _HYPHEN.search(text)
    first = line[:1]
    if hyphen and first.islower():
        # "cus-|tomer" is one word; "sign-in-|page" and "self-|service" were written with hyphens.
        compound = "-" in text[: hyphen.end() - 1].rsplit(" ", 1)[-1] or hyphen.group(1).lower() in _PREFIXES
        return text + line if compound else text[:-1] + line
    if hyphen and text.endswith("-") and first.isalnum():
        return text + line
    if _CJK_EDGE.search(text) and first and _CJK_EDGE.search(first):
        return text + line
    return f"{text} {line}"


def as_markdown_item(line: str) -> str:
    """A bullet drawn by a word processor as a Markdown bullet."""
    return _BULLET.sub(r"\1- ", line)


def looks_like_heading(line: str) -> bool:
    """A short line in capitals or with a section number; for text whose fonts are unknown or all the same."""
    words = line.split()
    if not 1 <= len(words) <= 12 or not any(char.isalpha() for char in line):
        return False
    capitals = line.isupper() and sum(char.isalpha() for char in line) > 3 and not line.endswith((".", ","))
    return capitals or bool(_NUMBERED.match(line))


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose first row is the header; all rows have the same number of cells."""
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    lines.insert(1, "|" + " --- |" * len(rows[0]))
    return "\n".join(lines)
