"""Read tables of text: commas, semicolons, tabs or bars between the cells. Judges no cell's meaning."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from langchain_core.documents import Document

from support_bot.errors import TooLarge, UnreadableDocument
from support_bot.ingestion.encoding import decode
from support_bot.ingestion.loaders.base import FileLoader, document
from support_bot.ingestion.tables import table

_DELIMITERS = ",;\t|"
_SAMPLE = 20_000
_MOST_CELLS = 2_000_000
BROKEN = "The table cannot be read: a quotation mark is not closed, or a cell is too long. Export it again."
NO_TEXT = "The table has no cells with text. Check the original and upload it again."
TOO_MANY = f"The table has more than {_MOST_CELLS:,} cells. Upload the part that answers questions only."


class CsvLoader(FileLoader):
    """`.csv`, `.tsv`: the first row is the header; the delimiter is found by trying."""

    suffixes = (".csv", ".tsv")
    media_types = ("text/csv", "text/tab-separated-values")

    def lazy_load(self) -> Iterator[Document]:
        text = decode(self.path.read_bytes()).replace("\0", "")
        separator, text = _announced(text)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator or delimiter(text[:_SAMPLE]))
        rows: list[list[str]] = []
        cells = 0
        try:
            for row in reader:
                rows.append(row)
                cells += max(1, len(row))
                if cells > _MOST_CELLS:
                    raise TooLarge(TOO_MANY)
        except csv.Error as exc:
            raise UnreadableDocument(BROKEN) from exc
        if not (found := table(rows, rank=2)):
            raise UnreadableDocument(NO_TEXT)
        yield document(found)


def delimiter(sample: str) -> str:
    """The sign that parts most lines into the same number of cells, more than one; a comma where none does."""
    return max(_DELIMITERS, key=lambda sign: _evenness(sample, sign))


def _evenness(sample: str, sign: str) -> tuple[float, int]:
    """The share of rows with the usual number of cells (0 where that is one), and that number."""
    try:
        rows = [len(row) for row in csv.reader(io.StringIO(sample, newline=""), delimiter=sign) if row]
    except csv.Error:
        return 0.0, 0
    usual = max(set(rows), key=rows.count) if rows else 1
    return (rows.count(usual) / len(rows), usual) if usual > 1 else (0.0, 0)


def _announced(text: str) -> tuple[str, str]:
    """Excel's first line `sep=;`, and the text without it."""
    first, _, rest = text.partition("\n")
    said = first.strip().lower().removeprefix("sep=") if first.strip().lower().startswith("sep=") else ""
    return (said, rest) if said and said in _DELIMITERS else ("", text)
