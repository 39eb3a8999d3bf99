"""Which document repeats which: texts are compared before anything is locked, those that came meanwhile after."""

from __future__ import annotations

from support_bot.ingestion.likeness import NEAR_COPY, fingerprint, may_be_alike, shared, shingles
from support_bot.storage.database import Transaction


class Comparison:
    """One document's new text against those of all others, each compared once."""

    def __init__(self, document_id: int, text: str) -> None:
        self.mark = fingerprint(text)
        self._id = document_id
        self._shingles = shingles(text)
        self._known: dict[tuple[int, str], float] = {}

    def look(self, tx: Transaction) -> None:
        """Compare with everything that is there now; takes long where much is alike, so lock nothing for it."""
        marks = tx.documents.fingerprints()
        for other in {*self._close(marks), *(copy.id for copy in tx.documents.near_copies_of(self._id))}:
            self._likeness(tx, other, marks)

    def settle(self, tx: Transaction) -> int | None:
        """The document this text is a near copy of; those that were called copies of it are no longer, where they are
        not. What `look` has seen is not read again."""
        marks = tx.documents.fingerprints()
        copies = set()
        for copy in tx.documents.near_copies_of(self._id):
            if self._likeness(tx, copy.id, marks) < NEAR_COPY:
                copy.near_copy_of = None
            else:
                copies.add(copy.id)
        scored = [(self._likeness(tx, other, marks), -other) for other in self._close(marks) if other not in copies]
        best, number = max(scored, default=(0.0, 0))
        return -number if best >= NEAR_COPY else None

    def _close(self, marks: dict[int, str]) -> list[int]:
        return [other for other in sorted(marks) if other != self._id and may_be_alike(marks[other], self.mark)]

    def _likeness(self, tx: Transaction, other: int, marks: dict[int, str]) -> float:
        key = other, marks.get(other, "")
        if key not in self._known:
            self._known[key] = shared(shingles(tx.documents.text(other)), self._shingles)
        return self._known[key]
