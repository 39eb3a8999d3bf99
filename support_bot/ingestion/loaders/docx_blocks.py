"""Walk the XML of a Word document and say what each paragraph is. Writes no Markdown but links and bold words."""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from docx.document import Document as WordDocument
from docx.oxml.ns import qn

from support_bot.ingestion.loaders.docx_styles import Styles

_GONE = frozenset(map(qn, ("w:del", "w:moveFrom", "w:pPr", "w:rPr")))
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_BOX = qn("w:txbxContent")
_SIGNS = {qn("w:tab"): " ", qn("w:br"): "\n", qn("w:cr"): "\n", qn("w:noBreakHyphen"): "-"}
_BULLET = "-"


class Kind(enum.Enum):
    TITLE = "title"
    HEADING = "heading"
    ITEM = "item"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph; `level` is a heading's rank from 1 or a list item's depth from 0, `mark` is `-` or `3.`."""

    kind: Kind
    text: str
    plain: str
    level: int = 0
    mark: str = ""
    bold: bool = False


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table as rows of cells; what was merged is repeated, so that every row is true on its own."""

    rows: list[list[str]]


@dataclass(slots=True)
class _Stretch:
    text: str
    bold: bool = False
    link: str = ""


class Reader:
    """Reads one document; counts its numbered lists on the way."""

    def __init__(self, word: WordDocument) -> None:
        self._body: Any = word.element.body
        self._links = {key: rel.target_ref for key, rel in word.part.rels.items() if rel.is_external}
        self._styles = Styles(word)
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)

    def blocks(self) -> Iterator[Paragraph | TableRows]:
        """Paragraphs with text and tables, in order; what was deleted and tables of contents are left out."""
        yield from self._blocks(self._body)

    def _blocks(self, parent: Any) -> Iterator[Paragraph | TableRows]:
        for child in parent:
            if child.tag == qn("w:p"):
                yield from self._paragraph(child)
            elif child.tag == qn("w:tbl"):
                if rows := [row for row in self._rows(child) if any(row)]:
                    yield TableRows(rows)
            elif child.tag == qn("w:sdt"):
                if not child.findall(f".//{qn('w:docPartGallery')}[@{qn('w:val')}='Table of Contents']"):
                    for content in child.findall(qn("w:sdtContent")):
                        yield from self._blocks(content)
            elif child.tag in (qn("w:ins"), qn("w:moveTo"), qn("w:customXml")):
                yield from self._blocks(child)

    def _paragraph(self, element: Any) -> Iterator[Paragraph | TableRows]:
        stretches = [each for each in self._stretches(element) if each.text]
        plain = " ".join("".join(each.text for each in stretches).split())
        if plain and not self._styles.is_contents(element):
            yield self._classified(element, stretches, plain)
        for box in element.iter(_BOX):
            if not any(parent.tag == _FALLBACK for parent in box.iterancestors()):
                yield from self._blocks(box)

    def _classified(self, element: Any, stretches: list[_Stretch], plain: str) -> Paragraph:
        if self._styles.is_title(element):
            return Paragraph(Kind.TITLE, plain, plain)
        if level := self._styles.heading_level(element):
            return Paragraph(Kind.HEADING, plain, plain, level)
        text = _joined(stretches)
        if numbering := self._styles.numbering(element):
            number_id, depth, shape, start = numbering
            mark = _BULLET if shape == "bullet" else f"{self._count(number_id, depth, start)}."
            return Paragraph(Kind.ITEM, text.replace("  \n", " "), plain, depth, mark)
        return Paragraph(Kind.TEXT, text, plain, bold=all(each.bold for each in stretches if each.text.strip()))

    def _count(self, number_id: str, depth: int, start: int) -> int:
        counts = self._counts[number_id]
        for deeper in [level for level in counts if level > depth]:
            del counts[deeper]
        counts[depth] = counts.get(depth, start - 1) + 1
        return counts[depth]

    def _stretches(self, element: Any, link: str = "", bold: bool = False) -> Iterator[_Stretch]:
        """The visible text below an element, without what was deleted or stands in a text box."""
        for child in element:
            tag = child.tag
            if tag in _GONE or tag in (_FALLBACK, _BOX):
                continue
            if tag == qn("w:t"):
                yield _Stretch(child.text or "", bold, link)
            elif tag in _SIGNS:
                yield _Stretch(_SIGNS[tag], bold, link)
            elif tag == qn("w:r"):
                yield from self._stretches(child, link, self._styles.is_bold(child))
            elif tag == qn("w:hyperlink"):
                yield from self._stretches(child, self._links.get(child.get(qn("r:id")), ""), bold)
            elif isinstance(tag, str):
                yield from self._stretches(child, link, bold)

    def _rows(self, element: Any) -> Iterator[list[str]]:
        above: dict[int, str] = {}
        for row in element.iterchildren(qn("w:tr")):
            before = row.find(f"{qn('w:trPr')}/{qn('w:gridBefore')}")
            cells: list[str] = [""] * (_number(before) if before is not None else 0)
            for cell in row.iter(qn("w:tc")):
                if next(cell.iterancestors(qn("w:tr"))) is not row:
                    continue  # of a table inside a cell
                merged = cell.find(f"{qn('w:tcPr')}/{qn('w:vMerge')}")
                goes_on = merged is not None and merged.get(qn("w:val"), "continue") == "continue"
                text = above.get(len(cells), "") if goes_on else self._cell(cell)
                span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
                for _ in range(min(50, _number(span)) if span is not None else 1):
                    above[len(cells)] = text
                    cells.append(text)
            yield cells

    def _cell(self, cell: Any) -> str:
        lines = []
        for block in self._blocks(cell):
            if isinstance(block, TableRows):
                lines += [", ".join(filter(None, row)) for row in block.rows]
            else:
                lines.append(f"{block.mark} {block.text}".strip() if block.mark != _BULLET else block.text)
        return "\n".join(lines)


def _number(element: Any) -> int:
    value = str(element.get(qn("w:val")) or "1")
    return int(value) if value.isdecimal() else 1


def _joined(stretches: list[_Stretch]) -> str:
    """Stretches as Markdown; a break inside a paragraph stays one."""
    merged: list[_Stretch] = []
    for each in stretches:
        blank = not each.text.strip() and not each.link
        if merged and (blank or (merged[-1].bold, merged[-1].link) == (each.bold, each.link)):
            merged[-1].text += each.text
        else:
            merged.append(_Stretch(each.text, each.bold, each.link))
    alone = len({each.bold for each in merged}) == 1
    text = "".join(_dressed(each, plain=alone) for each in merged)
    return "  \n".join(filter(None, (" ".join(line.split()) for line in text.split("\n"))))


def _dressed(stretch: _Stretch, *, plain: bool) -> str:
    """A stretch with its link, and in bold unless its whole paragraph is."""
    inner = stretch.text.strip()
    if not inner:
        return stretch.text
    dressed = inner
    if stretch.link.startswith(("http://", "https://", "mailto:")) and inner != stretch.link.removeprefix("mailto:"):
        dressed = f"[{' '.join(inner.split())}]({stretch.link.replace(' ', '%20')})"
    if stretch.bold and not plain and "\n" not in inner:
        dressed = f"**{dressed}**"
    return stretch.text.replace(inner, dressed, 1)
