"""Read PowerPoint presentations: each slide a section. Speaker notes and hidden slides are not for readers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any
from zipfile import BadZipFile

from langchain_core.documents import Document
from lxml.etree import XMLSyntaxError
from pptx import Presentation
from pptx.enum.shapes import PP_PLACEHOLDER
from pptx.exc import PackageNotFoundError, PythonPptxError

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.base import FileLoader, document, named_by_a_program
from support_bot.ingestion.sniffing import PPTX
from support_bot.ingestion.tables import table

logger = logging.getLogger(__name__)

_DEEPEST = 20
_FURNITURE = (PP_PLACEHOLDER.SLIDE_NUMBER, PP_PLACEHOLDER.FOOTER, PP_PLACEHOLDER.DATE, PP_PLACEHOLDER.HEADER)
_BREAKS = str.maketrans({"\v": " ", "\n": " "})
OTHER_KIND = "The file is a PowerPoint template or show. Save it as .pptx and upload that."
BROKEN = "The presentation is damaged and cannot be read. Open it in PowerPoint and save it again."
NO_TEXT = "The presentation holds no text. If its slides are pictures, run text recognition (OCR) on them."


class PptxLoader(FileLoader):
    """`.pptx`: slide titles as headings, text with its bullets, tables; from top to bottom."""

    suffixes = (".pptx", ".pptm")
    media_types = (PPTX,)

    def lazy_load(self) -> Iterator[Document]:
        try:
            show = Presentation(str(self.path))
            slides = [_Slide(slide) for slide in show.slides if slide._element.get("show") not in ("0", "false")]
            named = " ".join((show.core_properties.title or "").split())
        except (PackageNotFoundError, PythonPptxError, BadZipFile, XMLSyntaxError, KeyError, AttributeError) as exc:
            logger.info("presentation cannot be read", exc_info=exc)
            raise UnreadableDocument(BROKEN) from exc
        except ValueError as exc:
            raise UnreadableDocument(OTHER_KIND if "not a PowerPoint file" in str(exc) else BROKEN) from exc
        if not any(slide.title or slide.text for slide in slides):
            raise UnreadableDocument(NO_TEXT)
        title = slides[0].title or (None if named_by_a_program(named) else named)
        yield document("\n\n".join(_sections(slides)), title=title)


class _Slide:
    """A slide's title and the Markdown of everything else on it."""

    def __init__(self, slide: Any) -> None:
        heading = slide.shapes.title
        self.title = " ".join(heading.text_frame.text.split()) if heading is not None else ""
        taken = heading.shape_id if heading is not None else None
        self.text = "\n\n".join(filter(None, _blocks(slide.shapes, taken)))


def _sections(slides: list[_Slide]) -> Iterator[str]:
    """Slides under their titles; one without a title, or that goes on with the one before, adds to it."""
    before = ""
    for number, slide in enumerate(slides):
        heading = f"{'#' if number == 0 else '##'} {slide.title}" if slide.title and slide.title != before else ""
        before = slide.title or before
        if heading or slide.text:
            yield "\n\n".join(filter(None, (heading, slide.text)))


def _blocks(shapes: Iterable[Any], title: int | None, depth: int = 0) -> Iterator[str]:
    """The text of shapes as a reader's eye finds them: from top to bottom, then from left to right."""
    for shape in sorted(shapes, key=lambda each: (each.top or 0, each.left or 0)):
        if shape.shape_id == title and depth == 0:
            continue
        if shape.is_placeholder and shape.placeholder_format.type in _FURNITURE:
            continue
        if hasattr(shape, "shapes") and depth < _DEEPEST:
            yield from _blocks(shape.shapes, title, depth + 1)
        elif getattr(shape, "has_table", False):
            yield table([[cell.text for cell in row.cells] for row in shape.table.rows])
        elif getattr(shape, "has_text_frame", False):
            yield _frame(shape)


def _frame(shape: Any) -> str:
    """Paragraphs of a body are bullets, as the slide shows them; a box of its own is text."""
    paragraphs = [(each.level, each.text.translate(_BREAKS).strip()) for each in shape.text_frame.paragraphs]
    paragraphs = [(level, text) for level, text in paragraphs if text]
    nested = any(level for level, _ in paragraphs)
    if len(paragraphs) > 1 and (nested or _is_body(shape)):
        return "\n".join(f"{'    ' * level}- {text}" for level, text in paragraphs)
    return "\n\n".join(f"\\{text}" if text.startswith("#") else text for _, text in paragraphs)


def _is_body(shape: Any) -> bool:
    kinds = (PP_PLACEHOLDER.BODY, PP_PLACEHOLDER.OBJECT, PP_PLACEHOLDER.VERTICAL_BODY)
    return bool(shape.is_placeholder and shape.placeholder_format.type in kinds)
