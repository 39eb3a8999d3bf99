"""What a teacher foresees, said in the tokens of a student that may cut text otherwise. Knows bytes, no model.

Compared are only the places where one token of either covers the same bytes of the answer, so that both foresee the
same thing after the same text. See docs/adr/0031-soft-labels.md."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from support_bot.distillation.soft_labels import SoftLabels


@dataclass(frozen=True, slots=True)
class Target:
    """At `place` of the student's answer the teacher gives these tokens of the student these log-probabilities.

    What is left of either's probability is one further bucket. No token twice."""

    place: int
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]


class Vocabulary:
    """The tokens of a student by their bytes; `end` is the one that ends an answer."""

    def __init__(self, pieces: Iterable[tuple[int, bytes]], end: int) -> None:
        """Of tokens with the same bytes the first is taken; those without bytes are control tokens and left out."""
        self._tokens: dict[bytes, int] = {}
        for token, piece in pieces:
            if piece:
                self._tokens.setdefault(piece, token)
        self._end = end

    def begins(self, piece: bytes) -> int | None:
        """The token with these bytes, or else the longest that they begin with: what the student would write first.

        No bytes: the end of the answer. None where the student has no such beginning."""
        if not piece:
            return self._end
        for length in range(len(piece), 0, -1):
            if (token := self._tokens.get(piece[:length])) is not None:
                return token
        return None


def targets(labels: SoftLabels, answer: Sequence[int], ends: Sequence[int], words: Vocabulary) -> tuple[Target, ...]:
    """The labels for a student whose tokens `answer` end at these bytes `ends` of the same text; the last one ends it.

    Teacher's tokens that begin with the same token of the student share its place with the sum of their probabilities.
    A token that the student cannot begin goes into what is left."""
    places = {span: place for place, span in enumerate(_spans(labels.ends))}
    found = []
    for place, (token, span) in enumerate(zip(answer, _spans(ends), strict=True)):
        if (theirs := places.get(span)) is None:
            continue
        shares: dict[int, float] = {}
        for each, logprob in labels.top[theirs]:
            said = token if each == labels.tokens[theirs] else words.begins(labels.pieces[each])
            if said is not None:
                shares[said] = shares.get(said, 0.0) + math.exp(logprob)
        found.append(Target(place, tuple(shares), tuple(math.log(max(share, 1e-12)) for share in shares.values())))
    return tuple(found)


def _spans(ends: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip((0, *ends), ends, strict=False))
