"""Whether a fresh install has read the articles it began with; until then it has nothing, or little, to answer from."""

from __future__ import annotations

from dataclasses import dataclass

from support_bot.errors import NotReady
from support_bot.services.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Reading:
    """Articles read, out of all there are."""

    done: int
    total: int


class FirstReading:
    """Looks once at the beginning, before anything is read: an install that has an article to answer from is not fresh,
    whatever else waits to be read there."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._over = catalogue.counts()["ready"] > 0

    def left(self) -> Reading | None:
        """How far it is; None once it is over, and ever after, whatever is uploaded then."""
        if self._over:
            return None
        counts = self._catalogue.counts()
        waiting = counts["pending"] + counts["processing"]
        self._over = not waiting
        return Reading(sum(counts.values()) - waiting, sum(counts.values())) if waiting else None

    def check(self) -> None:
        """Raises NotReady while the first articles are read."""
        if left := self.left():
            raise NotReady(f"reading the first articles, {left.done} of {left.total} are done")
