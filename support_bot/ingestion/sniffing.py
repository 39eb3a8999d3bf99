"""Tell what a file really is from its bytes, and what to do about kinds nobody reads. Unpacks nothing."""

from __future__ import annotations

import io
import re
import zipfile

PDF = "application/pdf"
HTML = "text/html"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ZIP = "application/zip"
OFFICE = {DOCX: "a Word document", XLSX: "an Excel workbook", PPTX: "a PowerPoint presentation"}
KINDS = {**OFFICE, PDF: "a PDF", HTML: "a web page", ZIP: "a ZIP archive"}
"""What the kinds that can be told by their content are called."""

_HTML = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>]|head[\s>])", re.I | re.S
)
_ADVICE = "Save it as PDF, HTML, Markdown or text and upload that."
_IMAGE = "The file is an image. Run text recognition (OCR) on it and upload the text."
_PACKED = "The file is compressed in a way that is not read here. Unpack it and upload what is inside, or a ZIP of it."
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"{\\rtf", "The file is rich text (RTF). Save it as .docx or PDF and upload that."),
    (b"\x89PNG", _IMAGE),
    (b"\xff\xd8\xff", _IMAGE),
    (b"GIF8", _IMAGE),
    (b"II*\x00", _IMAGE),
    (b"MM\x00*", _IMAGE),
    (b"\x1f\x8b", _PACKED),
    (b"BZh", _PACKED),
    (b"\xfd7zXZ", _PACKED),
    (b"Rar!", _PACKED),
    (b"7z\xbc\xaf", _PACKED),
)
_OLE = b"\xd0\xcf\x11\xe0"
_IN_OLE: tuple[tuple[str, str], ...] = (  # the names of streams, most telling first
    ("EncryptedPackage", "The file is protected by a password. Save a copy without the password and upload that."),
    ("__substg1.0_", "The file is an Outlook message (.msg). Save it as .eml or HTML and upload that."),
    ("WordDocument", "The file is an old Word document (.doc). Save it as .docx and upload that."),
    ("PowerPoint Document", "The file is an old PowerPoint presentation (.ppt). Save it as .pptx and upload that."),
    ("Workbook", "The file is an old Excel workbook (.xls). Save it as .xlsx and upload that."),
    ("Book", "The file is an old Excel workbook (.xls). Save it as .xlsx and upload that."),
)
_OLD_OFFICE = "The file is an old Word, Excel or PowerPoint document. Save it as .docx, .xlsx or .pptx and upload that."
_ZIP_SIGNS = (b"PK\x03\x04", b"PK\x05\x06")
_IN_ZIP: tuple[tuple[bytes, str], ...] = (
    (b"mimetypeapplication/vnd.oasis.opendocument", f"The file is an OpenDocument file. {_ADVICE}"),
    (b"mimetypeapplication/epub+zip", f"The file is an e-book (EPUB). {_ADVICE}"),
)
_BINARY_WORKBOOK = "The file is a binary Excel workbook (.xlsb). Save it as .xlsx and upload that."


def media_type(data: bytes) -> str | None:
    """The kind of file where its content proves it: PDF, HTML, Word, Excel, PowerPoint, ZIP."""
    if data.startswith(_ZIP_SIGNS):
        return _kind_of_zip(data)
    head = data[:4096]
    if b"%PDF-" in head[:1024]:
        return PDF
    return HTML if _HTML.match(head) else None


def foreign(data: bytes) -> str | None:
    """Why no built-in loader can read this, in words an admin can act on; None where nothing speaks against it."""
    if data.startswith(_OLE):
        return next((reason for name, reason in _IN_OLE if name.encode("utf-16-le") in data), _OLD_OFFICE)
    if data.startswith(_ZIP_SIGNS):
        if "xl/workbook.bin" in _names(data):
            return _BINARY_WORKBOOK
        return next((reason for mark, reason in _IN_ZIP if mark in data[:4096]), None)
    return next((reason for mark, reason in _FOREIGN if data.startswith(mark)), None)


def _kind_of_zip(data: bytes) -> str:
    names = _names(data)
    for kind, main in ((DOCX, "word/document"), (XLSX, "xl/workbook"), (PPTX, "ppt/presentation")):
        if "[Content_Types].xml" in names and any(name.startswith(main) for name in names):
            return kind
    return ZIP


def _names(data: bytes) -> frozenset[str]:
    """The names inside a ZIP; none where its directory is damaged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return frozenset(archive.namelist())
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError):
        return frozenset()
