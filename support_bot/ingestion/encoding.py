"""Turn bytes into text whatever they were saved in. Knows no file format."""

from __future__ import annotations

import codecs
import re

from charset_normalizer import from_bytes

from support_bot.errors import UnreadableDocument

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins with the other's
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# What Polish, Czech or Turkish letters look like when they are read as Western ones.
_EASTERN = re.compile(r"[ðþýÐÞÝ]|[^\W\d_][¹³¿¡£¥][^\W\d_]")
_SAMPLE = 100_000
NOT_TEXT = "The file is not text: it holds binary data. Upload the original as Markdown, HTML, text or PDF."


def decode(data: bytes) -> str:
    """The text of `data`: a byte-order mark decides, then UTF-8, then the likeliest code page.

    Raises `UnreadableDocument` where it is no text in any of them."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return _checked(data.decode(name, errors="replace"))
    try:
        return _checked(data.decode("utf-8"))
    except UnicodeDecodeError:
        return _checked(_guess(data))


def _guess(data: bytes) -> str:
    # Short Western texts fit many code pages equally well; the Windows one is what people actually save in.
    western = data.decode("cp1252", errors="replace")
    letters = [char for char in western[:_SAMPLE] if char.isalpha()]
    accented = sum(char > "\x7f" for char in letters)
    if "\ufffd" not in western and accented < 0.3 * len(letters) and not _EASTERN.search(western):
        return western
    best = from_bytes(data[:_SAMPLE]).best()
    if best is None:
        raise UnreadableDocument(NOT_TEXT)
    return data.decode(best.encoding, errors="replace")


def _checked(text: str) -> str:
    if len(_CONTROL.findall(text, 0, _SAMPLE)) > len(text[:_SAMPLE]) / 200:
        raise UnreadableDocument(NOT_TEXT)
    return text
