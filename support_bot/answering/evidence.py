"""Pick the sentences, steps or table rows that answer the question, by meaning and shared words."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Sequence, Set
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from support_bot.index.keyword import terms
from support_bot.index.pieces import cut, in_context
from support_bot.index.segments import Segment, join, plain
from support_bot.values import Excerpt, Passage

_PASSAGES_READ = 4
_LIST_WORDS = 100
"""Steps and lists that belong together may take this many words, whatever else is said."""
_TABLE_WORDS = 90
"""A table this small is said whole: what a row means may stand in the row above it."""
_STEP = re.compile(r"\s*\d{1,3}[.)]\s")
_STEM = 5
_DOCUMENTS = 2
_PASSAGES_KNOWN = 512  # about 10 MB


class Vectors(Protocol):
    """Where the vectors come from: of the question by the index's own model, of the pieces as they are stored."""

    def embed_questions(self, texts: Sequence[str]) -> NDArray[np.float32]: ...

    def likeness(self, cosines: NDArray[np.float32]) -> NDArray[np.float32]: ...

    def piece_vectors(self, passages: Sequence[Passage]) -> dict[int, NDArray[np.float32]]: ...


@dataclass(frozen=True, slots=True)
class Weights:
    """How a piece is scored and how many are said; fitted on the training companies (docs/benchmarks.md).

    `overlap` and `rare` are the shares of shared words, all alike or by how rare they are among what was found, the
    rest is the cosine; `neighbours` the share that the pieces around lend; `rank_cost` what each place behind the
    first costs a passage; `keep` the share of the best score that a further piece needs, `elsewhere` one of another
    article, `core` one that may not be lost when the evidence is said in other words."""

    overlap: float = 0.15
    rare: float = 0.15
    neighbours: float = 0.2
    rank_cost: float = 0.08
    keep: float = 0.5
    elsewhere: float = 0.95
    core: float = 0.9
    most_pieces: int = 5


@dataclass(frozen=True, slots=True)
class Selection:
    """What was chosen, and the cosine of the piece closest to the question, chosen or not."""

    excerpts: tuple[Excerpt, ...]
    closest: float


@dataclass(slots=True)
class _Read:
    """A passage with its pieces, their scores, and the places of those that are chosen."""

    passage: Passage
    pieces: Sequence[Segment]
    cosines: NDArray[np.float32]
    scores: NDArray[np.float32]
    chosen: set[int] = field(default_factory=set)


def select(
    question: str, passages: Sequence[Passage], vectors: Vectors, *, most_words: int, weights: Weights = Weights()
) -> Selection:
    """The excerpts that answer best, the best passage first; none when there is nothing to choose from.

    The best piece and further ones near to it in score, each as the article says it, an excerpt for each passage. The
    score of an excerpt is that of its best piece (about 0..1). Together they have at most `most_words` words, or 100
    with a list, unless a single piece is longer."""
    read = _score(question, passages, vectors, weights)
    if not read:
        return Selection((), 0.0)
    closest = max(float(found.cosines.max()) for found in read)
    best = max(read, key=_best)
    _choose(read, best, most_words, weights)
    said = [best, *(found for found in read if found is not best and found.chosen)]
    bar = _best(best) - (1 - weights.core) * abs(_best(best))
    return Selection(tuple(_excerpt(found, bar) for found in said), closest)


def overlap(wanted: Sequence[str], text: str) -> float:
    """The share of the wanted words that occur in the text (compared by their first five letters), 0..1."""
    if not wanted:
        return 0.0
    have = _stems(text)
    return sum(word[:_STEM] in have for word in wanted) / len(wanted)


def _stems(text: str) -> set[str]:
    return {word[:_STEM] for word in terms(plain(text))}


@lru_cache(_PASSAGES_KNOWN)
def _pieces(heading: str, text: str) -> tuple[tuple[Segment, ...], tuple[frozenset[str], ...]]:
    """The pieces of a passage, and the stems of each in its context. Many questions find the same passages."""
    pieces = tuple(cut(text))
    return pieces, tuple(frozenset(map(sys.intern, _stems(in_context(heading, piece)))) for piece in pieces)


def _best(found: _Read) -> float:
    return float(found.scores.max())


def _score(question: str, passages: Sequence[Passage], vectors: Vectors, weights: Weights) -> list[_Read]:
    """The first passages with the score of each piece; how rare a word is, all passages say."""
    asked = vectors.embed_questions([question])[0]
    known = vectors.piece_vectors(passages[:_PASSAGES_READ])
    known_pieces = [_pieces(passage.heading, passage.text) for passage in passages]
    cuts, words = [pieces for pieces, _ in known_pieces], [stems for _, stems in known_pieces]
    wanted = list(dict.fromkeys(term[:_STEM] for term in terms(question)))
    rarity = _rarity(wanted, [have for pieces in words for have in pieces])
    total = sum(rarity.values()) or 1.0
    read: list[_Read] = []
    for rank, (passage, pieces) in enumerate(zip(passages[:_PASSAGES_READ], cuts, strict=False)):
        if not pieces:
            continue
        shared = [[term for term in wanted if term in have] for have in words[rank]]
        overlaps = np.array([len(terms_) / max(1, len(wanted)) for terms_ in shared], dtype=np.float32)
        rare = np.array([sum(map(rarity.__getitem__, terms_)) / total for terms_ in shared], dtype=np.float32)
        cosines = vectors.likeness(known[passage.chunk_id] @ asked)
        scores = (1 - weights.overlap - weights.rare) * cosines + weights.overlap * overlaps + weights.rare * rare
        around = np.pad(scores, 1, mode="edge")
        scores = (1 - weights.neighbours) * scores + weights.neighbours * (around[:-2] + around[2:]) / 2
        read.append(_Read(passage, pieces, cosines, scores - weights.rank_cost * rank))
    return read


def _rarity(wanted: Sequence[str], pieces: Sequence[Set[str]]) -> dict[str, float]:
    """The weight of each wanted word by how few pieces have it (as in BM25); 0 for one that none has."""
    counts = {term: sum(term in have for have in pieces) for term in wanted}
    return {
        term: math.log(1 + (len(pieces) - count + 0.5) / (count + 0.5)) if count else 0.0
        for term, count in counts.items()
    }


def _choose(read: Sequence[_Read], best: _Read, most_words: int, weights: Weights) -> None:
    """Mark the pieces that are said, best first, as long as they are good enough and fit."""
    ranked = [(float(score), found, number) for found in read for number, score in enumerate(found.scores)]
    ranked.sort(key=lambda candidate: -candidate[0])
    top, documents = _best(best), {best.passage.document_id}
    taken = spent = 0
    for score, found, number in ranked:
        document = found.passage.document_id
        bar = weights.keep if document == best.passage.document_id else weights.elsewhere
        crowded = document not in documents and len(documents) == _DOCUMENTS
        weak = taken > 0 and score < bar * max(top, 0.0)  # the best piece is said however little it fits
        if taken == weights.most_pieces or weak or crowded or number in found.chosen:
            continue
        new = _fitting(found, number, most_words, spent)
        if new:
            found.chosen |= new
            spent += sum(found.pieces[n].words for n in new)
            taken += 1
            documents.add(document)


def _fitting(found: _Read, number: int, most_words: int, spent: int) -> set[int]:
    """The piece with the whole list it belongs to if that fits, else the piece alone; what is said first may be cut
    down to the part of the list around it."""
    pieces, whole = found.pieces, group(found.pieces, number) - found.chosen
    limit = most_words if len(whole) == 1 else max(most_words, _LIST_WORDS)
    if spent and spent + sum(pieces[place].words for place in whole) > limit:
        return {number} if spent + pieces[number].words <= most_words else set()
    fitting: set[int] = set()
    for place in sorted(whole, key=lambda place: abs(place - number)):
        if fitting and spent + pieces[place].words > limit:
            break
        fitting.add(place)
        spent += pieces[place].words
    return fitting


def group(pieces: Sequence[Segment], number: int) -> set[int]:
    """The places of all steps where one of them was found, of all rows of a small table, and of a whole list where its
    lead-in was; else alone."""
    piece = pieces[number]
    together = {place for place, other in enumerate(pieces) if other.block == piece.block}
    if piece.kind == "item" and _STEP.match(piece.text):
        return together
    if piece.kind == "row" and sum(pieces[place].words for place in together) <= _TABLE_WORDS:
        return together
    follows = pieces[number + 1] if number + 1 < len(pieces) else None
    if piece.kind != "sentence" or follows is None or follows.block != piece.block + 1:
        return {number}
    if follows.kind == "row" or not (piece.text.rstrip().endswith(":") or _STEP.match(follows.text)):
        return {number}
    return {number} | {place for place, other in enumerate(pieces) if other.block == follows.block}


def _excerpt(found: _Read, bar: float) -> Excerpt:
    places = sorted(found.chosen)
    pieces = [found.pieces[place] for place in places]
    core = "\n".join(piece.text for piece, place in zip(pieces, places, strict=True) if found.scores[place] >= bar)
    return Excerpt(found.passage, join(pieces), float(found.scores[places].max()), core)
