"""Open PDF files and say why one cannot be read. Does not judge what a line of print means."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from langchain_core.documents import Document
from pypdf import PdfReader
from pypdf.errors import DependencyError

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.base import FileLoader, document, named_by_a_program
from support_bot.ingestion.loaders.pdf_layout import to_markdown
from support_bot.ingestion.loaders.pdf_lines import DAMAGE, read_lines, without_furniture

logger = logging.getLogger(__name__)

_LEAST_LETTERS = 20

PASSWORD = "The PDF is protected by a password. Save a copy without the password and upload that."
CIPHER = "The PDF is encrypted and cannot be opened here. Print it to a new PDF, or save a copy without protection."
SCAN = "The PDF holds only images (a scan). Run text recognition (OCR) on it, or upload the text it was made from."
NOT_A_PDF = "The file is named .pdf but is not a PDF. Open it in the program that made it and export it again."
BROKEN = "The PDF is damaged and cannot be read. Open it and save it again, or export it anew."


class PdfLoader(FileLoader):
    """`.pdf`: headings by font size, paragraphs whole again, running heads and page numbers gone."""

    suffixes = (".pdf",)
    media_types = ("application/pdf",)

    def lazy_load(self) -> Iterator[Document]:
        with self.path.open("rb") as file:
            if b"%PDF" not in file.read(1024):
                raise UnreadableDocument(NOT_A_PDF)
            try:
                reader = _open(PdfReader(file))
                pages = [read_lines(page) for page in reader.pages]
                named = reader.metadata.title if reader.metadata else None
            except DependencyError as exc:
                raise UnreadableDocument(CIPHER) from exc
            except DAMAGE as exc:
                logger.info("PDF cannot be read", exc_info=exc)
                raise UnreadableDocument(BROKEN) from exc
        if sum(char.isalpha() for lines in pages for line in lines for char in line.text) < _LEAST_LETTERS:
            raise UnreadableDocument(SCAN)
        text, heading = to_markdown(without_furniture(pages))
        yield document(text, title=heading or _title(named), pages=str(len(pages)))


def _open(reader: PdfReader) -> PdfReader:
    if reader.is_encrypted and not reader.decrypt(""):  # many are locked against printing only
        raise UnreadableDocument(PASSWORD)
    return reader


def _title(named: str | None) -> str | None:
    title = " ".join((named or "").split())
    return None if not title or named_by_a_program(title) else title
