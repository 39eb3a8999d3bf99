"""Markdown to safe HTML: raw HTML shows as text, links open apart, pictures and scripts do not exist."""

from __future__ import annotations

import re
from collections.abc import Sequence

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

from support_bot.values import SourceRef
from ui.parts.html import attributes

_TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "strong", "em", "s", "code", "pre",
    "blockquote", "table", "thead", "tbody", "tr", "th", "td", "a",
}  # fmt: skip
_BLOCKS = {"paragraph_open", "heading_open", "tr_open", "fence", "code_block"}
_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: stand around a citation's number until the HTML is safe
_SPAN = re.compile(r"\[([^\]]+)\]\([^)]*\)|[*_`]{1,3}(\S[^*_`]*)[*_`]{1,3}")
_MARK = re.compile(rf"\s*{_OPEN}(\d+){_CLOSE}")


def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")


def _sanitise(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "*": {"class"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )


def safe_markdown(text: str) -> str:
    """The text of an answer as HTML."""
    return _sanitise(_parser().render(text))


def article(text: str, start: int, end: int) -> str:
    """An article as HTML; the blocks that touch characters `start`..`end` carry the class `cited`."""
    first, last = text.count("\n", 0, start), text.count("\n", 0, max(start, end - 1))
    parser = _parser()
    tokens = parser.parse(text)
    for place, token in enumerate(tokens):
        if token.type in _BLOCKS and token.map and token.map[0] <= last and token.map[1] > first:
            _mark(tokens, place)
    return _sanitise(parser.renderer.render(tokens, parser.options, {}))


def _mark(tokens: list[Token], place: int) -> None:
    """Give the class to the block, or to its list item where the paragraph itself is not written out."""
    token = tokens[place]
    if token.hidden and place and tokens[place - 1].type == "list_item_open":
        token = tokens[place - 1]
    token.attrSet("class", "cited")


def plain(text: str) -> str:
    """Markdown as running words: no marks, a table's cells one after the other. For quotes and for reading aloud."""
    lines = []
    for line in text.splitlines():
        words = re.sub(r"^\s*(#{1,6}|>|[-*+]|\d+[.)])\s+", "", line)
        if re.fullmatch(r"[\s|:-]*", words):
            continue
        if words.strip().startswith("|"):
            words = " · ".join(cell.strip() for cell in words.split("|") if cell.strip(" -:"))
        lines.append(_SPAN.sub(lambda found: found[1] or found[2], words).strip())
    return " ".join(lines)


def answer(text: str, citations: Sequence[SourceRef]) -> str:
    """An answer as HTML, its `[1]` marks turned into buttons that open the source. Unknown numbers stay text."""
    known = {source.index: source for source in citations}
    marked = re.sub(
        r"[ \t]*\[(\d+)\]",
        lambda found: _OPEN + found[1] + _CLOSE if int(found[1]) in known else found[0],
        text.replace(_OPEN, "").replace(_CLOSE, ""),
    )
    return _MARK.sub(lambda found: citation_mark(known[int(found[1])]), safe_markdown(marked))


def with_marks(sentence: str, citations: Sequence[SourceRef]) -> str:
    """`sentence [1]`: a released sentence with the numbers of its sources where it has none yet."""
    missing = " ".join(f"[{source.index}]" for source in citations if f"[{source.index}]" not in sentence)
    # A mark inside the last row would become a cell of the table.
    gap = "\n\n" if sentence.rstrip().endswith("|") else " "
    return f"{sentence.rstrip()}{gap}{missing}" if missing else sentence.rstrip()


def source_data(source: SourceRef) -> dict[str, object]:
    """What a button needs to open a source."""
    return {"data_action": "source", "data_document": source.document_id, "data_chunk": source.chunk_id}


def citation_mark(source: SourceRef) -> str:
    """The small raised number behind a sentence."""
    label = f"Source {source.index}: {source.title}"
    values = attributes(source_data(source) | {"aria_label": label, "title": source.title})
    # The word joiner keeps the number on the line of its sentence.
    return f'\u2060<sup><button type="button" class="cite"{values}>{source.index}</button></sup>'
