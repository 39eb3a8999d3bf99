"""Let a passage that was found take in its neighbours: small pieces are searched, larger ones read. Asks no index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from support_bot.index.bigrams import index_words
from support_bot.values import Passage


def grow(found: Sequence[Passage], around: Mapping[int, Sequence[Passage]], *, most_words: int) -> list[Passage]:
    """The passages in their order, each grown by neighbours while it has at most `most_words` words.

    `around` has for a chunk id the chunks around it in the order of the document, itself among them. The neighbour that
    was found nearer the top comes first; a chunk is shown once, in the first passage that takes it."""
    places = {passage.chunk_id: place for place, passage in enumerate(found)}
    used: set[int] = set()
    grown: list[Passage] = []
    for passage in found:
        if passage.chunk_id not in used:
            used.add(passage.chunk_id)
            stretch = _stretch(passage, around.get(passage.chunk_id, ()), places, used, most_words)
            used.update(part.chunk_id for part in stretch)
            grown.append(replace(passage, text=_joined(passage, stretch)))
    return grown


def _stretch(
    passage: Passage, row: Sequence[Passage], places: Mapping[int, int], used: set[int], most_words: int
) -> Sequence[Passage]:
    """The neighbouring chunks, this one among them, that fit into the words."""
    first = next((place for place, part in enumerate(row) if part.chunk_id == passage.chunk_id), None)
    if first is None:
        return [passage]
    last, words = first, _words(passage)
    while True:
        options = [
            place
            for place in (first - 1, last + 1)
            if 0 <= place < len(row) and row[place].chunk_id not in used and words + _words(row[place]) <= most_words
        ]
        if not options:
            return row[first : last + 1]
        chosen = min(options, key=lambda place: places.get(row[place].chunk_id, len(places)))
        first, last = min(first, chosen), max(last, chosen)
        words += _words(row[chosen])


def _joined(passage: Passage, stretch: Sequence[Passage]) -> str:
    """The texts as one; a neighbour under another heading begins with it."""
    parts: list[str] = []
    heading = passage.heading
    for part in stretch:
        if part.heading and part.heading != heading:
            parts.append(f"### {part.heading}")
        heading = part.heading
        parts.append(part.text)
    return "\n\n".join(parts)


def _words(passage: Passage) -> int:
    """Words between spaces, and two characters to a word where there are no spaces."""
    return len(passage.text.split()) + len(index_words(passage.text)) // 2
