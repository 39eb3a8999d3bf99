"""What admins see of the documents: the list, one document, the answers that cite it. Changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from support_bot.models import Document
from support_bot.services.views import ChunkView, CitedAnswer, DocumentDetail, DocumentView, VersionView
from support_bot.storage.database import Database, Transaction
from support_bot.values import EVERY_DOCUMENT, DocumentFilter, DocumentSort, DocumentStatus


class Catalogue:
    """Documents as they stand now."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def page(
        self,
        wanted: DocumentFilter = EVERY_DOCUMENT,
        *,
        sort: DocumentSort = DocumentSort.NAME,
        descending: bool = False,
        limit: int = 100,
        offset: int = 0,
    ) -> list[DocumentView]:
        with self._db.reading() as tx:
            found = tx.documents.page(wanted, sort=sort, descending=descending, limit=limit, offset=offset)
            return _views(tx, found)

    def count(self, wanted: DocumentFilter = EVERY_DOCUMENT) -> int:
        """How many documents the whole list has."""
        with self._db.reading() as tx:
            return tx.documents.count(wanted)

    def counts(self) -> dict[str, int]:
        """How many documents are in each status."""
        with self._db.reading() as tx:
            counted = tx.documents.counts()
        return {status.value: counted.get(status, 0) for status in DocumentStatus}

    def find(self, document_ids: Collection[int]) -> dict[int, DocumentView]:
        """Those of the documents that exist, by id."""
        with self._db.reading() as tx:
            return {view.id: view for view in _views(tx, tx.documents.find_many(document_ids))}

    def find_by_name(self, name: str) -> DocumentView | None:
        """The document with exactly this file name."""
        with self._db.reading() as tx:
            found = tx.documents.find_by_name(name)
            return _views(tx, [found])[0] if found else None

    def get(self, document_id: int) -> DocumentDetail:
        with self._db.reading() as tx:
            document = tx.documents.get(document_id)
            text = tx.documents.get_version(document_id, document.version).text if document.version else ""
            return DocumentDetail(
                document=_views(tx, [document])[0],
                versions=tuple(VersionView.of(version) for version in tx.documents.versions(document_id)),
                chunks=tuple(ChunkView.of(chunk) for chunk in tx.documents.chunks(document_id)),
                text=text,
                answers=tx.citations.count(document_id),
            )

    def answers(self, document_id: int, *, before: int | None = None, limit: int = 20) -> list[CitedAnswer]:
        """Who was answered from the document, newest first; `before` is the message id of the last one seen."""
        with self._db.reading() as tx:
            tx.documents.get(document_id)
            found = tx.citations.answers(document_id, before=before, limit=limit)
            asked = tx.conversations.find_messages([m.reply_to_id for m in found if m.reply_to_id])
            return [CitedAnswer.of(m, document_id, asked.get(m.reply_to_id or 0)) for m in found]


def _views(tx: Transaction, documents: Sequence[Document]) -> list[DocumentView]:
    ids = [document.id for document in documents]
    chunks, sizes = tx.documents.chunk_counts(ids), tx.documents.sizes(ids)
    return [DocumentView.of(d, chunks=chunks.get(d.id, 0), size=sizes.get(d.id, 0)) for d in documents]
