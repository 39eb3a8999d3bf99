"""Read the lines of a PDF page with their place and font, without running heads. Does not know what they say."""

from __future__ import annotations

import math
import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pypdf import PageObject
from pypdf.errors import PyPdfError

from support_bot.ingestion.lines import LIST_ITEM

# What pypdf raises on damaged files; it checks less than it reads.
DAMAGE = (
    PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, AssertionError, ArithmeticError,
    RecursionError, NotImplementedError, zlib.error,
)  # fmt: skip
_BOLD = re.compile(r"bold|black|heavy|semibold|demi", re.I)
_MONO = re.compile(r"courier|mono|consol|menlo|typewriter", re.I)
_MARKER = re.compile(r"^(?:[•‣▪◦●○■·–*o-]|\d{1,2}[.)]?|[a-z][.)])$")
_PAGE_NUMBER = re.compile(
    r"^\W*(?:page|seite|página|pagina|p\.)?\s*\d{1,4}\s*(?:(?:of|/|von|de|di|sur)\s*\d{1,4})?\W*$", re.I
)
_LEADER = re.compile(r"(?:\. ?){5,}\s*[\divxl]*$")
_EDGE = 3
"""So many lines at the top and at the bottom of a page may be a running head or foot."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of print: position in points from the lower left corner, font size in points, and the page's number."""

    text: str
    x: float
    y: float
    size: float
    bold: bool
    mono: bool = False
    cells: tuple[str, ...] = ()  # where the line is a table row: its columns
    page: int = 0


def read_lines(page: PageObject) -> list[Line]:
    """The page's lines in reading order; bullets and numbers stand before the line they belong to."""
    reader = _LineReader()
    page.extract_text(visitor_text=reader.visit)
    rows = _rows_by_text(_layout(page))
    lines = [line if line.mono else replace(line, cells=rows.get(_squeezed(line.text), ())) for line in reader.finish()]
    return _with_markers(lines)


def _layout(page: PageObject) -> str:
    """The page in fixed-width characters, which shows columns; some fonts that can be read cannot be laid out."""
    try:
        return page.extract_text(extraction_mode="layout")
    except DAMAGE:
        return ""


def _rows_by_text(layout: str) -> dict[str, tuple[str, ...]]:
    """Lines of the fixed-width rendering that have wide gaps, as cells, by their text without spaces."""
    split = [tuple(re.split(r" {3,}", line.strip())) for line in layout.split("\n")]
    return {_squeezed("".join(cells)): cells for cells in split if len(cells) > 1 and not _is_item(cells[0])}


def _is_item(cell: str) -> bool:
    return bool(_MARKER.match(cell) or LIST_ITEM.match(cell))


def _squeezed(text: str) -> str:
    return "".join(text.split())


class _LineReader:
    """Collects what pypdf reports piece by piece."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.pieces: list[Line] = []

    def visit(self, text: str, cm: list[float], tm: list[float], font: dict[str, Any] | None, size: float) -> None:
        x = tm[4] * cm[0] + tm[5] * cm[2] + cm[4]
        y = tm[4] * cm[1] + tm[5] * cm[3] + cm[5]
        scale = math.sqrt(abs((tm[0] * tm[3] - tm[1] * tm[2]) * (cm[0] * cm[3] - cm[1] * cm[2])))
        name = str((font or {}).get("/BaseFont", ""))
        bold, mono = bool(_BOLD.search(name)), bool(_MONO.search(name))
        for index, part in enumerate(text.split("\n")):
            if index:
                self._end_line()
            if part:
                self.pieces.append(Line(part, x, y, round(size * scale, 1), bold, mono))

    def finish(self) -> list[Line]:
        self._end_line()
        return self.lines

    def _end_line(self) -> None:
        text = " ".join("".join(piece.text for piece in self.pieces).split())
        inked = [piece for piece in self.pieces if piece.text.strip()]
        self.pieces = []
        if text:
            size = max(inked, key=lambda piece: len(piece.text)).size
            bold, mono = all(piece.bold for piece in inked), all(piece.mono for piece in inked)
            self.lines.append(Line(text, inked[0].x, inked[0].y, size, bold, mono))


def _with_markers(lines: list[Line]) -> list[Line]:
    """Some programs draw all bullets of a page after its text; each goes back to the line at its height."""
    markers = [line for line in lines if _MARKER.match(line.text)]
    kept = [line for line in lines if not _MARKER.match(line.text)]
    for marker in markers:
        near = 6 * max(marker.size, 8)
        beside = [
            i for i, line in enumerate(kept)
            if abs(line.y - marker.y) < line.size * 0.4 and 0 < line.x - marker.x < near
        ]  # fmt: skip
        if beside:
            first = min(beside, key=lambda i: kept[i].x)
            sign = f"{marker.text}." if marker.text.isdigit() else "•" if not marker.text[0].isalnum() else marker.text
            sign = "•" if marker.text == "o" else sign
            kept[first] = replace(kept[first], text=f"{sign} {kept[first].text}", x=marker.x)
        elif marker.text.strip("•‣▪◦●○■·–*o-"):
            kept.insert(next((i for i, line in enumerate(kept) if line.y < marker.y), len(kept)), marker)
    return kept


def without_furniture(pages: Sequence[Sequence[Line]]) -> list[Line]:
    """All lines of all pages but page numbers and what stands at the edge of most pages."""
    seen = Counter(shape for lines in pages for shape in {_shape(line) for line in _edges(lines)})
    often = max(2, math.ceil(len(pages) * 0.5))
    repeated = {shape for shape, count in seen.items() if count >= often}
    kept: list[Line] = []
    for number, lines in enumerate(pages):
        edges = _edges(lines)
        for line in lines:
            if _LEADER.search(line.text):
                continue  # a table of contents says nothing
            numbers_page = line in (edges[0], edges[-1]) and _PAGE_NUMBER.match(line.text)
            if not numbers_page and not (line in edges and _shape(line) in repeated):
                kept.append(replace(line, page=number))
    return kept


def _edges(lines: Sequence[Line]) -> list[Line]:
    """The uppermost and lowest lines, from top to bottom."""
    by_height = sorted(lines, key=lambda line: -line.y)
    return by_height if len(by_height) <= 2 * _EDGE else [*by_height[:_EDGE], *by_height[-_EDGE:]]


def _shape(line: Line) -> tuple[str, int]:
    """The same on every page, whatever its number: figures do not count, the height does roughly."""
    return re.sub(r"\d+", "#", line.text), round(line.y / 10)
