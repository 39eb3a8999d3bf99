"""How fast the last drafts were written. A window of numbers; knows no question."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WINDOW = 500


@dataclass(frozen=True, slots=True)
class Speed:
    """Of the last `drafts` drafts: half had their first token within `first_token_p50` seconds, 95 of 100 within
    `first_token_p95`; while one is written it gets `tokens_per_s`. None where nothing is known."""

    drafts: int = 0
    first_token_p50: float | None = None
    first_token_p95: float | None = None
    tokens_per_s: float | None = None


class SpeedWindow:
    """Remembers the last five hundred drafts of this process."""

    def __init__(self) -> None:
        self._first: deque[float] = deque(maxlen=WINDOW)
        self._written: deque[tuple[int, float]] = deque(maxlen=WINDOW)
        self._lock = threading.Lock()

    def add(self, tokens: Mapping[str, int], timings: Mapping[str, float]) -> None:
        """What a trace says of its draft; one that has shown nothing is left out."""
        first, whole = timings.get("first_token", 0.0), timings.get("draft", 0.0)
        if first <= 0:
            return
        with self._lock:
            self._first.append(first)
            # The first token comes with the prompt's last step, so it is none of the writing.
            if (later := tokens.get("answer", 0) - 1) > 0 and whole > first:
                self._written.append((later, whole - first))

    def look(self) -> Speed:
        """The figures now."""
        with self._lock:
            first, written = sorted(self._first), list(self._written)
        if not first:
            return Speed()
        seconds = sum(took for _, took in written)
        rate = sum(tokens for tokens, _ in written) / seconds if seconds else None
        return Speed(len(first), _at(first, 0.5), _at(first, 0.95), rate)


def _at(values: Sequence[float], share: float) -> float:
    """The smallest of the sorted values that `share` (0..1) of them do not exceed."""
    return values[max(0, math.ceil(share * len(values)) - 1)]
