"""Make Markdown of printed lines: headings, lists, tables, paragraphs. Sees places and fonts, opens no file."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from support_bot.ingestion.lines import LIST_ITEM, as_markdown_item, join_lines, looks_like_heading, pipe_table
from support_bot.ingestion.loaders.pdf_lines import Line

_LARGER = 1.12
_HEADING_WORDS = 20
_BOLD_WORDS = 12
_PARAGRAPH_GAP = 1.3
_FULL = 0.6
_HASH, _ESCAPED = re.compile(r"^(?=#{1,6} )"), r"\\"
_SENTENCE_END = (".", "!", "?", ":", "。", "！", "？", "”", '"', ")")


@dataclass(frozen=True, slots=True)
class _Print:
    """What is usual in this document: body size, distance and length of lines, and the sizes headings are set in."""

    body: float
    leading: float
    width: int  # characters of a full line
    sizes: tuple[float, ...]


def to_markdown(lines: Sequence[Line]) -> tuple[str, str | None]:
    """The Markdown of a document's lines, and its title where the first page shows one."""
    usual = _usual(lines)
    blocks: list[str] = []
    index = 0
    while index < len(lines):
        index, block = _next_block(lines, index, usual)
        blocks.append(block)
    return "\n".join(blocks).strip("\n"), _title(lines, usual)


def _next_block(lines: Sequence[Line], index: int, usual: _Print) -> tuple[int, str]:
    """The block that begins at `index`, and where the next one begins."""
    line = lines[index]
    rows, end = _rows(lines, index)
    if len(rows) > 1:
        return end, _table(rows)
    if level := _level(line, usual):
        end = _run(lines, index, lambda a, b: _same_heading(a, b, usual))
        return end, f"\n{'#' * level} {join_lines(each.text for each in lines[index:end])}\n"
    end = _run(lines, index, lambda a, b: a.mono and b.mono and a.page == b.page)
    if line.mono and end - index > 1:
        return end, "\n```\n" + "\n".join(each.text for each in lines[index:end]) + "\n```\n"
    end = index + 1
    while end < len(lines) and len(_rows(lines, end)[0]) < 2 and _belongs(lines[index:end], lines[end], usual):
        end += 1
    if LIST_ITEM.match(line.text):
        return end, _indent(lines, index, usual) + as_markdown_item(join_lines(each.text for each in lines[index:end]))
    return end, f"\n{_paragraph(lines[index:end], usual)}\n"


def _paragraph(lines: Sequence[Line], usual: _Print) -> str:
    """Full lines run on; a line much shorter than the others was ended on purpose."""
    groups: list[list[str]] = [[]]
    for line in lines:
        groups[-1].append(line.text)
        if len(line.text) < _FULL * usual.width:
            groups.append([])
    return "  \n".join(_HASH.sub(_ESCAPED, join_lines(group)) for group in groups if group)


def _usual(lines: Sequence[Line]) -> _Print:
    letters: Counter[float] = Counter()
    for line in lines:
        letters[line.size] += len(line.text)
    body = letters.most_common(1)[0][0] if letters else 10.0
    gaps = [
        a.y - b.y
        for a, b in pairwise(lines)
        if a.page == b.page and a.size == b.size == body and 0 < a.y - b.y < 3 * body
    ]
    larger = {line.size for line in lines if line.size >= body * _LARGER and _may_be_heading(line, _HEADING_WORDS)}
    leading = statistics.median_low(gaps) if gaps else 1.2 * body
    lengths = sorted(len(line.text) for line in lines if line.size == body) or [0]
    return _Print(body, leading, lengths[int(0.9 * (len(lengths) - 1))], tuple(sorted(larger, reverse=True)))


def _level(line: Line, usual: _Print) -> int:
    """1..6 for a heading, 0 for anything else."""
    if line.size in usual.sizes and _may_be_heading(line, _HEADING_WORDS):
        return min(5, usual.sizes.index(line.size) + 1)
    below = min(6, len(usual.sizes) + 1)
    if line.bold and line.size >= usual.body * 0.95 and _may_be_heading(line, _BOLD_WORDS):
        return 0 if line.text.endswith((".", ",", ";", ":")) else below
    return max(2, below) if looks_like_heading(line.text) else 0


def _may_be_heading(line: Line, words: int) -> bool:
    numbered = looks_like_heading(line.text)
    return (
        any(map(str.isalpha, line.text))
        and len(line.text.split()) <= words
        and (numbered or not LIST_ITEM.match(line.text) or line.text[0].isdigit())
    )


def _same_heading(line: Line, following: Line, usual: _Print) -> bool:
    close = line.page == following.page and 0 < line.y - following.y < 1.5 * line.size
    return close and line.size == following.size and line.bold == following.bold and _level(following, usual) > 0


def _belongs(block: Sequence[Line], line: Line, usual: _Print) -> bool:
    """True where `line` is part of the paragraph or list item in `block`."""
    last = block[-1]
    if LIST_ITEM.match(line.text) or _level(line, usual) or abs(line.size - last.size) > 1.5:
        return False
    if line.page != last.page or line.y > last.y:  # a new page or column: does the sentence go on?
        return not last.text.endswith(_SENTENCE_END) and line.text[:1].islower()
    if last.y - line.y > _PARAGRAPH_GAP * max(usual.leading, 1.0):
        return False
    return line.x > block[0].x + 1 if LIST_ITEM.match(block[0].text) else True


def _rows(lines: Sequence[Line], index: int) -> tuple[list[list[str]], int]:
    """Table rows from `index` on: lines with columns, or lines side by side, always the same number of cells."""
    rows: list[list[str]] = []
    end = index
    while end < len(lines):
        stop = _run(lines, end, _beside)
        cells = [line.text for line in lines[end:stop]] if stop - end > 1 else list(lines[end].cells)
        if len(cells) < 2 or (rows and len(cells) != len(rows[0])):
            break
        rows.append(cells)
        end = stop
    return rows, end


def _run(lines: Sequence[Line], start: int, together: Callable[[Line, Line], bool]) -> int:
    """Behind the last line from `start` on that belongs together with the one before it."""
    end = start + 1
    while end < len(lines) and together(lines[end - 1], lines[end]):
        end += 1
    return end


def _beside(left: Line, right: Line) -> bool:
    return left.page == right.page and abs(left.y - right.y) < 2 and right.x > left.x + left.size


def _table(rows: list[list[str]]) -> str:
    words = [len(cell.split()) for row in rows for cell in row]
    if statistics.mean(words) > 8:  # two columns of prose, read side by side
        return "".join(f"\n{join_lines(column)}\n" for column in zip(*rows, strict=True))
    return f"\n{pipe_table(rows)}\n"


def _indent(lines: Sequence[Line], index: int, usual: _Print) -> str:
    """A list item further to the right than the numbered or bulleted items before it is nested."""
    margins: list[float] = []
    for line in reversed(lines[max(0, index - 60) : index]):
        if _level(line, usual):
            break
        if LIST_ITEM.match(line.text) and line.x < min([lines[index].x, *margins]) - usual.body * 0.8:
            margins.append(line.x)
    return "   " * len(margins[:3])


def _title(lines: Sequence[Line], usual: _Print) -> str | None:
    """The largest heading of the first page, if it stands among the first lines."""
    first = [line for line in lines if line.page == 0]
    largest = max((line.size for line in first), default=0.0)
    for index, line in enumerate(first[:6]):
        if line.size == largest and line.size in usual.sizes and _level(line, usual):
            end = _run(lines, index, lambda a, b: _same_heading(a, b, usual))
            return join_lines(each.text for each in lines[index:end])
    return None
