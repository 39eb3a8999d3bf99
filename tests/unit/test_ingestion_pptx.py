"""Presentations become sections by slide, in the order a reader's eye takes."""

from __future__ import annotations

from typing import Any

import pytest
from pptx.util import Inches

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.pptx import PptxLoader
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.settings import IngestionSettings
from support_bot.values import ParsedDocument
from tests.factories_files.office import changed, pptx, slide_table


def read(data: bytes) -> ParsedDocument:
    return IngestionPipeline({"pptx": PptxLoader}, IngestionSettings()).read("show.pptx", data)


def box(slide: Any, text: str, top: float, left: float = 1) -> Any:
    shape = slide.shapes.add_textbox(Inches(left), Inches(top), Inches(3), Inches(0.5))
    shape.text_frame.text = text
    return shape


def test_slides_are_sections_with_their_bullets() -> None:
    found = read(pptx(("Returns", ["Within 30 days", "Unworn"]), ("Refunds", ["In 5 days", "To the same card"])))
    assert found.title == "Returns"
    assert found.text == "# Returns\n\n- Within 30 days\n- Unworn\n\n## Refunds\n\n- In 5 days\n- To the same card"


def test_tables_keep_their_header() -> None:
    rows = [["Paid with", "Refund takes"], ["Card", "5 days"], ["Gift card", "1 day"]]
    text = read(pptx(("Refunds", []), make=lambda show: slide_table(show.slides[0], rows))).text
    assert "| Paid with | Refund takes |\n| --- | --- |\n| Card | 5 days |\n| Gift card | 1 day |" in text


def test_boxes_come_from_top_to_bottom_and_groups_are_opened() -> None:
    def make(show: Any) -> None:
        slide = show.slides[0]
        box(slide, "Third.", 6)
        group = slide.shapes.add_group_shape([box(slide, "Second.", 5)])
        assert group.shapes[0].text_frame.text == "Second."
        box(slide, "First.", 4)

    assert read(pptx(("Order", []), make=make)).text == "# Order\n\nFirst.\n\nSecond.\n\nThird."


def test_hidden_slides_and_speakers_notes_are_not_for_readers() -> None:
    def make(show: Any) -> None:
        show.slides[0].notes_slide.notes_text_frame.text = "Our margin is 40 %."
        show.slides[1]._element.set("show", "0")

    text = read(pptx(("Open", ["Public words."]), ("Closed", ["Secret words."]), make=make)).text
    assert text == "# Open\n\nPublic words."


def test_a_slide_that_goes_on_needs_no_second_heading() -> None:
    assert read(pptx(("Returns", ["One."]), ("Returns", ["Two."]))).text == "# Returns\n\nOne.\n\nTwo."


def test_levels_of_bullets_are_kept() -> None:
    def make(show: Any) -> None:
        show.slides[0].placeholders[1].text_frame.paragraphs[1].level = 1

    assert read(pptx(("A", ["outer", "inner"]), make=make)).text == "# A\n\n- outer\n    - inner"


def test_a_presentation_of_pictures_says_what_to_do() -> None:
    with pytest.raises(UnreadableDocument, match=r"holds no text.*OCR"):
        read(pptx(("", [])))


def test_a_template_says_what_to_do() -> None:
    kind, other = b"presentationml.presentation.main+xml", b"presentationml.template.main+xml"
    with pytest.raises(UnreadableDocument, match="template"):
        read(changed(pptx(("A", ["b"])), "[Content_Types].xml", kind, other))
