"""Answer what a Word paragraph's style and numbering make of it. Reads no text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docx.document import Document as WordDocument
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml.ns import qn

_HEADING = re.compile(r"heading (\d)", re.I)
_BODY_LEVEL = 9
_OFF = ("0", "false", "off", "none")
_LONGEST_CHAIN = 20


class Styles:
    """The styles and list formats of one document; styles inherit from those they are based on."""

    def __init__(self, word: WordDocument) -> None:
        self._styles: dict[str, Any] = {
            style.get(qn("w:styleId")): style for style in word.styles.element.iterchildren()
        }
        self._default = next((key for key, style in self._styles.items() if _is_default(style)), "")
        self._formats: dict[tuple[str, int], tuple[str, int]] = {}
        for relation in word.part.rels.values():  # not `numbering_part`: it makes one where there is none
            if relation.reltype == RELATIONSHIP_TYPE.NUMBERING and not relation.is_external:
                self._formats = _formats(getattr(relation.target_part, "element", None))

    def is_title(self, paragraph: Any) -> bool:
        return any(_name(style) == "title" for style in self._chain(paragraph))

    def is_contents(self, paragraph: Any) -> bool:
        """A line of a table of contents."""
        return any(re.match(r"toc \d", _name(style)) for style in self._chain(paragraph))

    def heading_level(self, paragraph: Any) -> int:
        """1 to 9, or 0 for what is no heading."""
        for properties in self._properties(paragraph):
            level = properties.find(qn("w:outlineLvl"))
            if level is not None:
                value = int(level.get(qn("w:val"), _BODY_LEVEL))
                return value + 1 if value < _BODY_LEVEL else 0
        named = (_HEADING.match(_name(style)) for style in self._chain(paragraph))
        return next((int(found.group(1)) for found in named if found), 0)

    def numbering(self, paragraph: Any) -> tuple[str, int, str, int] | None:
        """The list a paragraph is an item of: id, depth from 0, shape (`bullet`, `decimal` …), first number."""
        number_id: str | None = None
        depth: int | None = None
        for properties in self._properties(paragraph):
            given = properties.find(qn("w:numPr"))
            if given is None:
                continue
            found, level = given.find(qn("w:numId")), given.find(qn("w:ilvl"))
            number_id = number_id or (found.get(qn("w:val")) if found is not None else None)
            depth = depth if depth is not None or level is None else min(8, int(level.get(qn("w:val"), 0)))
        if number_id in (None, "0"):
            return None
        shape, start = self._formats.get((str(number_id), depth or 0), ("bullet", 1))
        return None if shape == "none" else (str(number_id), depth or 0, shape, start)

    def is_bold(self, run: Any) -> bool:
        mark = run.find(f"{qn('w:rPr')}/{qn('w:b')}")
        return mark is not None and mark.get(qn("w:val"), "1") not in _OFF

    def _chain(self, paragraph: Any) -> Iterator[Any]:
        """The paragraph's style, then the one it is based on, and so on."""
        chosen = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
        key = chosen.get(qn("w:val")) if chosen is not None else self._default
        for _ in range(_LONGEST_CHAIN):
            style = self._styles.get(key)
            if style is None:
                return
            yield style
            based = style.find(qn("w:basedOn"))
            if based is None:
                return
            key = based.get(qn("w:val"))

    def _properties(self, paragraph: Any) -> Iterator[Any]:
        """The paragraph's own properties, then those of its styles."""
        for holder in (paragraph, *self._chain(paragraph)):
            found = holder.find(qn("w:pPr"))
            if found is not None:
                yield found


def _name(style: Any) -> str:
    name = style.find(qn("w:name"))
    return str(name.get(qn("w:val"), "")).lower() if name is not None else ""


def _is_default(style: Any) -> bool:
    return style.get(qn("w:type")) == "paragraph" and style.get(qn("w:default")) in ("1", "true")


def _formats(numbering: Any) -> dict[tuple[str, int], tuple[str, int]]:
    """Shape and first number by list id and depth."""
    if numbering is None:
        return {}
    shapes = {each.get(qn("w:abstractNumId")): each for each in numbering.iterchildren(qn("w:abstractNum"))}
    found: dict[tuple[str, int], tuple[str, int]] = {}
    for number in numbering.iterchildren(qn("w:num")):
        abstract = number.find(qn("w:abstractNumId"))
        shape = shapes.get(abstract.get(qn("w:val"))) if abstract is not None else None
        for level in shape.iterchildren(qn("w:lvl")) if shape is not None else ():
            format_, start = level.find(qn("w:numFmt")), level.find(qn("w:start"))
            kind = format_.get(qn("w:val"), "decimal") if format_ is not None else "decimal"
            first = int(start.get(qn("w:val"), 1)) if start is not None else 1
            found[number.get(qn("w:numId")), int(level.get(qn("w:ilvl"), 0))] = (kind, first)
    return found
