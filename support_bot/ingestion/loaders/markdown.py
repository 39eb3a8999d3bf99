"""Read Markdown as help desks and site generators write it. Knows their leftovers, not what the article is for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import frontmatter
import yaml
from langchain_core.documents import Document
from markdown_it import MarkdownIt

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.encoding import decode
from support_bot.ingestion.loaders.base import FileLoader, document
from support_bot.ingestion.markup import to_markdown
from support_bot.ingestion.pruning import pruned_fragment

_FENCE = re.compile(r"^ {0,3}(```+|~~~+)")
_LEFTOVERS = re.compile(
    r"\{:[^{}\n]*\}"  # Kramdown: {: .class}, {:toc}
    r"|\{#[\w.-]+\}"  # heading ids: {#refunds}
    r"|\{%-?\s.*?%\}"  # Liquid: {% include note.html %}
    r"|\[\[_?TOC_?\]\]",
    re.I,
)
_CODE_SPAN = re.compile(r"(`+[^`\n]+`+)")
_ADMONITION = re.compile(r"^(?:!!!|\?\?\?\+?|:::+)\s*\{?(\w+)\}?\s*(?:\[(.+)\]|\"(.*)\"|(.*))$")
_ALERT = re.compile(r"^(\s*>\s*)\[!(\w+)\]\s*$")
_BLOCK_COMMENT = re.compile(r"<!--.*?-->", re.S)
_NUMBERED = re.compile(r"^(\s*)(\d{1,3}[.)]\s+)\S")
_FRONT_MATTER = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.S)


class MarkdownLoader(FileLoader):
    """`.md`: front matter to title and address, raw HTML and site-generator marks cleaned away."""

    suffixes = (".md", ".markdown", ".mdown", ".mkd")
    media_types = ("text/markdown", "text/x-markdown")

    def lazy_load(self) -> Iterator[Document]:
        meta, body = _front_matter(decode(self.path.read_bytes()))
        text = _normalised(body)
        if not text.strip():
            raise UnreadableDocument("The file holds no text besides its front matter. Add the article and try again.")
        extra = {key: meta[key] for key in ("category", "language", "lang", "updated") if key in meta}
        yield document(text, title=meta.get("title"), url=meta.get("url") or meta.get("canonical_url"), **extra)


def _front_matter(text: str) -> tuple[Mapping[str, str], str]:
    text = text.replace("\r\n", "\n")
    try:
        values, body = frontmatter.parse(text)
    except (yaml.YAMLError, ValueError):  # an unquoted colon in a title is enough
        found = _FRONT_MATTER.match(text)
        lines = found.group(1).splitlines() if found else []
        pairs = (line.partition(":") for line in lines if ":" in line)
        values, body = {k.strip(): v.strip(" \"'") for k, _, v in pairs}, text[found.end() :] if found else text
    if not values and text.removeprefix("---").strip().strip("-").strip():
        body = text  # a rule at the top, not front matter
    plain = {str(k): " ".join(str(v).split()) for k, v in values.items() if v and not isinstance(v, (dict, list))}
    return plain, body


def _normalised(body: str) -> str:
    """The article as clean Markdown: one dialect, links resolved, no raw HTML."""
    source = "\n".join(_prepared(_BLOCK_COMMENT.sub("", body).split("\n")))
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(source)
    try:
        return to_markdown(pruned_fragment(html))
    except RecursionError as exc:
        raise UnreadableDocument("The file nests lists or quotations too deeply to be read.") from exc


def _prepared(lines: list[str]) -> Iterator[str]:
    """The lines without leftovers of site generators; code stays as it is."""
    fence: str | None = None
    for line in _nested(lines):
        mark = _FENCE.match(line)
        if mark and (fence is None or line.strip().startswith(fence)):
            fence = mark.group(1) if fence is None else None
        yield line if mark or fence else _without_leftovers(line)


def _without_leftovers(line: str) -> str:
    if line.startswith((":::", "!!!", "???")):
        found = _ADMONITION.match(line)
        title = next(filter(None, found.groups()[1:]), found.group(1).capitalize()) if found else ""
        return f"**{title}**\n" if title else ""
    line = _ALERT.sub(lambda found: f"{found.group(1)}**{found.group(2).capitalize()}**\n{found.group(1)}", line)
    parts = _CODE_SPAN.split(line)
    kept = [part if index % 2 else _LEFTOVERS.sub("", part) for index, part in enumerate(parts)]
    return "".join(kept) if "".join(kept).strip() or not line.strip() else ""


def _nested(lines: list[str]) -> Iterator[str]:
    """Bullets indented by too little under a numbered step belong to that step, whatever CommonMark says."""
    width = shift = 0
    for line in lines:
        indent = len(line) - len(line.lstrip(" "))
        step = _NUMBERED.match(line)
        if step and indent == 0:
            width, shift = len(step.group(2)), 0
        elif line.strip() and indent == 0:
            width = shift = 0
        elif 0 < indent < width and not shift:
            shift = width - indent
        yield " " * shift + line if line.strip() and indent else line
