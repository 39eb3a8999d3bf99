"""Read plain text of any encoding. Takes nothing for markup but what its author did with lines and spaces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from langchain_core.documents import Document

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.encoding import decode
from support_bot.ingestion.lines import LIST_ITEM, as_markdown_item, join_lines, looks_like_heading, pipe_table
from support_bot.ingestion.loaders.base import FileLoader, document

_WRAPPED = 100
"""Files with longer lines than this were not wrapped by hand: every line break in them is meant."""
_TITLE_WORDS, _HEADING_WORDS = 14, 8
_RULE = re.compile(r"^\s*[=\-_*~]{3,}\s*$")
_COLUMNS = re.compile(r"(?<=\S)(?: {3,}|\t+)(?=\S)")


class TextLoader(FileLoader):
    """`.txt`: paragraphs unwrapped, lists and columns kept; the first line is the title if it is short enough."""

    suffixes = (".txt", ".text")
    media_types = ("text/plain",)

    def lazy_load(self) -> Iterator[Document]:
        title, text = plain_to_markdown(decode(self.path.read_bytes()))
        if not text:
            raise UnreadableDocument("The file is empty. Add the article and upload it again.")
        yield document(text, title=title)


def plain_to_markdown(text: str, *, titled: bool = True) -> tuple[str | None, str]:
    """The Markdown of plain text (empty for blank text), and its title if it is `titled` and its first line short."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(8)
    lines = [line.rstrip() for line in text.split("\n")]
    longest = max(map(len, lines))
    blocks = [block.split("\n") for block in re.split(r"\n\n+", "\n".join(lines).strip("\n")) if block.strip()]
    if not blocks:
        return None, ""
    width = longest if longest <= _WRAPPED else 10**9
    title = _title(blocks[0]) if titled else None
    parts = [f"# {title}"] if title else []
    rest = blocks[1:] if title else blocks
    parts += [_block(block, width, block is not rest[-1]) for block in rest]
    return title, "\n\n".join(filter(None, parts))


def _title(first: list[str]) -> str | None:
    line = first[0].strip().lstrip("# ")
    alone = len(first) == 1 or (len(first) == 2 and _RULE.match(first[1]))
    return line if alone and 0 < len(line) <= 100 and _is_label(line, _TITLE_WORDS) else None


def _is_label(line: str, words: int) -> bool:
    ended = line.endswith((".", ",", ";", ":", "!")) or LIST_ITEM.match(line) or _COLUMNS.search(line)
    return not ended and 0 < len(line.split()) <= words and any(map(str.isalpha, line))


def _block(lines: list[str], width: int, more: bool) -> str:
    """One block between blank lines as Markdown; `more` where another one follows."""
    first, rest = lines[0].strip(), lines[1:]
    if rest and _RULE.match(rest[0]) and not _RULE.match(first):  # a heading with a rule beneath
        return _under(f"## {first}", rest[1:], width)
    if looks_like_heading(first) and not rest:
        return f"## {first}"
    indented = [line.startswith("  ") for line in rest]
    if _is_label(first, _HEADING_WORDS) and lines[0][:1] != " " and (all(indented) if rest else more):
        return _under(f"### {first}", rest, width)
    lines = [line for line in lines if not _RULE.match(line)]
    return _columns(lines) or _lines(lines, width)


def _under(heading: str, lines: list[str], width: int) -> str:
    return f"{heading}\n\n{_block(lines, width, False)}" if lines else heading


def _columns(lines: Sequence[str]) -> str:
    """Lines in columns, with what hangs beneath the last column: two as `name: text` items, more as a table."""
    rows: list[list[str]] = []
    for line in lines:
        cells = _COLUMNS.split(line.strip())
        if len(cells) > 1 and not LIST_ITEM.match(line):
            rows.append(cells)
        elif rows and line.startswith("    "):
            rows[-1][-1] = join_lines([rows[-1][-1], line])
        else:
            return ""
    if len(rows) < 2 or len({len(row) for row in rows}) > 1:
        return ""
    if len(rows[0]) > 2:
        return pipe_table(rows)
    return "\n".join(f"- {name if name.endswith(':') else name + ':'} {text}" for name, text in rows)


def _lines(lines: Sequence[str], width: int) -> str:
    """Paragraphs and list items whole again; a line that had room left was ended on purpose."""
    broken = sum(not _is_full(line, following, width) for line, following in pairwise(lines))
    by_line = 2 * broken >= len(lines)  # where most lines end early, a long one among them ends too
    groups: list[list[str]] = []
    for line in lines:
        if groups and _goes_on(groups[-1], line, width) and not (by_line and line.lstrip()[:1].isupper()):
            groups[-1].append(line)
        else:
            groups.append([line])
    text = ""
    for group in groups:
        item = bool(LIST_ITEM.match(group[0]))
        indent = group[0][: len(group[0]) - len(group[0].lstrip())] if item else ""
        text += _gap(text, item) + indent + as_markdown_item(join_lines(group))
    return text


def _goes_on(group: list[str], line: str, width: int) -> bool:
    """True where `line` is the rest of the line before it: its first word would not have fitted there."""
    if LIST_ITEM.match(line) or "|" in line:
        return False
    hangs = bool(LIST_ITEM.match(group[0])) and line.startswith(" ")
    return hangs or _is_full(group[-1], line, width)


def _is_full(line: str, following: str, width: int) -> bool:
    return len(line) + 1 + len(following.split()[0]) > width


def _gap(text: str, item: bool) -> str:
    """What stands between a line and the next one that its author began anew."""
    if not text or item:
        return "\n" if text else ""
    return "\n\n" if LIST_ITEM.match(text.rsplit("\n", 1)[-1]) else "  \n"
