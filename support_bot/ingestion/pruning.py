"""Take away from a page what is not the article: navigation, forms, hidden parts. Does not write Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bs4 import BeautifulSoup, Comment, Tag

_NEVER = (
    "script", "style", "noscript", "template", "svg", "canvas", "iframe", "object", "embed", "audio", "video", "map",
    "nav", "footer", "dialog", "input", "select", "textarea", "option", "link", "meta", "head", "math",
)  # fmt: skip
_ROLES = frozenset(("navigation", "search", "banner", "contentinfo", "complementary", "dialog", "menu", "menubar"))
_CLUTTER = frozenset((
    "breadcrumb", "breadcrumbs", "skip-link", "skip-nav", "sr-only", "visually-hidden", "cookie-banner", "pagination",
    "share-buttons", "social-share", "article-votes", "article-relatives", "related-articles", "feedback-widget",
    "table-of-contents", "toc", "on-this-page", "print-only", "headerlink", "anchor-link", "edit-this-page",
))  # fmt: skip
_CALLOUT = re.compile(r"note|warning|tip|callout|admonition|alert|caution|important|hint|info", re.I)
_INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_MADE = "data-made-heading"
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


def main_content(soup: BeautifulSoup) -> Tag:
    """The element that holds the article, pruned in place."""
    root = _root(soup)
    shown_on_click = {target for tag in soup.find_all(True, attrs={"aria-controls": True}) for target in _ids(tag)}
    for comment in soup.find_all(string=lambda text: isinstance(text, Comment)):
        comment.extract()
    _drop(root.find_all(_NEVER))
    _drop(tag for tag in root.find_all(True) if _is_clutter(tag))
    _drop(tag for tag in root.find_all(True) if _is_hidden(tag, shown_on_click))
    _forms(root)
    _buttons(root)
    _asides_and_headers(root)
    return root


def _root(soup: BeautifulSoup) -> Tag:
    for found in (soup.find_all("main"), soup.find_all(True, attrs={"role": "main"}), soup.find_all("article")):
        if len(found) == 1 and found[0].get_text(strip=True):
            articles = found[0].find_all("article")
            whole = len(found[0].get_text())
            alone = len(articles) == 1 and articles[0].find(HEADINGS) and len(articles[0].get_text()) > whole / 2
            return articles[0] if alone else found[0]
    return soup.body or soup


def _drop(tags: Iterable[Tag]) -> None:
    for tag in list(tags):
        if not tag.decomposed:
            tag.decompose()


def _is_clutter(tag: Tag) -> bool:
    names = set(tag.get_attribute_list("class")) | {tag.get("id")}
    return bool(names & _CLUTTER) or tag.get("role") in _ROLES


def _is_hidden(tag: Tag, shown_on_click: set[str]) -> bool:
    """Hidden for good. A panel that a button opens (accordion, tab) is content."""
    if tag.get("id") in shown_on_click or tag.get("role") == "tabpanel" or tag.get("hidden") == "until-found":
        return False
    return tag.has_attr("hidden") or tag.get("aria-hidden") == "true" or bool(_INVISIBLE.search(_text(tag, "style")))


def _forms(root: Tag) -> None:
    """Forms go, but some sites wrap the whole page in one."""
    for form in root.find_all("form"):
        if form.find(("h1", "main", "article")):
            form.unwrap()
        else:
            form.decompose()


def _buttons(root: Tag) -> None:
    """A button that opens a panel is that panel's heading; any other button is an action, not information."""
    panels = {str(tag["id"]) for tag in root.find_all(id=True)}
    for button, level in levels_below(root, "button"):
        if button.find_parent((*HEADINGS, "summary", "p", "li", "td")):
            button.unwrap()
        elif panels.intersection(_ids(button)):
            make_heading(button, level)
        else:
            button.decompose()


def _asides_and_headers(root: Tag) -> None:
    """Asides go unless they are the article's own notes; of a header inside the article its headings stay."""
    for aside in root.find_all("aside"):
        marks = " ".join([*map(str, aside.get_attribute_list("class")), _text(aside, "role")])
        if not _CALLOUT.search(marks):
            aside.decompose()
    for header in root.find_all("header"):
        if header.decomposed:
            continue
        for heading in header.find_all(HEADINGS):
            header.insert_before(heading.extract())
        header.decompose()


def levels_below(root: Tag, name: str) -> list[tuple[Tag, int]]:
    """Every `name` element with the level of a heading that hangs under the page's own heading before it."""
    found: list[tuple[Tag, int]] = []
    level = 1
    for tag in root.find_all((*HEADINGS, name)):
        if tag.name == name:
            found.append((tag, level + 1))
        elif not tag.has_attr(_MADE):
            level = int(tag.name[1])
    return found


def make_heading(tag: Tag, level: int) -> None:
    """Turn `tag` into a heading; what hangs beside it does not hang under it."""
    tag.name = f"h{min(6, level)}"
    tag[_MADE] = ""


def _ids(tag: Tag) -> list[str]:
    return _text(tag, "aria-controls").split()


def _text(tag: Tag, attribute: str) -> str:
    value = tag.get(attribute)
    return value if isinstance(value, str) else ""


def pruned_fragment(html: str) -> Tag:
    """The tree of a piece of HTML that is all content, without scripts, forms and hidden parts."""
    soup = BeautifulSoup(f"<main>{html}</main>", "lxml")
    return main_content(soup)
