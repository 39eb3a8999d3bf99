"""The pipeline picks the right loader by name and content, and refuses with a reason an admin can act on."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

from support_bot.errors import TooLarge, UnreadableDocument
from support_bot.ingestion.loaders.docx import DocxLoader
from support_bot.ingestion.loaders.html import HtmlLoader
from support_bot.ingestion.loaders.markdown import MarkdownLoader
from support_bot.ingestion.loaders.pdf import PdfLoader
from support_bot.ingestion.loaders.pptx import PptxLoader
from support_bot.ingestion.loaders.text import TextLoader
from support_bot.ingestion.loaders.xlsx import XlsxLoader
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.settings import IngestionSettings
from tests.factories_files import column, pdf

LOADERS = {
    "docx": DocxLoader, "html": HtmlLoader, "markdown": MarkdownLoader, "pdf": PdfLoader, "pptx": PptxLoader,
    "text": TextLoader, "xlsx": XlsxLoader,
}  # fmt: skip
PAGE = b"<!doctype html><html><body><h1>Returns</h1><p>Thirty days.</p></body></html>"


@pytest.fixture
def pipeline() -> IngestionPipeline:
    return IngestionPipeline(LOADERS, IngestionSettings(max_file_mb=1))


def test_the_built_in_loaders_come_in_through_the_plug_in_door() -> None:
    assert {".csv", ".docx", ".eml", ".html", ".md", ".pdf", ".pptx", ".txt", ".xlsx"} <= set(
        IngestionPipeline.from_plugins(IngestionSettings()).supported()
    )


def test_a_document_has_title_text_address_and_what_else_it_said(pipeline: IngestionPipeline) -> None:
    data = b"---\ntitle: Returns\nurl: https://x.example/r\ncategory: orders\n---\n\nThirty\xc2\xa0days."
    document = pipeline.read("returns.md", data)
    assert (document.title, document.text, document.url) == ("Returns", "Thirty days.", "https://x.example/r")
    assert document.metadata == {"category": "orders"}


def test_an_address_given_with_the_file_wins(pipeline: IngestionPipeline) -> None:
    data = b"---\nurl: https://old.example\n---\n\nText."
    assert pipeline.read("a.md", data, url="https://new.example").url == "https://new.example"


def test_the_title_comes_from_the_first_heading_then_from_the_name(pipeline: IngestionPipeline) -> None:
    assert pipeline.read("a.md", b"# Gift **cards** and [codes](https://x.example)\n\nText.").title == (
        "Gift cards and codes"
    )
    assert pipeline.read("help/how-to_return%20it.md", b"Only text.").title == "How to return it"


@pytest.mark.parametrize("name", ["page.HTML", "page.txt", "page.md", "page", "page.php"])
def test_a_web_page_is_read_as_one_whatever_its_name(pipeline: IngestionPipeline, name: str) -> None:
    assert pipeline.read(name, PAGE).text == "# Returns\n\nThirty days."


@pytest.mark.parametrize("name", ["file.pdf", "file.txt", "file", "download.aspx"])
def test_a_pdf_is_read_as_one_whatever_its_name(pipeline: IngestionPipeline, name: str) -> None:
    data = pdf(column("You can send everything back within thirty days."))
    assert pipeline.read(name, data).text == "You can send everything back within thirty days."


def test_a_name_without_a_suffix_is_text(pipeline: IngestionPipeline) -> None:
    assert pipeline.read("README", b"Some plain words.").text == "Some plain words."


def packed(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return buffer.getvalue()


def office(main: str) -> bytes:
    return packed("[Content_Types].xml", main)


def old_office(stream: str) -> bytes:
    """As much of an OLE file as tells what it is: its mark and the name of a stream."""
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.md", b"", "is empty"),
        ("a.md", b" \n ", "is empty"),
        ("a.md", b"***\n\n---", "holds no text"),
        ("a.txt", bytes(range(256)) * 10, "binary data"),
        ("a.pdf", b"not really", "not a PDF"),
        ("a.pdf", PAGE, r"named \.pdf but is a web page. Rename it to \.html"),
        ("a.pdf", office("xl/workbook.xml"), r"named \.pdf but is an Excel workbook. Rename it to \.xlsx"),
        ("a.docx", office("xl/workbook.xml"), r"named \.docx but is an Excel workbook"),
        ("a.docx", b"not really", r"named \.docx but is not a Word document, or is damaged"),
        ("a.docx", office("word/document.xml")[:60], r"named \.docx but is not a Word document, or is damaged"),
        ("a.docx", office("word/document.xml"), "damaged"),
        ("a.pptx", packed("stuff"), r"named \.pptx but is not a PowerPoint presentation, or is damaged"),
        ("a.zip", packed("stuff"), "is an archive"),
        ("a.txt", packed("stuff"), "is an archive"),
        ("a.xlsx", office("xl/workbook.bin"), r"binary Excel workbook \(.xlsb\). Save it as .xlsx"),
        ("a.odt", packed("mimetypeapplication/vnd.oasis.opendocument.text"), "is an OpenDocument file"),
        ("a.doc", old_office("WordDocument"), r"old Word document \(.doc\). Save it as .docx"),
        ("a.xls", old_office("Workbook"), r"old Excel workbook \(.xls\). Save it as .xlsx"),
        ("a.ppt", old_office("PowerPoint Document"), r"old PowerPoint presentation \(.ppt\). Save it as .pptx"),
        ("a.msg", old_office("__substg1.0_0037001F"), r"Outlook message \(.msg\). Save it as .eml"),
        ("a.docx", old_office("EncryptedPackage"), "protected by a password"),
        ("a.xlsx", old_office("EncryptedPackage"), "protected by a password"),
        ("a.doc", b"\xd0\xcf\x11\xe0" + bytes(600), "old Word, Excel or PowerPoint"),
        ("a.rtf", b"{\\rtf1 text}", "rich text"),
        ("a.png", b"\x89PNG\r\n" + bytes(600), "is an image"),
        ("a.gz", b"\x1f\x8b" + bytes(600), "is compressed"),
        ("a.log", b"a,b\n1,2", r"type \.log are not supported. Upload one of: .*\.md"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(
    pipeline: IngestionPipeline, name: str, data: bytes, reason: str
) -> None:
    with pytest.raises(UnreadableDocument, match=reason):
        pipeline.read(name, data)


def test_a_file_above_the_limit_is_too_large(pipeline: IngestionPipeline) -> None:
    with pytest.raises(TooLarge, match=r"1\.2 MB; at most 1 MB"):
        pipeline.read("a.md", b"a" * 1_200_000)


class TwoPages(BaseLoader):
    """What another package may bring: its own suffix, one document per page."""

    suffixes = (".two",)
    media_types = ("application/x-two",)

    def __init__(self, path: Path) -> None:
        self.path = path

    def lazy_load(self) -> Iterator[Document]:
        for number, part in enumerate(self.path.read_text().split("|"), start=1):
            yield Document(page_content=part, metadata={"page": number})


def test_a_strangers_loader_gets_its_files_and_its_pages_become_one_text() -> None:
    pipeline = IngestionPipeline({**LOADERS, "two": TwoPages}, IngestionSettings())
    document = pipeline.read("x.two", b"Page one.|Page two.")
    assert document.text == "Page one.\n\nPage two."
    assert ".two" in pipeline.supported()


def test_chunks_have_the_size_of_the_settings() -> None:
    pipeline = IngestionPipeline(LOADERS, IngestionSettings(chunk_words=40))
    document = pipeline.read("a.md", "\n\n".join(["One short sentence of seven words here."] * 40).encode())
    assert all(20 <= len(chunk.text.split()) <= 60 for chunk in pipeline.chunks(document))
