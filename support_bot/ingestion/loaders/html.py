"""Read web pages: the article without the page around it. Fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from langchain_core.documents import Document

from support_bot.errors import UnreadableDocument
from support_bot.ingestion.encoding import decode
from support_bot.ingestion.loaders.base import FileLoader, document
from support_bot.ingestion.markup import to_markdown
from support_bot.ingestion.pruning import main_content

_DECLARED = re.compile(rb"<meta[^>]{0,200}charset|<\?xml[^>]{0,100}encoding", re.I)
_SITE_NAME = re.compile(r"\s+[|–—·»-]\s+")


class HtmlLoader(FileLoader):
    """`.html`: main content as Markdown; title from the first heading, og:title or <title>; the canonical address."""

    suffixes = (".html", ".htm", ".xhtml")
    media_types = ("text/html", "application/xhtml+xml")

    def lazy_load(self) -> Iterator[Document]:
        data = self.path.read_bytes()
        soup = BeautifulSoup(data if _DECLARED.search(data[:4096]) else decode(data), "lxml")
        url, title, language = _canonical(soup), _title(soup), soup.html.get("lang") if soup.html else None
        try:
            text = to_markdown(main_content(soup), _base(soup, url or self.address))
        except RecursionError as exc:
            raise UnreadableDocument("The page nests its elements too deeply to be read. Save it as Markdown.") from exc
        if not text.strip():
            raise UnreadableDocument(
                "The page holds no text: it may load its article with JavaScript. Save the page from the browser "
                "after it has loaded, or upload the article as Markdown or PDF."
            )
        yield document(text, title=title, url=url, language=str(language) if language else None)


def _title(soup: BeautifulSoup) -> str | None:
    headings = soup.find_all("h1")
    inside = soup.main.find("h1") if soup.main else None
    heading = inside or (headings[0] if headings else None)
    if isinstance(heading, Tag) and (text := " ".join(heading.get_text(" ").split()).rstrip(" ¶#")):
        return text
    named = _meta(soup, "og:title")
    if named or not soup.title:
        return named
    # "How do I return a parcel? – Help Centre": the site's name stands behind the last mark.
    return _SITE_NAME.split(" ".join(soup.title.get_text().split()))[0] or None


def _canonical(soup: BeautifulSoup) -> str | None:
    link = soup.find("link", rel="canonical")
    found = str(link.get("href") or "") if isinstance(link, Tag) else _meta(soup, "og:url") or ""
    return found if urlsplit(found).scheme in ("http", "https") else None


def _base(soup: BeautifulSoup, url: str | None) -> str | None:
    base = soup.find("base")
    href = str(base.get("href") or "") if isinstance(base, Tag) else ""
    return href if urlsplit(href).scheme in ("http", "https") else url


def _meta(soup: BeautifulSoup, name: str) -> str | None:
    tag = soup.find("meta", property=name)
    return " ".join(str(tag.get("content") or "").split()) or None if isinstance(tag, Tag) else None
