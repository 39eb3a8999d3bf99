"""Turn blocks into the smallest stretches a chunk may be made of, and say where a cut hurts. Knows no sections."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from langchain_text_splitters import RecursiveCharacterTextSplitter

from support_bot.ingestion.blocks import Block
from support_bot.ingestion.packing import HARD_LIMIT
from support_bot.ingestion.words import count_words

# The price of a cut before a stretch; `packing.pack` weighs it against the size of the chunks.
FREE, AFTER_LIST, ITEM, SENTENCE, LIST, STEPS, ANSWER = 0.0, 0.1, 0.3, 0.4, 0.8, 1.0, 2.0

_SEPARATORS = [
    r"\n\n+", r"\n", r"(?<=[.!?…])\s+", r"(?<=[。！？])", r"(?<=[;:])\s+", r"(?<=[；：、，])", r"\s+", "",
]  # fmt: skip
_LABEL = re.compile(r"(\*\*|__)[^*_\n]+(\*\*|__)[:?.：？]?")
_QUESTION_WORDS = 20
_INTRODUCTION_WORDS = 45
_LISTS = ("bullet_list", "ordered_list")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the document that is not cut again; `header` is repeated above table rows that lost theirs."""

    start: int
    end: int
    words: int
    glue: float = FREE
    header: str = ""


def spans(blocks: Sequence[Block], text: str, target: int) -> list[Span]:
    """The stretches of a section's blocks in order; together they tile the blocks."""
    found: list[Span] = []
    before: Block | None = None
    for block in blocks:
        first, *rest = _spans(block, text, target)
        glue = _glue(before, block)
        if glue == ANSWER and not rest and found[-1].words <= _INTRODUCTION_WORDS:
            before_it = found.pop()  # "Do this:" belongs to the steps even where both are longer than the limit
            first = replace(before_it, end=first.end, words=before_it.words + first.words)
            glue = before_it.glue
        found += [replace(first, glue=glue), *rest]
        before = block
    return found


def _spans(block: Block, text: str, target: int) -> list[Span]:
    # A bullet list is a row of separate facts; steps and tables lose their sense when they are cut.
    longest = target if block.kind == "bullet_list" else HARD_LIMIT * target
    if block.words <= longest:
        return [Span(block.start, block.end, block.words)]
    if block.kind == "table":
        return _table_spans(block, text, target)
    if block.children:
        return [span for child in block.children for span in _child_spans(child, text, target)]
    return list(_sentence_spans(block, text, target))


def _child_spans(child: Block, text: str, target: int) -> list[Span]:
    first, *rest = _spans(child, text, target)
    return [replace(first, glue=ITEM), *rest]


def _table_spans(table: Block, text: str, target: int) -> list[Span]:
    """Header and first row together, then row by row, each knowing the header it must not be shown without."""
    head, *rows = table.children
    if not rows or head.words > target / 2:
        return list(_sentence_spans(table, text, target))
    header = text[head.start : head.end].strip("\n")
    found: list[Span] = []
    for row in rows:
        if row.words > HARD_LIMIT * target:  # a cell with a whole article in it
            found += _sentence_spans(row, text, target)
        else:
            found.append(Span(row.start, row.end, row.words, ITEM, header))
    return [replace(found[0], start=table.start, words=found[0].words + head.words, header=""), *found[1:]]


def _sentence_spans(block: Block, text: str, target: int) -> Iterator[Span]:
    """An over-long paragraph in stretches of whole sentences, where it has any."""
    splitter = RecursiveCharacterTextSplitter(
        _SEPARATORS,
        keep_separator="end",
        is_separator_regex=True,
        chunk_size=max(1, target // 2),
        chunk_overlap=0,
        length_function=_length,
        strip_whitespace=False,
    )
    source = text[block.start : block.end]
    ends = [0]
    for piece in splitter.split_text(source):
        ends.append(source.index(piece, ends[-1]) + len(piece))
    ends[-1] = len(source)
    for start, end in pairwise(ends):
        yield Span(block.start + start, block.start + end, count_words(source[start:end]), SENTENCE)


def _length(text: str) -> int:
    # The splitter would repeat pieces of length 0 as an "overlap" of none.
    return max(1, count_words(text))


def _glue(before: Block | None, block: Block) -> float:
    """The price of a cut between two neighbouring blocks of a section."""
    if before is None:
        return FREE
    if before.kind == "paragraph":
        return _glue_behind_paragraph(before, block)
    if before.kind in _LISTS:
        # Steps that an image or a note interrupted go on as a new list.
        return LIST if block.kind == "ordered_list" == before.kind else AFTER_LIST
    return FREE


def _glue_behind_paragraph(before: Block, block: Block) -> float:
    if _LABEL.fullmatch(before.plain) or before.plain.endswith((":", "：")):
        return ANSWER  # a label or an announcement says nothing without what follows
    if before.plain.rstrip("*_").endswith(("?", "？")) and before.words <= _QUESTION_WORDS:
        return ANSWER
    if block.kind in (*_LISTS, "table", "fence", "code_block", "blockquote"):
        strong = STEPS if block.kind == "ordered_list" else LIST
        return strong if before.words <= _INTRODUCTION_WORDS else SENTENCE
    return FREE
