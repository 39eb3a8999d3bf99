"""The piece of a conversation that shows best why a search found it, with the words marked. Makes no markup."""

from __future__ import annotations

from collections.abc import Sequence

from support_bot.storage.inbox_words import Term, fold, marks

Piece = tuple[str, bool]
"""A stretch of text, and whether it is one of the words asked for."""

_BEFORE, _LENGTH = 40, 180
_MOST_READ = 40_000
_WITHIN_CODES = str.maketrans("", "", "-./:@+#_")


def snippet(texts: Sequence[tuple[int | None, str]], wanted: list[Term]) -> tuple[tuple[Piece, ...], int | None]:
    """Of these texts, each with the id of its message or None, the one with most of the words, cut to its words; and
    that id. The first counts where two have as many."""
    best: tuple[int, str, list[tuple[int, int, int]], int | None] = (0, "", [], None)
    for message_id, text in texts:
        text = text[:_MOST_READ]
        if not _may_have(text, wanted):
            continue
        found = marks(text, wanted)
        if (kinds := len({which for _, _, which in found})) > best[0]:
            best = (kinds, text, found, message_id)
        if best[0] == len(wanted):
            break
    return tuple(_cut(best[1], best[2])), best[3]


def _may_have(text: str, wanted: list[Term]) -> bool:
    """Quickly, whether reading the text word by word can be worth it."""
    folded = fold(text)
    squeezed = folded.translate(_WITHIN_CODES)
    return any(term.words[0] in folded or (term.joined or term.words[0]) in squeezed for term in wanted)


def _cut(text: str, found: list[tuple[int, int, int]]) -> list[Piece]:
    if not found:
        return []
    begin = max(0, found[0][0] - _BEFORE)
    begin = text.find(" ", begin, found[0][0]) + 1 if begin else 0
    begin = begin or max(0, found[0][0] - _BEFORE)
    end = min(len(text), begin + _LENGTH)
    pieces: list[Piece] = [("…", False)] if begin else []
    at = begin
    for start, stop, _ in found:
        if start >= end:
            break
        pieces += [(text[at:start], False), (text[start:stop], True)]
        at = stop
    pieces.append((text[at : max(at, end)] + ("…" if max(at, end) < len(text) else ""), False))
    return [(" ".join(words.split("\n")), marked) for words, marked in pieces if words]
