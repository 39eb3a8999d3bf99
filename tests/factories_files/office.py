"""Office files, tables, e-mails and archives made on the spot. Knows no loader."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from email.message import EmailMessage
from typing import Any

from docx import Document
from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches

Rows = Sequence[Sequence[object]]


def docx(make: Callable[[Any], None]) -> bytes:
    """A Word document; `make` gets it empty and fills it."""
    document = Document()
    make(document)
    return _saved(document)


def word_table(document: Any, rows: Rows) -> Any:
    table = document.add_table(len(rows), len(rows[0]))
    for row, values in zip(table.rows, rows, strict=True):
        for cell, value in zip(row.cells, values, strict=True):
            cell.text = str(value)
    return table


def warranty_docx(years: int = 2) -> bytes:
    """An article with a title, headings, steps and a table."""

    def make(document: Any) -> None:
        document.add_heading("Warranty", 0)
        document.add_paragraph(f"Every lamp has a warranty of {years} years from the day of delivery.")
        document.add_heading("Make a claim", 1)
        for step in ("Take a photo of the damage.", "Send it to the repair desk.", "Wait for the label."):
            document.add_paragraph(step, style="List Number")
        document.add_heading("What is covered", 1)
        word_table(document, [["Part", "Covered"], ["Bulb", "one year"], ["Shade", "not covered"]])

    return docx(make)


def xlsx(sheets: Mapping[str, Rows], formats: Mapping[str, str] | None = None, hidden: Sequence[str] = ()) -> bytes:
    """A workbook; `formats` gives number formats by cell (`B2`) of every sheet."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(list(row))
        for place, number_format in (formats or {}).items():
            sheet[place].number_format = number_format
    return _saved(book)


def pptx(*slides: tuple[str, Sequence[str]], make: Callable[[Any], None] | None = None) -> bytes:
    """A presentation of slides with a title and bullets; `make` may add to it."""
    show = Presentation()
    for title, bullets in slides:
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = title
        slide.placeholders[1].text = "\n".join(bullets)
    if make:
        make(show)
    return _saved(show)


def slide_table(slide: Any, rows: Rows) -> None:
    frame = slide.shapes.add_table(len(rows), len(rows[0]), Inches(1), Inches(4), Inches(6), Inches(1))
    for index, row in enumerate(rows):
        for column, value in enumerate(row):
            frame.table.cell(index, column).text = str(value)


def eml(subject: str, text: str = "", html: str = "") -> bytes:
    """An e-mail with a plain or an HTML body, or both."""
    message = EmailMessage()
    message["From"] = "Ana Secret <ana@example.com>"
    message["Subject"] = subject
    if text:
        message.set_content(text)
    if html:
        (message.add_alternative if text else message.set_content)(html, subtype="html")
    return message.as_bytes()


def archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return buffer.getvalue()


def changed(data: bytes, part: str, old: bytes, new: bytes) -> bytes:
    """An office file with other bytes in one of its parts."""
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    assert old in parts[part], parts[part]
    return archive(parts | {part: parts[part].replace(old, new)})


def bomb(megabytes: int, name: str = "bomb.txt") -> bytes:
    """A small ZIP that unpacks to a lot."""
    return archive({name: b"0" * 1_000_000 * megabytes})


def lying(data: bytes, told: int) -> bytes:
    """The ZIP of one file with `told` for the unpacked size of that file."""
    size = zipfile.ZipFile(io.BytesIO(data)).infolist()[0].file_size
    return data.replace(size.to_bytes(4, "little"), told.to_bytes(4, "little"))


def locked(data: bytes) -> bytes:
    """A ZIP whose files are marked as encrypted."""
    out = bytearray(data)
    for sign, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = out.find(sign)
        while start >= 0:
            out[start + place] |= 1
            start = out.find(sign, start + 4)
    return bytes(out)


def _saved(document: Any) -> bytes:
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
