"""Read Excel workbooks: each visible sheet as a section with its table. Shows values as a reader of the sheet would."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from zipfile import BadZipFile

from langchain_core.documents import Document
from lxml.etree import XMLSyntaxError
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.workbook.workbook import Workbook

from support_bot.errors import TooLarge, UnreadableDocument
from support_bot.ingestion.loaders.base import FileLoader, document, named_by_a_program
from support_bot.ingestion.loaders.xlsx_values import shown
from support_bot.ingestion.sniffing import XLSX
from support_bot.ingestion.tables import sheet

logger = logging.getLogger(__name__)

_MOST_CELLS = 2_000_000
BROKEN = "The workbook is damaged and cannot be read. Open it in Excel and save it again."
NO_TEXT = (
    "The workbook shows no values: its visible sheets are empty, or hold formulas that were never calculated. "
    "Open it in Excel and save it again."
)
TOO_MANY = f"The workbook has more than {_MOST_CELLS:,} cells. Upload the sheets that answer questions only."


class XlsxLoader(FileLoader):
    """`.xlsx`: a heading per sheet, tables with their header, numbers as they are formatted; hidden sheets stay out."""

    suffixes = (".xlsx", ".xlsm")
    media_types = (XLSX,)

    def lazy_load(self) -> Iterator[Document]:
        with self.path.open("rb") as file:
            try:
                book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
                sections = [part for part in _sections(book) if part]
                title = " ".join(str(book.properties.title or "").split())
            except (
                InvalidFileException, BadZipFile, XMLSyntaxError, KeyError, ValueError, TypeError, AttributeError,
                IndexError, SyntaxError, OverflowError,
            ) as exc:  # fmt: skip
                logger.info("workbook cannot be read", exc_info=exc)
                raise UnreadableDocument(BROKEN) from exc
        if not sections:
            raise UnreadableDocument(NO_TEXT)
        yield document("\n\n".join(sections), title=None if named_by_a_program(title) else title)


def _sections(book: Workbook) -> Iterator[str]:
    """The sheets as Markdown; the only sheet of a workbook needs no heading."""
    visible = [each for each in book.worksheets if each.sheet_state == "visible"]
    left = _MOST_CELLS
    for each in visible:
        each.reset_dimensions()  # what the file says of its size is often wrong, and may be meant to exhaust us
        rows: list[list[str]] = []
        for row in each.iter_rows():
            left -= max(1, len(row))
            if left < 0:
                raise TooLarge(TOO_MANY)
            rows.append([shown(cell.value, cell.number_format) if cell.value is not None else "" for cell in row])
        if text := sheet(rows):
            yield f"## {each.title}\n\n{text}" if len(visible) > 1 else text
