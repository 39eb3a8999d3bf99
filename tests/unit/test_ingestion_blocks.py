"""The section tree of Markdown: the short cuts around the parser see what the parser sees."""

from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from support_bot.ingestion.blocks import Block, parse

HEAD = "| a | b |\n| --- | --- |\n"


def rows(blocks: list[Block]) -> int:
    return sum(block.kind == "row" or rows(block.children) for block in blocks)


@pytest.mark.parametrize(
    "text",
    [
        HEAD + "| 1 | 2 |\n| 3 | 4 |",
        HEAD,
        HEAD + "| 1 \\| x | `4|5` |\nlazy words\n\nAfter it.",
        HEAD + "| 1 | 2 |\n# Heading\n\nWords.",
        HEAD + "| 1 |\n| 2 | 3 | 4 |\n- item",
        HEAD + "    | code | x |",
        HEAD + "| 1 | 2 |\n***\n| 3 | 4 |",
        HEAD + "| 1 | 2 |\n> quoted",
        "a | b\n--|--\n1 | 2\n   ",
        "- item\n\n  | x | y |\n  |---|---|\n  | 1 | 2 |\n| 3 | 4 |",
        "> | a | b |\n> |---|---|\n> | 1 | 2 |\n| 3 | 4 |",
        "```\n" + HEAD + "| 1 | 2 |\n```",
    ],
)
def test_a_table_has_the_rows_that_the_parser_finds(text: str) -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inside = rows(parse(text).blocks) + sum(rows(section.blocks) for section in parse(text).sections)
    assert inside == sum(token.type == "tr_open" for token in tokens)


@pytest.mark.parametrize(
    ("line", "heading"),
    [
        ("# Return *a* [parcel](https://example.com) `now`", "Return a parcel now"),
        ("# 5 \\* 3 &amp; more", "5 * 3 & more"),
        ("# ![A lamp](lamp.png) lit, see [terms]\n\n[terms]: https://example.com", "A lamp lit, see terms"),
    ],
)
def test_a_heading_is_what_a_reader_sees(line: str, heading: str) -> None:
    assert [section.heading for section in parse(line).sections] == [heading]
