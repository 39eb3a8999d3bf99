"""Keep the search in step with the documents: publish a version, heal what a crash left, build it all again."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from support_bot.errors import NotFound
from support_bot.index.search_index import SearchIndex
from support_bot.models import Chunk, Document
from support_bot.services.copies import Comparison
from support_bot.storage.database import Database
from support_bot.values import Audience, ChunkDraft, DocumentStatus, ParsedDocument

_DOCUMENTS_AT_ONCE = 500
_log = logging.getLogger(__name__)


class Publisher:
    """SQL first, vectors after it; every step may be repeated."""

    def __init__(self, db: Database, index: SearchIndex) -> None:
        self._db = db
        self._index = index

    def publish(self, document_id: int, number: int, parsed: ParsedDocument, drafts: Sequence[ChunkDraft]) -> None:
        """[tx] the version with its chunks and keywords, then vectors, then [tx] ready; its pieces' vectors last.

        From the first transaction on the new version answers, by its words at first. Where something breaks the
        document waits for another try. A document deleted on the way leaves nothing behind."""
        try:
            compared = Comparison(document_id, parsed.text)
            with self._db.reading() as tx:
                compared.look(tx)
            with self._db.transaction() as tx:
                document = tx.documents.lock(document_id)
                if tx.documents.newest_version(document_id).number != number:
                    return
                document.show(parsed.title, parsed.url, number)
                tx.documents.get_version(document_id, number).text = parsed.text
                document.describe(parsed.language, compared.mark, compared.settle(tx))
                self._index.remove_keywords(tx.connection, document_id)
                chunks = list(tx.documents.replace_chunks(document_id, number, drafts))
                self._index.put_keywords(tx.connection, document, chunks)
            self._put_vectors(document, chunks, number)
        except NotFound:
            self._index.remove_vectors(document_id)
            return
        except Exception:
            self._wait_again(document_id, number)
            raise
        with suppress(NotFound):
            self._put_pieces(document_id)

    def _put_vectors(self, document: Document, chunks: Sequence[Chunk], number: int) -> None:
        """Store the vectors, once more where the audience changed meanwhile, then say that the document is ready."""
        seen: Audience | None = None
        while seen is not document.audience:
            seen = document.audience
            self._index.put_vectors(document, chunks)
            with self._db.transaction() as tx:
                document = tx.documents.lock(document.id)
                if tx.documents.newest_version(document.id).number != number:
                    return
                if document.audience is seen:
                    document.become_ready()

    def _put_pieces(self, document_id: int) -> None:
        """Embed the pieces of a document as it is now; what is replaced meanwhile is left to whoever replaces it."""
        with self._db.reading() as tx:
            document, chunks = tx.documents.get(document_id), tx.documents.chunks(document_id)
        rows = self._index.make_pieces(document, chunks)
        with self._db.transaction() as tx:
            tx.documents.lock(document_id)
            still = {chunk.id for chunk in tx.documents.chunks(document_id)}
            self._index.put_pieces(tx.connection, [row for row in rows if row.chunk_id in still])

    def complete_pieces(self, seconds: float) -> int:
        """Embed the pieces of documents that lack them, as after an upgrade or with another embedder, for about so
        long; the number of documents. Until then a question does it for the passages it finds."""
        deadline, done = time.monotonic() + seconds, 0
        for document_id in self._index.lacking_pieces(_DOCUMENTS_AT_ONCE):
            if time.monotonic() > deadline:
                break
            with suppress(NotFound):
                self._put_pieces(document_id)
                done += 1
        return done

    def _wait_again(self, document_id: int, number: int) -> None:
        with self._db.transaction() as tx:
            try:
                document = tx.documents.lock(document_id)
            except NotFound:
                return
            if tx.documents.newest_version(document_id).number == number:
                document.wait()

    def mend(self) -> int:
        """Build the vectors anew where they cannot be used at all, as after their folder was lost; how many chunks."""
        return 0 if self._index.is_usable() else self.heal()

    def heal(self) -> int:
        """Bring both indexes in step with SQL where they differ; how many chunks were wrong."""
        if not self._index.is_usable():
            _log.warning("the vector index is damaged or gone; it is built anew")
            self._index.start_over()
        missing, stale = self._index.differences()
        if not missing and not stale:
            return 0
        _log.warning("the index lacks %d chunks and has %d too many; it is mended", len(missing), len(stale))
        if self._index.is_empty():
            self.reindex()
            return len(missing) + len(stale)
        with self._db.transaction() as tx:
            self._index.remove(tx.connection, sorted(stale))
            chunks = [chunk for chunk in map(tx.documents.find_chunk, sorted(missing)) if chunk is not None]
            documents = tx.documents.lock_all(sorted({chunk.document_id for chunk in chunks}))
            pairs = [(document, list(tx.documents.chunks(document.id))) for document in documents]
            for document, whole in pairs:
                self._index.remove_keywords(tx.connection, document.id)
                self._index.put_keywords(tx.connection, document, whole)
        for document, whole in pairs:
            if document.status not in (
                DocumentStatus.PENDING,
                DocumentStatus.PROCESSING,
            ):  # those are read again anyway
                self._index.put_vectors(document, whole)
        return len(missing) + len(stale)

    def reindex(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Throw both indexes away and build them from SQL; the number of chunks."""
        with self._db.transaction() as tx:
            documents = tx.documents.lock_all(tx.documents.ids())
            pairs = [(document, list(tx.documents.chunks(document.id))) for document in documents]
            pairs = [(document, chunks) for document, chunks in pairs if chunks]
            self._index.rebuild_keywords(tx.connection, pairs)
        self._index.reset_vectors()
        for done, (document, chunks) in enumerate(pairs, start=1):
            self._index.put_vectors(document, chunks)
            self._put_pieces(document.id)
            if progress:
                progress(done, len(pairs))
        return sum(len(chunks) for _, chunks in pairs)
