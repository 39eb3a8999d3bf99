"""Word documents become Markdown that keeps headings, lists, tables and links in their order."""

from __future__ import annotations

from typing import Any

import pytest
from docx.oxml import OxmlElement
from docx.oxml.ns import qn

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.loaders.docx import DocxLoader
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.settings import IngestionSettings
from support_bot.values import ParsedDocument
from tests.factories_files.office import changed, docx, warranty_docx, word_table

PIPELINE = IngestionPipeline({"docx": DocxLoader}, IngestionSettings(chunk_words=40))


def read(data: bytes) -> ParsedDocument:
    return PIPELINE.read("article.docx", data)


def test_an_article_keeps_its_title_headings_steps_and_table() -> None:
    found = read(warranty_docx())
    assert found.title == "Warranty"
    assert found.text == (
        "# Warranty\n\nEvery lamp has a warranty of 2 years from the day of delivery.\n\n"
        "## Make a claim\n\n"
        "1. Take a photo of the damage.\n2. Send it to the repair desk.\n3. Wait for the label.\n\n"
        "## What is covered\n\n"
        "| Part | Covered |\n| --- | --- |\n| Bulb | one year |\n| Shade | not covered |"
    )


def test_chapters_without_a_title_are_sections_and_the_name_is_the_title() -> None:
    def make(document: Any) -> None:
        for chapter in ("Returns", "Delivery"):
            document.add_heading(chapter, 1)
            document.add_paragraph("Some words.")

    found = read(docx(make))
    assert found.title == "Article"
    assert found.text.startswith("## Returns\n\nSome words.\n\n## Delivery")


def test_bold_lines_are_the_headings_where_nobody_used_styles() -> None:
    def make(document: Any) -> None:
        document.add_paragraph().add_run("How to return").bold = True
        paragraph = document.add_paragraph("Press ")
        paragraph.add_run("Return").bold = True
        paragraph.add_run(" twice.")

    assert read(docx(make)).text == "### How to return\n\nPress **Return** twice."


def test_nested_lists_and_their_numbers() -> None:
    def make(document: Any) -> None:
        for text, style in (
            ("First", "List Number"), ("inside", "List Bullet 2"), ("Second", "List Number"), ("plain", "List Bullet"),
        ):  # fmt: skip
            document.add_paragraph(text, style=style)

    assert read(docx(make)).text == "1. First\n- inside\n2. Second\n- plain"


def test_merged_cells_are_repeated_so_that_each_row_is_true_on_its_own() -> None:
    def make(document: Any) -> None:
        table = word_table(document, [["Country", "Price", "Days"], ["Spain", "$5", "3"], ["", "$9", "1"]])
        table.cell(1, 0).merge(table.cell(2, 0))
        wide = word_table(document, [["Size", "Weight"], ["unknown", ""]])
        wide.cell(1, 0).merge(wide.cell(1, 1))

    text = read(docx(make)).text
    assert "| Spain | $5 | 3 |\n| Spain | $9 | 1 |" in text
    assert "| unknown | unknown |" in text


def test_a_long_table_repeats_its_header_in_every_chunk() -> None:
    rows = [["Country", "Price of delivery"]] + [[f"Country number {n}", f"{n} dollars"] for n in range(40)]
    found = read(docx(lambda document: word_table(document, rows)))
    chunks = PIPELINE.chunks(found)
    assert len(chunks) > 3
    assert all(chunk.text.startswith("| Country | Price of delivery |\n| --- | --- |") for chunk in chunks)


def element(name: str, *children: Any, **values: str) -> Any:
    made = OxmlElement(name)
    for key, value in values.items():
        made.set(qn(f"w:{key}"), value)
    made.extend(children)
    return made


def run(text: str, name: str = "w:t") -> Any:
    inner = element(name)
    inner.text = text
    return element("w:r", inner)


def test_inserted_text_is_there_and_deleted_text_is_not() -> None:
    def make(document: Any) -> None:
        paragraph = document.add_paragraph("Returns take ")
        paragraph._p.append(element("w:del", run("14", "w:delText"), run("14 old")))
        paragraph._p.append(element("w:ins", run("30")))
        paragraph._p.append(element("w:sdt", element("w:sdtContent", run(" days."))))

    assert read(docx(make)).text == "Returns take 30 days."


def test_blocks_in_content_controls_and_text_boxes_are_read_and_contents_lists_are_not() -> None:
    def make(document: Any) -> None:
        body, last = document.element.body, document.element.body[-1]
        gallery = element("w:sdtPr", element("w:docPartObj", element("w:docPartGallery", val="Table of Contents")))
        body.insert(0, element("w:sdt", gallery, element("w:sdtContent", element("w:p", run("Returns ... 3")))))
        last.addprevious(element("w:sdt", element("w:sdtContent", element("w:p", run("Controlled.")))))
        boxed = element("w:txbxContent", element("w:p", run("Note: keep the label.")))
        document.add_paragraph("Before the box.")._p.append(element("w:r", element("w:pict", boxed)))

    text = read(docx(make)).text
    assert set(text.split("\n\n")) == {"Controlled.", "Before the box.", "Note: keep the label."}


def test_links_keep_their_targets() -> None:
    def make(document: Any) -> None:
        paragraph = document.add_paragraph("Fill in ")
        key = document.part.relate_to(
            "https://x.example/form",
            "http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink",
            is_external=True,
        )
        link = element("w:hyperlink", run("the form"))
        link.set(qn("r:id"), key)
        paragraph._p.append(link)

    assert read(docx(make)).text == "Fill in [the form](https://x.example/form)"


def test_a_document_of_pictures_says_what_to_do() -> None:
    with pytest.raises(UnreadableDocument, match=r"holds no text.*OCR"):
        read(docx(lambda document: None))


def test_a_document_with_macros_says_what_to_do() -> None:
    old, new = b"wordprocessingml.document.main+xml", b"ms-word.document.macroEnabled.main"
    with pytest.raises(UnreadableDocument, match="macros"):
        read(changed(warranty_docx(), "[Content_Types].xml", old, new))
