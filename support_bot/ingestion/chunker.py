"""Cut a document into chunks that stand on their own. Sees headings and blocks, never questions or models.

The text of a chunk is the stretch `document.text[start:end]`; pieces of a split table have their header row put back
above, pieces of a nested list begin at the margin. A heading lies in `heading_path` or in the text, never in both."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from support_bot.ingestion.blocks import Section, parse
from support_bot.ingestion.packing import Unit, pack
from support_bot.ingestion.spans import Span, spans
from support_bot.ingestion.words import count_words
from support_bot.values import ChunkDraft, ParsedDocument

_SMALL = 0.6
"""Sections of the top two levels join only below this share of the target …"""
_STUB = 0.2
"""… or when all but one of them are hardly more than a sentence."""
_WIDTHS = str.maketrans("", "", "*_`")


@dataclass(frozen=True, slots=True)
class _Piece:
    """A chunk to be: `start` is where its own heading begins, `body` where its text does."""

    start: int
    body: int
    end: int
    words: int
    path: tuple[str, ...]
    header: str = ""
    empty: bool = False


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece that may still join its neighbours; `guarded` where a section of the top two levels begins or ends."""

    piece: _Piece
    guarded: bool


def chunk(document: ParsedDocument, *, target_words: int) -> list[ChunkDraft]:
    """The document's chunks in order, of about `target_words` words.

    None has more than 1.5 times that, but for the sentence that introduces a list or table of that length."""
    root = parse(document.text)
    cutter = _Cutter(document, target_words, _guarded_rank(root, document.title))
    drafts: list[ChunkDraft] = []
    for piece in _attach_empty(cutter.pieces(root, (document.title,))):
        start, end = _trim(document.text, piece.body, piece.end)
        if start < end:
            text = "\n".join(filter(None, (piece.header, _dedent(document.text[start:end]))))
            drafts.append(ChunkDraft(text, piece.path, len(drafts), start, end))
    return drafts


class _Cutter:
    """Walks the section tree of one document."""

    def __init__(self, document: ParsedDocument, target: int, guarded_rank: int) -> None:
        self.text = document.text
        self.title = document.title
        self.target = target
        self.guarded_rank = guarded_rank

    def pieces(self, section: Section, path: tuple[str, ...]) -> list[_Piece]:
        """The pieces of a section: its own blocks, then its sub-sections, small neighbours joined."""
        if section.empty and section.heading:
            return [_Piece(section.start, section.start, section.end, 0, path[:-1] or path, empty=True)]
        groups = [self._own(section, path)]
        groups += [self.pieces(child, self._path(path, child)) for child in section.sections]
        guards = [child.rank <= self.guarded_rank for child in section.sections]
        guards.insert(0, any(guards))
        found: list[_Piece] = []
        run: list[_Part] = []
        for group, guarded in zip(groups, guards, strict=True):
            if len(group) == 1 and not group[0].empty:
                run.append(_Part(group[0], guarded))
            elif group:
                found += [*self._join(run, path), *group]
                run = []
        found += self._join(run, path)
        if found and section.heading:
            found[0] = replace(found[0], start=section.start)
        return found

    def _own(self, section: Section, path: tuple[str, ...]) -> list[_Piece]:
        cut = spans(section.blocks, self.text, self.target)
        groups = [cut[a:b] for a, b in pack([Unit(s.words, s.glue) for s in cut], self.target)]
        return [_from_spans(group, path) for group in groups if group]

    def _join(self, parts: Sequence[_Part], path: tuple[str, ...]) -> Iterator[_Piece]:
        """Neighbouring pieces packed up to the target; what is joined keeps its headings in the text."""
        headings = [count_words(self.text[part.piece.start : part.piece.body]) for part in parts]
        words = [part.piece.words + more for part, more in zip(parts, headings, strict=True)]
        guarded = _sums(part.guarded for part in parts)
        large = _sums(count > _SMALL * self.target for count in words)
        more_than_stubs = _sums(count > _STUB * self.target for count in words)
        total = _sums(words)

        def may_join(a: int, b: int) -> bool:
            if total[b] - total[a] > self.target:
                return False
            if guarded[a] == guarded[b] or large[a] == large[b]:
                return True
            return more_than_stubs[b] - more_than_stubs[a] == 1

        for a, b in pack([Unit(count) for count in words], self.target, may_join):
            first, last = parts[a].piece, parts[b - 1].piece
            if b - a == 1:
                yield first
            else:
                yield _Piece(first.start, first.start, last.end, total[b] - total[a], path, first.header)

    def _path(self, path: tuple[str, ...], section: Section) -> tuple[str, ...]:
        """The title is named once, though most articles repeat it as their first heading."""
        again = len(path) == 1 and _same(section.heading, self.title)
        return path if again or not section.heading else (*path, section.heading)


def _from_spans(group: Sequence[Span], path: tuple[str, ...]) -> _Piece:
    first, last = group[0], group[-1]
    return _Piece(first.start, first.start, last.end, sum(span.words for span in group), path, first.header)


def _guarded_rank(root: Section, title: str) -> int:
    """The deeper of the two top ranks: usually 2, more where a document begins with smaller headings."""
    ranks = {section.rank for section in _all(root) if section.heading and not _same(section.heading, title)}
    return max(2, min(ranks, default=2))


def _all(section: Section) -> Iterator[Section]:
    for child in section.sections:
        yield child
        yield from _all(child)


def _attach_empty(pieces: Sequence[_Piece]) -> list[_Piece]:
    """Headings with nothing beneath them open the next chunk; at the very end they close the last one."""
    kept: list[_Piece] = []
    waiting: _Piece | None = None
    for piece in pieces:
        if piece.empty:
            waiting = waiting or piece
            continue
        if waiting:
            shared = waiting.path[: _shared_length(waiting.path, piece.path)]
            piece = replace(piece, start=waiting.start, body=waiting.start, path=shared)
            waiting = None
        kept.append(piece)
    if waiting and kept:
        kept[-1] = replace(kept[-1], end=pieces[-1].end)
    elif waiting:
        kept.append(replace(waiting, end=pieces[-1].end))
    return kept


def _shared_length(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def _sums(counts: Iterable[int]) -> list[int]:
    """Running totals from 0, so that `sums[b] - sums[a]` counts the items from a to b."""
    return [0, *accumulate(counts)]


def _same(heading: str, title: str) -> bool:
    return _fold(heading) == _fold(title)


def _fold(text: str) -> str:
    return re.sub(r"\W+", " ", text.translate(_WIDTHS)).strip().casefold()


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """The stretch without blank lines around it; the indentation of its first line stays."""
    stretch = text[start:end]
    blank = re.match(r"(?:[^\S\n]*\n)*", stretch)
    return start + (blank.end() if blank else 0), start + len(stretch.rstrip())


def _dedent(stretch: str) -> str:
    """A piece of a nested list begins at the margin, or Markdown would take it for code."""
    margin = len(stretch) - len(stretch.lstrip())
    return re.sub(rf"^[^\S\n]{{1,{margin}}}", "", stretch, flags=re.M) if margin else stretch
