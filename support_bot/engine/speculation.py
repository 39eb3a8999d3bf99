"""Guess what comes next from what was said before, and know when guessing pays. Knows tokens and times, no model."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST_GRAM = 4
_SHORTEST_GRAM = 2
_LENGTHS = (1, 3, 7, 12)
_NEWEST_WEIGHT = 0.2
_HOPE = 0.7
_LEAST_CHANCE = 0.3
_FIRST_PAUSE = 8  # steps; doubled each time
_LONGEST_PAUSE = 1024


class Drafter:
    """The likely next tokens of one answer: what followed its last words in the prompt or earlier in the answer.

    Prompt look-up (Saxena 2023): grounded answers copy from their evidence. `chance` is how likely a drafted token
    was right lately."""

    def __init__(self) -> None:
        self.chance = _HOPE
        self._tokens: list[int] = []
        self._last: dict[tuple[int, ...], int] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, tokens: Sequence[int]) -> None:
        """The prompt at first, then what is written."""
        for token in tokens:
            # An n-gram is known once something follows it.
            for length in range(_SHORTEST_GRAM, min(_LONGEST_GRAM, len(self._tokens)) + 1):
                self._last[tuple(self._tokens[-length:])] = len(self._tokens)
            self._tokens.append(token)

    def draft(self) -> list[int]:
        """The tokens that followed the longest n-gram which ends the text now, a few at most, maybe none."""
        for length in range(min(_LONGEST_GRAM, len(self._tokens)), _SHORTEST_GRAM - 1, -1):
            at = self._last.get(tuple(self._tokens[-length:]))
            if at is not None:
                return self._tokens[at : at + _LENGTHS[-1]]
        return []

    def learn(self, drafted: int, right: int) -> None:
        """Of a draft the first `right` tokens were what the model chose."""
        for i in range(min(right + 1, drafted)):
            self.chance += _NEWEST_WEIGHT * ((i < right) - self.chance)


class DraftPlan:
    """How many tokens to draft for whom, by what steps cost, which it learns as they happen.

    Whether drafts pay depends on the file and the processor as much as on the text: where a step of eight tokens takes
    eight times as long as one of a single token, not even drafts that are always right gain anything. Sizes that were
    never tried are tried; slow ones are tried again, ever more seldom, since other work may have been the cause."""

    def __init__(self) -> None:
        self._seconds: dict[int, float] = {}
        self._next_try: dict[int, int] = {}
        self._pause: dict[int, int] = {}
        self._steps = 0

    def learn(self, tokens: int, seconds: float) -> None:
        """A step that wrote, `tokens` long with logits for each, took `seconds`."""
        self._steps += 1
        size = _size(tokens)
        known = self._seconds.get(size, seconds)
        self._seconds[size] = known + _NEWEST_WEIGHT * (seconds - known)
        self._pause[size] = min(2 * self._pause.get(size, _FIRST_PAUSE), _LONGEST_PAUSE)
        self._next_try[size] = self._steps + self._pause[size]

    def lengths(self, offers: Sequence[tuple[float, int]], room: int) -> list[int]:
        """Tokens to draft for each answer under way, for the most tokens per second.

        An offer is how likely each drafted token is right (0..1) and how many there could be; `room` is how many there
        may be in all."""
        tokens, expected = len(offers), float(len(offers))
        lengths = []
        for chance, most in offers:
            length = self._length(tokens, expected, chance, min(most, room))
            lengths.append(length)
            tokens, expected, room = tokens + length, expected + _gain(length, chance), room - length
        return lengths

    def _length(self, tokens: int, expected: float, chance: float, most: int) -> int:
        alone = self._seconds.get(_size(tokens))
        if alone is None or chance < _LEAST_CHANCE:
            return 0
        best, best_rate = 0, expected / alone
        for length in (length for length in _LENGTHS if length <= most):
            size = _size(tokens + length)
            if self._steps >= self._next_try.get(size, 0):
                return length
            rate = (expected + _gain(length, chance)) / self._seconds[size]
            if rate > best_rate:
                best, best_rate = length, rate
        return best


def _gain(length: int, chance: float) -> float:
    """Drafted tokens that are expected to be right; the first wrong one ends a draft."""
    return length * chance if chance >= 1.0 else chance * (1 - chance**length) / (1 - chance)


def _size(tokens: int) -> int:
    """Sizes are told apart by powers of two."""
    return 1 << max(0, tokens - 1).bit_length()
