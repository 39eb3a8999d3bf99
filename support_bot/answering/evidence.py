"""Pick the sentences, steps or table rows that answer the question, by meaning and shared words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from support_bot.answering.segments import Segment, join, plain, segments
from support_bot.index.keyword import terms
from support_bot.values import Excerpt, Passage

Embed = Callable[[Sequence[str]], NDArray[np.float32]]

_PASSAGES_READ = 4
_MOST_SEGMENTS = 120


@dataclass(frozen=True, slots=True)
class Weights:
    """How a piece is scored; fitted on the training companies (docs/benchmarks.md).

    `overlap` is the share of word overlap against cosine; `rank_cost` what each place behind the first costs a
    passage; `keep` the share of the best score a neighbour needs to be quoted with it."""

    overlap: float = 0.3
    rank_cost: float = 0.03
    keep: float = 0.4


@dataclass(frozen=True, slots=True)
class _Scored:
    passage: Passage
    rank: int
    pieces: list[Segment]
    cosines: NDArray[np.float32]
    scores: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen, and the cosine of the piece closest to the question, chosen or not."""

    excerpts: tuple[Excerpt, ...]
    closest: float


def select(
    question: str, passages: Sequence[Passage], embed: Embed, *, most_words: int, weights: Weights = Weights()
) -> Selection:
    """The excerpts that answer best, best first; none when there is nothing to choose from.

    The score of an excerpt is that of its best piece (about 0..1). Each is a contiguous stretch of its passage, all
    together at most `most_words` words unless a single piece is longer."""
    read = _score(question, passages[:_PASSAGES_READ], embed, weights)
    if not read:
        return Selection((), 0.0)
    best = max(read, key=lambda scored: _top(scored, weights))
    closest = max(float(scored.cosines.max()) for scored in read)
    return Selection((_window(best, most_words, weights),), closest)


def _in_context(passage: Passage, piece: Segment) -> str:
    """A piece as it is compared: with the headings, bold words and sentence that introduce it."""
    return " ".join(
        filter(None, (passage.heading, piece.heading, plain(piece.label), piece.context, plain(piece.text)))
    )


def _top(scored: _Scored, weights: Weights) -> float:
    return float(scored.scores.max()) - weights.rank_cost * scored.rank


def _score(question: str, passages: Sequence[Passage], embed: Embed, weights: Weights) -> list[_Scored]:
    cut = [(passage, [s for s in segments(passage.text) if s.kind != "heading"]) for passage in passages]
    flat = [_in_context(passage, piece) for passage, pieces in cut for piece in pieces]
    flat = flat[:_MOST_SEGMENTS]
    if not flat:
        return []
    vectors = embed([question, *flat])
    cosines = vectors[1:] @ vectors[0]
    wanted = terms(question)
    overlaps = np.array([overlap(wanted, text) for text in flat], dtype=np.float32)
    scores = (1 - weights.overlap) * cosines + weights.overlap * overlaps
    found: list[_Scored] = []
    begin = 0
    for rank, (passage, pieces) in enumerate(cut):
        pieces = pieces[: len(flat) - begin]
        if pieces:
            part = slice(begin, begin + len(pieces))
            found.append(_Scored(passage, rank, pieces, cosines[part], scores[part]))
        begin += len(pieces)
    return found


def overlap(wanted: Sequence[str], text: str) -> float:
    """The share of the wanted words that occur in the text (compared by their first five letters), 0..1."""
    if not wanted:
        return 0.0
    have = {word[:5] for word in terms(plain(text))}
    return sum(word[:5] in have for word in wanted) / len(wanted)


def _window(scored: _Scored, most_words: int, weights: Weights) -> Excerpt:
    """Grow from the best piece to its better neighbour while that is worth its words."""
    scores, pieces = scored.scores, scored.pieces
    first = last = int(scores.argmax())
    floor = float(scores[first]) * weights.keep
    words = pieces[first].words
    while True:
        options = [i for i in (first - 1, last + 1) if 0 <= i < len(pieces)]
        options = [
            i
            for i in options
            if words + pieces[i].words <= most_words and (scores[i] >= floor or _belongs(pieces, i, first, last))
        ]
        if not options:
            break
        chosen = max(options, key=lambda i: (_belongs(pieces, i, first, last), float(scores[i])))
        first, last = min(first, chosen), max(last, chosen)
        words += pieces[chosen].words
    return Excerpt(scored.passage, join(pieces[first : last + 1]), float(scores[first : last + 1].max()))


def _belongs(pieces: Sequence[Segment], candidate: int, first: int, last: int) -> bool:
    """Steps of one list belong together, and so does the sentence that introduces them."""
    piece = pieces[candidate]
    edge = pieces[first if candidate < first else last]
    if edge.kind == "item" and piece.kind == "item" and edge.block == piece.block:
        return True
    return candidate < first and edge.kind in ("item", "row") and piece.text.rstrip().endswith(":")
