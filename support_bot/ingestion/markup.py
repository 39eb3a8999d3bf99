"""Write an HTML tree as Markdown without raw HTML in it. Knows neither files nor what a page's clutter looks like."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from bs4.element import NavigableString, Tag
from markdownify import ATX, MarkdownConverter

from support_bot.ingestion.pruning import HEADINGS, levels_below, make_heading

_RAISED = str.maketrans("0123456789+-()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
_SPACE = re.compile(r"\s+")
_FILE_NAME = re.compile(
    r"\.(png|jpe?g|gif|svg|webp)$|^(image|img|screenshot|logo|icon|picture|photo|figure)\b.{0,12}$", re.I
)
_CELL_BLOCKS = ("li", "p", "div", "ul", "ol", "br")
_STOPS = (".", ":", ";", ",", "!", "?")
_CELL, _ROW = "\x1f", "\x1e"
_PERMALINKS = frozenset("¶#§🔗")


def to_markdown(root: Tag, base_url: str | None = None) -> str:
    """Markdown of `root` with `#` headings and pipe tables; `base_url` makes relative links whole. Changes the tree."""
    _accordions(root)
    _definition_lists(root)
    _images(root)
    _links(root, base_url)
    _tables(root)
    converter = _Converter(
        heading_style=ATX, bullets="-", escape_asterisks=False, escape_underscores=False, wrap=True, wrap_width=None
    )
    return str(converter.convert_soup(root))


class _Converter(MarkdownConverter):
    """markdownify, but tables keep their shape and raised figures do not run into the number before them."""

    def convert_sup(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return _shifted(text, _RAISED, "^")

    def convert_sub(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return _shifted(text, _LOWERED, "_")

    def convert_td(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        cell = _SPACE.sub(" ", text).strip().replace("|", "\\|")
        return (cell + _CELL) * _span(el, "colspan")

    convert_th = convert_td

    def convert_tr(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        return text + _ROW

    def convert_table(self, el: Tag, text: str, parent_tags: set[str]) -> str:
        rows = [[cell.strip() for cell in row.split(_CELL)[:-1]] for row in text.split(_ROW)[:-1]]
        rows = [row for row in rows if any(row)]
        if not rows:
            return ""
        width = max(map(len, rows))
        lines = ["| " + " | ".join(row + [""] * (width - len(row))) + " |" for row in rows]
        lines.insert(1, "|" + " --- |" * width)
        return "\n\n" + "\n".join(lines) + "\n\n"


def _shifted(text: str, table: dict[int, int], mark: str) -> str:
    text = text.strip()
    if text and all(ord(char) in table for char in text):
        return text.translate(table)
    return f"{mark}({text})" if re.search(r"\d", text) else f" {text}" if len(text) > 2 else text


def _accordions(root: Tag) -> None:
    """`details` become a heading and its text; nested ones one level deeper."""
    for summary, level in levels_below(root, "summary"):
        if summary.find(HEADINGS):
            summary.unwrap()
        else:
            make_heading(summary, level + max(0, len(summary.find_parents("details")) - 1))
    for details in root.find_all("details"):
        details.name = "div"


def _definition_lists(root: Tag) -> None:
    for term in root.find_all("dt"):
        if not term.find(HEADINGS):
            term.wrap(Tag(name="p"))
            term.name = "strong"
        else:
            term.unwrap()
    for tag in root.find_all(("dd", "dl")):
        tag.name = "div"


def _images(root: Tag) -> None:
    """An image goes; a description that says something stays."""
    for image in root.find_all("img"):
        alt = _SPACE.sub(" ", str(image.get("alt") or "")).strip()
        figure = image.find_parent("figure")
        told = figure is not None and alt.casefold() in figure.get_text(" ").casefold()
        if len(alt.split()) < 3 or _FILE_NAME.search(alt) or told:
            image.decompose()
        else:
            image.replace_with(NavigableString(f"(Image: {alt})"))


def _links(root: Tag, base_url: str | None) -> None:
    for link in root.find_all("a"):
        target = str(link.get("href") or "").strip()
        text = link.get_text(strip=True)
        if not text or text in _PERMALINKS:
            link.decompose()
        elif not target or target.startswith(("#", "javascript:", "data:")) or link.find(HEADINGS):
            link.unwrap()
        elif text == target.removeprefix("mailto:").removeprefix("tel:"):
            link.unwrap()  # the text is the target
        else:
            link["href"] = (urljoin(base_url, target) if base_url else target).replace(" ", "%20")
            del link["title"]


def _tables(root: Tag) -> None:
    """Tables that only arrange a page become plain blocks; in real ones every cell gets its own text on one line."""
    for table in root.find_all("table"):
        rows = [row for row in table.find_all("tr") if row.find_parent("table") is table]
        width = max((len(row.find_all(("td", "th"), recursive=False)) for row in rows), default=0)
        if width < 2 or table.get("role") == "presentation" or table.find((*HEADINGS, "table")):
            for tag in [table, *table.find_all(("caption", "thead", "tbody", "tfoot", "tr", "td", "th"))]:
                tag.name = "div"
            continue
        caption = table.find("caption")
        if isinstance(caption, Tag):
            caption.name = "p"
            table.insert_before(caption.extract())
        _expand_rows(rows)
        for cell in table.find_all(("td", "th")):
            _flatten(cell)


def _expand_rows(rows: list[Tag]) -> None:
    """A cell that spans rows is repeated in each, so that every row is true on its own."""
    for index, row in enumerate(rows):
        for cell in row.find_all(("td", "th"), recursive=False):
            below = _span(cell, "rowspan") - 1
            column = len(cell.find_previous_siblings(("td", "th")))
            del cell["rowspan"]
            for other in rows[index + 1 : index + 1 + below]:
                cells = other.find_all(("td", "th"), recursive=False)
                if column < len(cells):
                    cells[column].insert_before(cell.__copy__())
                else:
                    other.append(cell.__copy__())


def _flatten(cell: Tag) -> None:
    """Lines, paragraphs and list items of a cell, one behind the other."""
    before = ""
    for part in list(cell.descendants):
        if isinstance(part, NavigableString):
            before = str(part).strip() or before
        elif isinstance(part, Tag) and part.name in _CELL_BLOCKS and before:
            if part.name == "br" or part.get_text(strip=True):
                part.insert_before(NavigableString(" " if before.endswith(_STOPS) else "; "))
            before = ""  # one mark between two texts is enough
    for tag in cell.find_all(_CELL_BLOCKS):
        tag.unwrap()


def _span(cell: Tag, attribute: str) -> int:
    value = str(cell.get(attribute) or "1")
    return max(1, min(50, int(value))) if value.isdecimal() else 1
