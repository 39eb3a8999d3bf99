"""What admins do with articles: add, replace, roll back, delete, search. Jobs make chunks of files."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from support_bot.errors import (
    Conflict,
    IndexBroken,
    Invalid,
    NotFound,
    SupportBotError,
    TooLarge,
    UnreadableDocument,
)
from support_bot.index.search_index import SearchIndex
from support_bot.ingestion.pipeline import IngestionPipeline
from support_bot.models import Document, DocumentVersion, utcnow
from support_bot.queue import Job, JobQueue
from support_bot.retrieval.retriever import Retriever
from support_bot.services.publishing import Publisher
from support_bot.services.views import Added, DocumentView
from support_bot.settings import Settings
from support_bot.storage.blobs import BlobStore
from support_bot.storage.database import Database, Transaction
from support_bot.values import Audience, DocumentStatus, Passage

_WAITING = (DocumentStatus.PENDING, DocumentStatus.PROCESSING)
_PATIENCE = dt.timedelta(minutes=15)
"""A worker that has been silent this long is gone, and its document is taken up again."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Search:
    """The parts behind the search that documents have to stay in step with."""

    index: SearchIndex
    retriever: Retriever


class KnowledgeService:
    """Documents from upload to search, and out again."""

    def __init__(
        self, db: Database, blobs: BlobStore, pipeline: IngestionPipeline, search: Search, jobs: JobQueue,
        settings: Settings,
    ) -> None:  # fmt: skip
        self._db = db
        self._blobs = blobs
        self._pipeline = pipeline
        self._index = search.index
        self._publisher = Publisher(db, search.index)
        self._retriever = search.retriever
        self._jobs = jobs
        self._settings = settings

    # ---- what admins do

    def add(self, name: str, data: bytes, *, audience: Audience = Audience.PUBLIC, url: str | None = None) -> Added:
        """Store a file and queue it. The same name again is a new version; the same content again is no new document.

        What is said to be internal becomes so at once, older versions too; nothing becomes public by being sent again.
        Raises TooLarge or UnreadableDocument for what can be seen at once; the rest shows on the document."""
        name = clean_name(name)
        sha256 = self._store(data)
        with self._db.transaction() as tx:
            tx.one_at_a_time("documents")
            document, outcome = _named(tx, name, sha256)
            if document is None:
                document = tx.documents.add(Document(name=name, title=name, audience=audience, url=url))
            hidden = outcome != "duplicate" and audience is Audience.INTERNAL and document.audience is Audience.PUBLIC
            if hidden:
                document.audience = audience
            if outcome in ("created", "replaced"):
                self._add_version(tx, document, sha256, data)
            view = _view(tx, document)
        if outcome in ("created", "replaced"):
            self._jobs.enqueue(Job.PROCESS_DOCUMENT, document.id)
        elif hidden:
            view = self.set_audience(document.id, audience)  # the vectors too, which no new version brings
        return Added(view, outcome)

    def replace(self, document_id: int, data: bytes, name: str | None = None) -> DocumentView:
        """A new version of a document; the old one answers until the new one is ready."""
        sha256 = self._store(data)
        with self._db.transaction() as tx:
            document = tx.documents.lock(document_id)
            if name and PurePosixPath(clean_name(name)).suffix != PurePosixPath(document.name).suffix:
                raise Invalid(f"{name} is of another type than {document.name}; add it as a document of its own.")
            if tx.documents.newest_version(document_id).sha256 != sha256:
                self._add_version(tx, document, sha256, data)
            view = _view(tx, document)
        self._jobs.enqueue(Job.PROCESS_DOCUMENT, document_id)
        return view

    def roll_back(self, document_id: int, number: int) -> DocumentView:
        """Bring an earlier version back as the newest one; what is searched now answers until that is read.

        Raises NotFound for a version that does not exist, Conflict for the one that is the newest already."""
        with self._db.transaction() as tx:
            document = tx.documents.lock(document_id)
            earlier, newest = tx.documents.get_version(document_id, number), tx.documents.newest_version(document_id)
            if earlier.sha256 == newest.sha256 and document.status is not DocumentStatus.FAILED:
                raise Conflict(f"Version {number} is what the newest version says already.")
            self._add_version(tx, document, earlier.sha256, self._blobs.get(earlier.sha256))
            view = _view(tx, document)
        self._jobs.enqueue(Job.PROCESS_DOCUMENT, document_id)
        return view

    def set_audience(self, document_id: int, audience: Audience) -> DocumentView:
        """Make a document public or internal; what became internal is out of the customers' reach at once."""
        with self._db.transaction() as tx:
            document = tx.documents.lock(document_id)
            document.audience = audience
            chunks = tx.documents.chunks(document_id)
            view = _view(tx, document)
        try:
            self._index.put_vectors(document, chunks)
        except IndexBroken:  # the database has it, and the index follows when it is built anew
            _log.warning("the vectors of document %s still have the old audience", document_id, exc_info=True)
        return view

    def delete(self, document_id: int) -> None:
        """Delete for good: rows and keywords in one transaction, then vectors and files. Never cited again."""
        with self._db.transaction() as tx:
            document = tx.documents.lock(document_id)
            blobs = [version.sha256 for version in tx.documents.versions(document_id)]
            self._index.remove_keywords(tx.connection, document_id)
            tx.citations.remove_document(document_id)
            tx.documents.delete(document)
        self._index.remove_vectors(document_id)
        with self._db.transaction() as tx:  # nobody can begin to use a file between the look and its end
            unused = [sha256 for sha256 in blobs if not tx.documents.blob_in_use(sha256)]
            for sha256 in unused:
                self._blobs.delete(sha256)

    def search(self, question: str, *, audience: Audience | None = Audience.PUBLIC, limit: int = 10) -> list[Passage]:
        """Passages with every score, best first; audience None searches internal documents too."""
        question = question.strip()
        if not question:
            raise Invalid("The question is empty.")
        return self._retriever.retrieve(question[:2000], audience=audience, limit=limit)

    def require_size(self, size: int) -> None:
        """Raise TooLarge where no file of this many bytes is taken."""
        limit = self._settings.ingestion.max_file_mb
        if size > limit * 1_000_000:
            raise TooLarge(f"The file has {size / 1_000_000:.1f} MB; at most {limit} MB are taken.")

    def supported(self) -> list[str]:
        """Suffixes of the files that can be read."""
        return self._pipeline.supported()

    # ---- what jobs do

    def process(self, document_id: int) -> None:
        """Turn the newest version into searchable chunks. Safe to repeat, and to run for a document that is gone."""
        try:
            version = self._begin(document_id)
        except NotFound:
            return
        if version is None:
            return
        try:
            parsed = self._pipeline.read(version.name, self._blobs.get(version.sha256), url=version.url)
            drafts = self._pipeline.chunks(parsed)
        except SupportBotError as error:
            self._fail(document_id, version.number, error.detail)
            return
        except Exception:  # noqa: BLE001 - a broken file must not stop the queue
            _log.exception("document %s could not be read", document_id)
            self._fail(document_id, version.number, "The file could not be read; it may be damaged. Save it again.")
            return
        self._publisher.publish(document_id, version.number, parsed, drafts)

    def requeue_pending(self, *, after_restart: bool = False) -> int:
        """Queue what a crash left between upload and ready; the count. After a restart nobody works on anything.

        While jobs wait, what is behind them is not lost yet, and queueing it again each time would pile it up."""
        if not after_restart and self._jobs.pending():
            return 0
        with self._db.transaction() as tx:
            waiting = tx.documents.in_status(*_WAITING)
            if after_restart:
                for document in tx.documents.lock_all(waiting):
                    document.wait()
        for document_id in waiting:
            self._jobs.enqueue(Job.PROCESS_DOCUMENT, document_id)
        return len(waiting)

    def heal_index(self) -> int:
        """Bring both indexes in step with SQL where they differ; how many chunks were wrong."""
        return self._publisher.heal()

    def mend_index(self) -> int:
        """The same, but only where the vectors cannot be used at all; quick enough to be done each minute."""
        return self._publisher.mend()

    def complete_index(self, seconds: float = 20.0) -> int:
        """Embed the sentences of articles that lack them, as after an upgrade, for about so long; how many articles."""
        return self._publisher.complete_pieces(seconds)

    def reindex(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Throw both indexes away and build them from SQL; the number of chunks."""
        return self._publisher.reindex(progress)

    def wait_until_ready(self, document_ids: Sequence[int], timeout_s: float) -> list[DocumentView]:
        """Wait until none of them is pending any more (or the time is up); how they stand then."""
        deadline = time.monotonic() + timeout_s
        while True:
            with self._db.reading() as tx:
                views = [_view(tx, tx.documents.get(document_id)) for document_id in document_ids]
            if all(view.status not in _WAITING for view in views) or time.monotonic() > deadline:
                return views
            time.sleep(0.1)

    # ---- inside

    def _store(self, data: bytes) -> str:
        self.require_size(len(data))
        if not data.strip():
            raise UnreadableDocument("The file is empty. Check the original and upload it again.")
        return self._blobs.put(data)

    def _add_version(self, tx: Transaction, document: Document, sha256: str, data: bytes) -> None:
        versions = tx.documents.versions(document.id)
        number = versions[0].number + 1 if versions else 1
        tx.documents.add_version(DocumentVersion(document_id=document.id, number=number, sha256=sha256, size=len(data)))
        document.wait()
        self._blobs.put(data)  # again: the same file may have gone with another document since it was stored

    def _begin(self, document_id: int) -> _Newest | None:
        with self._db.transaction() as tx:
            document = tx.documents.lock(document_id)
            newest = tx.documents.newest_version(document_id)
            if document.status is DocumentStatus.READY and document.version == newest.number:
                return None
            if document.status is DocumentStatus.PROCESSING and utcnow() - document.updated_at < _PATIENCE:
                return None  # another worker has it
            document.begin()
            return _Newest(document.name, document.url, newest.number, newest.sha256)

    def _fail(self, document_id: int, number: int, reason: str) -> None:
        with self._db.transaction() as tx:
            try:
                document = tx.documents.lock(document_id)
            except NotFound:
                return
            if tx.documents.newest_version(document_id).number == number:
                document.fail(reason)


@dataclass(frozen=True, slots=True)
class _Newest:
    name: str
    url: str | None
    number: int
    sha256: str


def clean_name(name: str) -> str:
    """A document's name as a relative path without tricks: `../../x.md` is `x.md`. Raises Invalid when none is left."""
    parts = [part.strip() for part in name.replace("\\", "/").split("/")]
    kept = [part for part in parts if part not in ("", ".", "..") and not part.endswith(":")]
    cleaned = "/".join("".join(c for c in part if c.isprintable()) for part in kept)[-500:]
    if not cleaned:
        raise Invalid("The file has no name.")
    return cleaned


def _named(tx: Transaction, name: str, sha256: str) -> tuple[Document | None, str]:
    """The document that a file of this name and content belongs to, None for a new one, and what that makes of it."""
    existing = tx.documents.find_by_name(name)
    if existing is None:
        twin = tx.documents.find_by_hash(sha256)
        return twin, "duplicate" if twin else "created"
    document = tx.documents.lock(existing.id)
    same = tx.documents.newest_version(document.id).sha256 == sha256
    return document, "unchanged" if same and document.status is not DocumentStatus.FAILED else "replaced"


def _view(tx: Transaction, document: Document) -> DocumentView:
    size = tx.documents.newest_version(document.id).size
    return DocumentView.of(document, chunks=tx.documents.count_chunks(document.id), size=size)
