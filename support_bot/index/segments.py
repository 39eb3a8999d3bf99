"""Cut a passage into the smallest pieces that can be quoted: sentences, list items, table rows. Knows no question."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sentencex

_HEADING = re.compile(r"^\s{0,3}#{1,6}\s+(?P<text>.+?)\s*#*$")
_ITEM = re.compile(r"^\s*(?:[-*+•]|\d{1,3}[.)])\s+")
_TABLE_RULE = re.compile(r"^\s*\|?(?:\s*:?-{2,}:?\s*\|)+\s*:?-*:?\s*\|?\s*$")
# Bold words that open a paragraph and name what it is about: `**Weight limit.** 110 kg`, `**Opening hours:** 9 to 5`.
_LABEL = re.compile(r"(\*\*|__)(?=\S)(?:[^*_\n]{1,118}[.:?!][\"”’)]?\1|[^*_\n]{1,118}\1\s*[:–—])(?=\s+\S)")
_MARKUP = re.compile(r"[*_`]+|\[(?P<label>[^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Segment:
    """A quotable piece: `text` as it stands in the passage.

    `kind` is sentence, item, row or heading; `heading` is the one it stands under in the passage; `label` are the bold
    words that open its paragraph, shown before the first sentence quoted from it; `intro` is the sentence that leads to
    its list or table, shown above whatever is quoted of that; `block` counts the paragraph, list or table it belongs
    to; `table_head` is the header row and rule of a table's rows, shown above whatever rows are quoted; `place` counts
    the pieces of the passage."""

    text: str
    kind: str
    block: int
    heading: str = ""
    label: str = ""
    intro: str = ""
    table_head: str = ""
    place: int = 0

    @property
    def context(self) -> str:
        """What it is compared with besides its own text: all that introduces it, without markup."""
        columns = self.table_head.partition("\n")[0].replace("|", " ")
        return " ".join(plain(f"{self.heading} {self.label} {self.intro} {columns}").split())

    @property
    def words(self) -> int:
        return len(self.text.split())


def plain(markdown: str) -> str:
    """The text without emphasis and link targets, for comparing and embedding."""
    return _MARKUP.sub(lambda match: match.group("label") or "", markdown).strip()


def is_prose(markdown: str) -> bool:
    """Whether it is sentences only: no steps, no list, no table."""
    return not any(line.lstrip().startswith("|") or _ITEM.match(line) for line in markdown.splitlines())


def segments(passage: str) -> list[Segment]:
    """The passage's pieces in order; joined with the right line breaks they say all that the passage says."""
    found: list[Segment] = []
    heading = intro = ""
    for block, lines in enumerate(_blocks(passage)):
        first = lines[0]
        if match := _HEADING.match(first):
            heading, intro = match.group("text"), ""
            found.append(Segment(first.strip(), "heading", block))
        elif first.lstrip().startswith("|"):
            found.extend(_rows(lines, block, heading, intro))
        elif _ITEM.match(first):
            found.extend(Segment(item, "item", block, heading, intro=intro) for item in _items(lines))
        else:
            text = " ".join(line.strip() for line in lines)
            label = match.group() if (match := _LABEL.match(text)) else ""
            sentences = _sentences(text[len(label) :])
            found.extend(Segment(sentence, "sentence", block, heading, label) for sentence in sentences)
            intro = sentences[-1] if sentences and sentences[-1].endswith(":") else ""
    return [replace(piece, place=place) for place, piece in enumerate(found)]


def _blocks(passage: str) -> list[list[str]]:
    """Lines grouped into headings, paragraphs, lists and tables; blank lines inside a list do not end it."""
    blocks: list[list[str]] = []
    kind = ""
    for line in passage.splitlines():
        if not line.strip():
            kind = kind if kind == "list" else ""
            continue
        new = _line_kind(line, kind)
        if new != kind or new == "heading":
            blocks.append([])
        blocks[-1].append(line)
        kind = new
    return blocks


def _line_kind(line: str, before: str) -> str:
    if _HEADING.match(line):
        return "heading"
    if line.lstrip().startswith("|"):
        return "table"
    if _ITEM.match(line) or (before == "list" and line.startswith((" ", "\t"))):
        return "list"
    return "paragraph"


def _sentences(text: str) -> list[str]:
    """The sentences of a paragraph; one that ends within bold words goes on until they end."""
    found: list[str] = []
    for sentence in sentencex.segment("en", text):
        if found and found[-1].count("**") % 2:
            found[-1] += sentence
        else:
            found.append(sentence)
    return [sentence.strip() for sentence in found if sentence.strip()]


def _items(lines: list[str]) -> list[str]:
    items: list[str] = []
    for line in lines:
        if _ITEM.match(line) or not items:
            items.append(line.rstrip())
        else:
            items[-1] += " " + line.strip()
    return items


def _rows(lines: list[str], block: int, heading: str, intro: str) -> list[Segment]:
    has_rule = len(lines) > 1 and bool(_TABLE_RULE.match(lines[1]))
    head = "\n".join(line.strip() for line in lines[:2]) if has_rule else ""
    return [
        Segment(line.strip(), "row", block, heading, intro=intro, table_head=head)
        for line in (lines[2:] if has_rule else lines)
    ]


def join(pieces: Sequence[Segment]) -> str:
    """Markdown of some pieces in order: a table gets its header back, sentences flow, items keep their lines.

    What is left out between two sentences of a paragraph is marked by an ellipsis.

    A piece whose heading is in the passage is never shown without it: `What is not covered` turns a list around."""
    lines: list[str] = []
    before: Segment | None = None
    for piece in pieces:
        if piece.heading and piece.kind != "heading" and (before is None or before.heading != piece.heading):
            lines.extend(["", f"**{piece.heading}**", ""] if lines else [f"**{piece.heading}**", ""])
            before = None
        same = before is not None and before.block == piece.block
        goes_on = before is not None and before.place + 1 == piece.place
        if before is not None and not same:
            lines.append("")
        if not same and piece.intro and (before is None or before.text != piece.intro):
            lines.extend([piece.intro, ""])
        if piece.kind == "row" and not same and piece.table_head:
            lines.append(piece.table_head)
        if same and piece.kind == "sentence":
            lines[-1] += (" " if goes_on else " … ") + piece.text
        else:
            lines.append(f"{piece.label} {piece.text}" if piece.label else piece.text)
        before = piece
    return "\n".join(lines)
