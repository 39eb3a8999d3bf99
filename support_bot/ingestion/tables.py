"""Write rows of cells as Markdown that stays readable in pieces. Knows no file format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from support_bot.ingestion.lines import pipe_table
from support_bot.ingestion.words import count_words

Row = Sequence[str]

_LONG_CELL = 60
"""Words; a table with a cell longer than this is a list of texts."""
_TITLE_WORDS = 25
_STOPS = (".", ":", ";", ",", "!", "?", "。", "；", "：", "，")


def table(rows: Sequence[Row], *, rank: int = 3) -> str:
    """Rows (the first is the header) as a pipe table, or as a section each where their cells are whole texts.

    Empty rows and columns go; a single column becomes paragraphs. Sections have headings of `rank`."""
    rows = _squared(rows)
    if not rows:
        return ""
    if len(rows[0]) == 1:
        return "\n\n".join(row[0] for row in rows)
    if len(rows) > 1 and max(count_words(cell) for row in rows[1:] for cell in row) > _LONG_CELL:
        return "\n\n".join(_record(rows[0], row, rank) for row in rows[1:])
    return pipe_table([[one_line(cell) for cell in row] for row in rows])


def sheet(rows: Sequence[Row], *, rank: int = 3) -> str:
    """The blocks of a worksheet: empty rows part them, lines with one cell above a table are text."""
    return "\n\n".join(filter(None, (_block(rows, rank) for rows in _blocks(rows))))


def one_line(cell: str) -> str:
    """A cell's lines behind each other; what ends without a mark gets one."""
    lines = [" ".join(line.split()) for line in cell.splitlines() if line.strip()]
    return " ".join(line if line.endswith(_STOPS) or line is lines[-1] else f"{line};" for line in lines)


def _squared(rows: Sequence[Row]) -> list[list[str]]:
    """Rows of the same length, without empty rows and columns."""
    kept = [[cell.strip() for cell in row] for row in rows if any(cell.strip() for cell in row)]
    width = max(map(len, kept), default=0)
    kept = [row + [""] * (width - len(row)) for row in kept]
    used = [column for column in range(width) if any(row[column] for row in kept)]
    return [[row[column] for column in used] for row in kept]


def _record(header: Row, row: Row, rank: int) -> str:
    """One row of long texts: its first short cell is the heading, the others follow under their names."""
    heading = next((cell for cell in row if cell and count_words(cell) <= _TITLE_WORDS), "")
    parts = [f"{'#' * rank} {one_line(heading)}"] if heading else []
    for name, cell in zip(header, row, strict=True):
        if cell and cell is not heading:
            label = f"**{one_line(name).rstrip(':')}:**" if name else ""
            long = count_words(cell) > _TITLE_WORDS or "\n" in cell
            parts.append("\n\n".join(filter(None, (label, cell))) if long else f"{label} {cell}".strip())
    return "\n\n".join(parts)


def _blocks(rows: Sequence[Row]) -> Iterator[list[Row]]:
    block: list[Row] = []
    for row in rows:
        if any(cell.strip() for cell in row):
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _block(rows: Sequence[Row], rank: int) -> str:
    filled = [sum(bool(cell.strip()) for cell in row) for row in rows]
    if max(filled) == 1:
        return "\n\n".join(_only(row) for row in rows)
    first = next(index for index, count in enumerate(filled) if count > 1)
    above = [_only(row) for row in rows[:first]]
    return "\n\n".join([*above, table(rows[first:], rank=rank)])


def _only(row: Row) -> str:
    return next(cell.strip() for cell in row if cell.strip())
