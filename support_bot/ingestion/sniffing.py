"""Tell what a file really is from its first bytes, and what to do about kinds nobody reads. Opens no file."""

from __future__ import annotations

import re

PDF = "application/pdf"
HTML = "text/html"

_HTML = re.compile(
    rb"^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html[\s>]|head[\s>])", re.I | re.S
)
_ADVICE = "Save it as PDF, HTML, Markdown or text and upload that."
_FOREIGN: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0", f"The file is an old Word, Excel or PowerPoint document. {_ADVICE}"),
    (b"{\\rtf", f"The file is rich text (RTF). {_ADVICE}"),
    (b"\x89PNG", "The file is an image. Run text recognition (OCR) on it and upload the text."),
    (b"\xff\xd8\xff", "The file is an image. Run text recognition (OCR) on it and upload the text."),
    (b"GIF8", "The file is an image. Run text recognition (OCR) on it and upload the text."),
    (b"II*\x00", "The file is an image. Run text recognition (OCR) on it and upload the text."),
    (b"MM\x00*", "The file is an image. Run text recognition (OCR) on it and upload the text."),
    (b"\x1f\x8b", "The file is compressed. Unpack it and upload what is inside, one file at a time."),
    (b"Rar!", "The file is an archive. Unpack it and upload what is inside, one file at a time."),
    (b"7z\xbc\xaf", "The file is an archive. Unpack it and upload what is inside, one file at a time."),
)
_ZIP = b"PK\x03\x04"
_IN_ZIP: tuple[tuple[bytes, str], ...] = (
    (b"word/", f"The file is a Word document. {_ADVICE}"),
    (b"xl/", f"The file is a spreadsheet. {_ADVICE}"),
    (b"ppt/", f"The file is a presentation. {_ADVICE}"),
    (b"application/vnd.oasis.opendocument", f"The file is an OpenDocument file. {_ADVICE}"),
    (b"application/epub+zip", f"The file is an e-book (EPUB). {_ADVICE}"),
)


def media_type(data: bytes) -> str | None:
    """`application/pdf` or `text/html` where the first bytes prove it."""
    head = data[:4096]
    if b"%PDF-" in head[:1024]:
        return PDF
    return HTML if _HTML.match(head) else None


def foreign(data: bytes) -> str | None:
    """Why no built-in loader can read this, in words an admin can act on; None where nothing speaks against text."""
    if data.startswith(_ZIP):
        inside = (reason for mark, reason in _IN_ZIP if mark in data[:4096] or mark in data[-65536:])
        return next(inside, "The file is an archive. Unpack it and upload what is inside, one file at a time.")
    return next((reason for mark, reason in _FOREIGN if data.startswith(mark)), None)
