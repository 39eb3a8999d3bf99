"""Wash text that came out of a file: characters and white space only, never words or figures. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Never seen, but able to hide, reverse or split words: soft hyphen, zero width, bidi controls, tags, fillers …
_UNSEEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\ufff9-\ufffc\U000e0000-\U000e0fff]|[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"
)
# Joiners spell words in Arabic and Indic scripts and hold emoji together; elsewhere they are debris.
_JOINER = re.compile("(?<![\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_BLANK = re.compile("[\t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LIGATURES = {0xFB00: "ff", 0xFB01: "fi", 0xFB02: "fl", 0xFB03: "ffi", 0xFB04: "ffl", 0xFB05: "st", 0xFB06: "st"}
_FENCE = re.compile(r" *(```+|~~~+)")


def clean(text: str) -> str:
    """Markdown in NFC with plain spaces, one blank line between blocks, and nothing unseen in it.

    Idempotent. Code between fences keeps its spaces; a line break made of two trailing spaces stays one."""
    text = _LINE_END.sub("\n", text)
    text = _JOINER.sub("", _UNSEEN.sub("", text)).translate(_LIGATURES)
    text = unicodedata.normalize("NFC", text)
    return "\n".join(_lines(text.split("\n"))).strip("\n")


def clean_line(text: str) -> str:
    """A title or a name: as `clean`, on one line."""
    return " ".join(clean(text).split())


def _lines(lines: list[str]) -> Iterator[str]:
    fence = ""
    blank = False
    for index, line in enumerate(lines):
        mark = _FENCE.match(line)
        if mark and (not fence or line.strip().startswith(fence)):
            fence = "" if fence else mark.group(1)
        elif not fence:
            goes_on = index + 1 < len(lines) and bool(lines[index + 1].strip())
            line = _spaces(line, goes_on)
        line = line if line.endswith("  ") and line.strip() else line.rstrip()
        if line or not blank or fence:
            yield line
        blank = not line


def _spaces(line: str, goes_on: bool) -> str:
    """Single spaces inside the line; its indentation and a wanted line break stay."""
    line = _BLANK.sub(lambda found: "    " if found.group() == "\t" else " ", line)
    body = line.strip(" ")
    if not body:
        return ""
    indent = line[: len(line) - len(line.lstrip(" "))]
    return indent + re.sub(r" {2,}", " ", body) + ("  " if goes_on and line.endswith("  ") else "")
