"""Small files made on the spot, so that a test shows what is in them. Knows no loader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO

from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    FloatObject,
    NameObject,
)


@dataclass(frozen=True)
class Ink:
    """A line of print: text, distance from the left and the bottom edge in points, font size, font."""

    text: str
    x: float
    y: float
    size: float = 10
    font: str = "Helvetica"


def column(*lines: str, top: float = 700, x: float = 72, size: float = 10, leading: float = 12) -> list[Ink]:
    """Lines below each other, as a paragraph is printed."""
    return [Ink(line, x, top - leading * index, size) for index, line in enumerate(lines)]


def pdf(*pages: Sequence[Ink], title: str | None = None, password: str | None = None) -> bytes:
    """A PDF of A4 pages with the given lines; a password protects it."""
    writer = PdfWriter()
    for lines in pages:
        page = writer.add_blank_page(595, 842)
        names = sorted({line.font for line in lines})
        fonts = {NameObject(f"/F{i}"): _font(name) for i, name in enumerate(names)}
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): DictionaryObject(fonts)})
        stream = DecodedStreamObject()
        stream.set_data("\n".join(_draw(line, names.index(line.font)) for line in lines).encode("cp1252"))
        page[NameObject("/Contents")] = writer._add_object(stream)
        page[NameObject("/MediaBox")] = ArrayObject(map(FloatObject, (0, 0, 595, 842)))
    if title:
        writer.add_metadata({"/Title": title})
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    buffer = BytesIO()
    writer.write(buffer)
    return buffer.getvalue()


def _font(name: str) -> DictionaryObject:
    return DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject(f"/{name}"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )


def _draw(line: Ink, font: int) -> str:
    text = line.text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /F{font} {line.size} Tf 1 0 0 1 {line.x} {line.y} Tm ({text}) Tj ET"
