"""Read Word documents: headings, lists, tables and links in their order. Leaves headers, comments and notes out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from zipfile import BadZipFile

from docx import Document as open_document
from docx.document import Document as WordDocument
from docx.opc.exceptions import PackageNotFoundError
from langchain_core.documents import Document
from lxml.etree import XMLSyntaxError

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.base import FileLoader, document, named_by_a_program
from support_bot.ingestion.loaders.docx_blocks import Kind, Paragraph, Reader, TableRows
from support_bot.ingestion.sniffing import DOCX
from support_bot.ingestion.tables import table

logger = logging.getLogger(__name__)

_LABEL_WORDS = 12
OTHER_KIND = "The file is a Word template or a document with macros. Save it as .docx and upload that."
BROKEN = "The Word document is damaged and cannot be read. Open it in Word and save it again."
NO_TEXT = "The Word document holds no text. If it holds pictures of pages, run text recognition (OCR) on them."


class DocxLoader(FileLoader):
    """`.docx`: headings by outline level, numbered and bulleted lists, tables with merged cells repeated."""

    suffixes = (".docx",)
    media_types = (DOCX,)

    def lazy_load(self) -> Iterator[Document]:
        try:
            word = open_document(str(self.path))
            blocks = list(Reader(word).blocks())
        except ValueError as exc:
            raise UnreadableDocument(OTHER_KIND if "not a Word file" in str(exc) else BROKEN) from exc
        except (PackageNotFoundError, BadZipFile, KeyError, AttributeError, XMLSyntaxError, RecursionError) as exc:
            logger.info("Word document cannot be read", exc_info=exc)
            raise UnreadableDocument(BROKEN) from exc
        if not blocks:
            raise UnreadableDocument(NO_TEXT)
        title, text = _compose(blocks)
        yield document(text, title=title or _core_title(word))


def _compose(blocks: list[Paragraph | TableRows]) -> tuple[str | None, str]:
    """The title, where the document shows one, and the Markdown."""
    paragraphs = [block for block in blocks if isinstance(block, Paragraph)]
    if not any(each.kind is Kind.HEADING for each in paragraphs):
        blocks = [_as_heading(block) for block in blocks]
    tops = [each for each in blocks if isinstance(each, Paragraph) and each.kind is Kind.HEADING and each.level == 1]
    title = next((each for each in paragraphs if each.kind is Kind.TITLE), None)
    # Several chapters and no title: none of them is the name of the whole.
    deeper = 0 if title is None and len(tops) == 1 else 1
    text = ""
    before: Kind | None = None
    for block in blocks:
        kind = block.kind if isinstance(block, Paragraph) else None
        gap = "\n" if kind is Kind.ITEM and before is Kind.ITEM else "\n\n"
        text += gap + _markdown(block, deeper)
        before = kind
    named = title.plain if title else tops[0].plain if len(tops) == 1 else None
    return named, text.strip("\n")


def _markdown(block: Paragraph | TableRows, deeper: int) -> str:
    if isinstance(block, TableRows):
        return table(block.rows)
    match block.kind:
        case Kind.TITLE:
            return f"# {block.plain}"
        case Kind.HEADING:
            return f"{'#' * min(6, block.level + deeper)} {block.plain}"
        case Kind.ITEM:
            return f"{'    ' * block.level}{block.mark} {block.text}"
        case _:
            return f"\\{block.text}" if block.text.startswith("#") else block.text


def _as_heading(block: Paragraph | TableRows) -> Paragraph | TableRows:
    """In a document without heading styles, a short bold line of its own is a heading."""
    if not isinstance(block, Paragraph) or block.kind is not Kind.TEXT or not block.bold:
        return block
    short = len(block.plain.split()) <= _LABEL_WORDS and not block.plain.endswith((".", ",", ";"))
    return Paragraph(Kind.HEADING, block.text, block.plain, 2) if short else block


def _core_title(word: WordDocument) -> str | None:
    title = " ".join((word.core_properties.title or "").split())
    return None if not title or named_by_a_program(title) else title
