"""The words of an HTML mail, read in one pass: no tree is built, so that no nesting is too deep."""

from __future__ import annotations

import re
from html.parser import HTMLParser

MOST_MARKUP = 500_000
_HIDDEN = re.compile(r"display\s{0,9}:\s{0,9}none", re.I)
_SPACE = re.compile(r"\s+")
_UNSEEN = frozenset(("script", "style", "head", "title", "template", "noscript"))
_BLOCKS = frozenset(("p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol", "pre", "br"))
_VOID = frozenset(("br", "img", "hr", "input", "meta", "link", "area", "base", "col", "embed", "source", "wbr"))
_QUOTING_CLASSES = frozenset(("gmail_quote", "yahoo_quoted", "moz-cite-prefix"))
_QUOTING_IDS = frozenset(("divRplyFwdMsg", "appendonsend"))


def html_to_text(markup: str) -> str:
    """No markup, no script, nothing hidden, no quoted mail unless there is nothing else."""
    words = _Words()
    words.feed(markup[:MOST_MARKUP])
    words.close()
    return _lines(words.own) or _lines(words.all)


class _Words(HTMLParser):
    """`own` is what stands outside of quoted mails, `all` everything that is seen."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.own: list[str] = []
        self.all: list[str] = []
        self._unseen = _Inside()
        self._quoted = _Inside()
        self._rest_is_quoted = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self._add("\n")
        if tag in _VOID:
            return
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "")[:500].split())
        self._unseen.begin(tag, starts=tag in _UNSEEN or bool(_HIDDEN.search(given.get("style", "")[:2000])))
        self._quoted.begin(tag, starts=tag == "blockquote" or not classes.isdisjoint(_QUOTING_CLASSES))
        # Outlook marks where the mail that it quotes begins, and nothing of the writer's own follows.
        self._rest_is_quoted = self._rest_is_quoted or given.get("id") in _QUOTING_IDS

    def handle_endtag(self, tag: str) -> None:
        self._unseen.end(tag)
        self._quoted.end(tag)
        if tag in _BLOCKS:
            self._add("\n")

    def handle_data(self, data: str) -> None:
        self._add(_SPACE.sub(" ", data))

    def _add(self, text: str) -> None:
        if not self._unseen:
            self.all.append(text)
            if not self._quoted and not self._rest_is_quoted:
                self.own.append(text)


class _Inside:
    """Whether we are inside of an element that mattered when it began; tags of other names do not end it."""

    def __init__(self) -> None:
        self._tag = ""
        self._depth = 0

    def begin(self, tag: str, *, starts: bool) -> None:
        if self._depth:
            self._depth += tag == self._tag
        elif starts:
            self._tag, self._depth = tag, 1

    def end(self, tag: str) -> None:
        if self._depth and tag == self._tag:
            self._depth -= 1

    def __bool__(self) -> bool:
        return self._depth > 0


def _lines(parts: list[str]) -> str:
    lines = [" ".join(line.split()) for line in "".join(parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
