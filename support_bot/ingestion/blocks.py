"""See Markdown text as a tree of sections and blocks with character offsets. Does not decide where a chunk ends."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from support_bot.ingestion.table_rows import rows_of_table
from support_bot.ingestion.words import count_words

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(slots=True)
class Block:
    """A block of Markdown from `start` to `end` (the next block's start, so nothing falls between two blocks)."""

    kind: str  # markdown-it's name: paragraph, bullet_list, ordered_list, list_item, table, blockquote, fence …
    start: int
    end: int
    words: int
    plain: str = ""  # a paragraph's source, to see whether it introduces something
    children: list[Block] = field(default_factory=list)


@dataclass(slots=True)
class _Node:
    """A block as the parser sees it; `map` is its first line and the one behind it, `heading` a heading's words."""

    type: str
    tag: str
    map: Sequence[int] | None
    heading: str = ""
    children: list[_Node] = field(default_factory=list)


@dataclass(slots=True)
class Section:
    """A heading with everything beneath it; the root has rank 0 and no heading."""

    heading: str
    rank: int
    start: int  # of the heading line
    body_start: int  # behind the heading line
    end: int
    blocks: list[Block] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    @property
    def empty(self) -> bool:
        """True where nothing but headings is beneath it."""
        return not self.blocks and all(section.empty for section in self.sections)


def parse(text: str) -> Section:
    """The section tree of Markdown text. Offsets are characters of `text`; the blocks and headings tile it."""
    lines = [0, *(match.end() for match in _LINE_END.finditer(text))]
    lines.append(len(text))
    nodes = [node for node in _tree(text) if node.map]
    starts = [lines[node.map[0]] for node in nodes if node.map] + [len(text)]
    if nodes:
        starts[0] = 0  # what the parser swallows before the first block (link definitions) stays with it
    root = Section("", 0, 0, 0, len(text))
    path = [root]
    for node, start, end in zip(nodes, starts, starts[1:], strict=False):
        if node.type == "heading" and node.map:
            while path[-1].rank >= int(node.tag[1]):
                path.pop().end = start
            behind = min(lines[min(node.map[1], len(lines) - 1)], end)
            section = Section(node.heading, int(node.tag[1]), start, behind, len(text))
            path[-1].sections.append(section)
            path.append(section)
        else:
            path[-1].blocks.append(_block(node, start, end, text, lines))
    return root


def _block(node: _Node, start: int, end: int, text: str, lines: list[int]) -> Block:
    source = text[start:end]
    block = Block(node.type, start, end, count_words(source), source.strip() if node.type == "paragraph" else "")
    if node.type == "table":
        block.children = _rows(node, start, end, text, lines)
    elif node.type in ("bullet_list", "ordered_list", "list_item", "blockquote"):
        block.children = _children(node, block, text, lines)
    return block


def _children(node: _Node, parent: Block, text: str, lines: list[int]) -> list[Block]:
    """The blocks inside a list, an item or a quotation; together they tile their parent."""
    inner = [child for child in node.children if child.map]
    starts = [parent.start]
    kept: list[_Node] = []
    for child in inner:
        start = lines[child.map[0]] if child.map else parent.start
        if kept and start > starts[-1]:
            starts.append(start)
            kept.append(child)
        elif not kept:
            kept.append(child)
    starts.append(parent.end)
    tiles = zip(kept, starts, starts[1:], strict=False)
    return [_block(child, start, end, text, lines) for child, start, end in tiles]


def _rows(node: _Node, start: int, end: int, text: str, lines: list[int]) -> list[Block]:
    """The table's header with its separator, then each row."""
    body = [child for child in node.children if child.type == "tbody"]
    rows = [row for part in body for row in part.children if row.map]
    starts = [start, *(lines[row.map[0]] for row in rows if row.map), end]
    return [Block("row", a, b, count_words(text[a:b])) for a, b in pairwise(starts)]


def _tree(text: str) -> list[_Node]:
    """The blocks of Markdown text as a tree; what stands inside a line is read for headings only."""
    parser = MarkdownIt("commonmark").enable("table").disable("inline")
    parser.block.ruler.at("table", rows_of_table, {"alt": ["paragraph", "reference"]})
    definitions: dict[str, Any] = {}
    top: list[_Node] = []
    levels = [top]
    for token in parser.parse(text, definitions):
        if token.nesting < 0:
            levels.pop()
            continue
        node = _Node(token.type.removesuffix("_open"), token.tag, token.map)
        if token.type == "inline" and levels[-1] is not top and (parent := levels[-2][-1]).type == "heading":
            inside: list[Token] = []
            parser.inline.parse(token.content, parser, definitions, inside)
            parent.heading = " ".join("".join(_words(inside)).split())
        levels[-1].append(node)
        if token.nesting > 0:
            levels.append(node.children)
    return top


def _words(tokens: Sequence[Token]) -> Iterator[str]:
    """What a reader sees: no markup, no link targets."""
    for token in tokens:
        if token.type in ("text", "text_special", "code_inline"):
            yield token.content
        yield from _words(token.children or ())
