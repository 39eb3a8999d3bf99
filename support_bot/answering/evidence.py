"""Pick the sentences, steps or table rows that answer the question, by meaning and shared words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from support_bot.index.keyword import terms
from support_bot.index.pieces import cut, in_context
from support_bot.index.segments import Segment, join, plain
from support_bot.values import Excerpt, Passage

_PASSAGES_READ = 4


class Vectors(Protocol):
    """Where the vectors come from: of the question by the index's own model, of the pieces as they are stored."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def piece_vectors(self, passages: Sequence[Passage]) -> dict[int, NDArray[np.float32]]: ...


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
    question: str, passages: Sequence[Passage], vectors: Vectors, *, most_words: int, weights: Weights = Weights()
) -> Selection:
    """The excerpts that answer best, best first; none when there is nothing to choose from.

    The score of an excerpt is that of its best piece (about 0..1). Each is a contiguous stretch of its passage, all
    together at most `most_words` words unless a single piece is longer."""
    read = _score(question, passages[:_PASSAGES_READ], vectors, weights)
    if not read:
        return Selection((), 0.0)
    best = max(read, key=lambda scored: _top(scored, weights))
    closest = max(float(scored.cosines.max()) for scored in read)
    return Selection((_window(best, most_words, weights),), closest)


def _top(scored: _Scored, weights: Weights) -> float:
    return float(scored.scores.max()) - weights.rank_cost * scored.rank


def _score(question: str, passages: Sequence[Passage], vectors: Vectors, weights: Weights) -> list[_Scored]:
    asked = vectors.embed([question])[0]
    known = vectors.piece_vectors(passages)
    wanted = terms(question)
    found: list[_Scored] = []
    for rank, passage in enumerate(passages):
        pieces = cut(passage.text)
        if not pieces:
            continue
        cosines = known[passage.chunk_id] @ asked
        overlaps = [overlap(wanted, in_context(passage.heading, piece)) for piece in pieces]
        scores = (1 - weights.overlap) * cosines + weights.overlap * np.array(overlaps, dtype=np.float32)
        found.append(_Scored(passage, rank, pieces, cosines, scores))
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
