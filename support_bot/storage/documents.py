"""All SQL about documents, their versions and their chunks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import Chunk, Document, DocumentVersion
from support_bot.values import EVERY_DOCUMENT, ChunkDraft, DocumentFilter, DocumentSort, DocumentStatus

_BATCH = 500  # ids in one statement


class DocumentRepository:
    """Documents; the chunks stored are always those of the version that is searched."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, document: Document) -> Document:
        self._session.add(document)
        self._session.flush()
        return document

    def get(self, document_id: int) -> Document:
        found = self._session.get(Document, document_id)
        if found is None:
            raise NotFound(f"There is no document {document_id}.")
        return found

    def lock(self, document_id: int) -> Document:
        """The document, read again and locked until the transaction ends."""
        query = select(Document).where(Document.id == document_id).with_for_update()
        found = self._session.scalars(query.execution_options(populate_existing=True)).one_or_none()
        if found is None:
            raise NotFound(f"There is no document {document_id}.")
        return found

    def lock_all(self, document_ids: Sequence[int]) -> Sequence[Document]:
        """Those of the documents that still exist, read again and locked in the order of their ids."""
        query = select(Document).order_by(Document.id).with_for_update()
        found: list[Document] = []
        for begin in range(0, len(document_ids), _BATCH):
            some = query.where(Document.id.in_(sorted(document_ids)[begin : begin + _BATCH]))
            found += self._session.scalars(some.execution_options(populate_existing=True)).all()
        return found

    def ids(self) -> Sequence[int]:
        return self._session.scalars(select(Document.id).order_by(Document.id)).all()

    def find_by_name(self, name: str) -> Document | None:
        return self._session.scalars(select(Document).where(Document.name == name)).one_or_none()

    def find_by_hash(self, sha256: str) -> Document | None:
        """The document whose newest version is exactly this file, unless it could not be read under that name."""
        newest = (
            select(DocumentVersion.document_id, func.max(DocumentVersion.number).label("number"))
            .group_by(DocumentVersion.document_id)
            .subquery()
        )
        query = (
            select(Document)
            .join(newest, newest.c.document_id == Document.id)
            .join(
                DocumentVersion,
                (DocumentVersion.document_id == Document.id) & (DocumentVersion.number == newest.c.number),
            )
            .where(DocumentVersion.sha256 == sha256, Document.status != DocumentStatus.FAILED)
        )
        return self._session.scalars(query.order_by(Document.id)).first()

    def fingerprints(self) -> dict[int, str]:
        """The fingerprint of every document that has one, by document id."""
        rows = self._session.execute(select(Document.id, Document.fingerprint).where(Document.fingerprint != ""))
        return {row[0]: row[1] for row in rows}

    def text(self, document_id: int) -> str:
        """The text that is searched; empty before there is any."""
        query = select(DocumentVersion.text).join(Document, Document.id == DocumentVersion.document_id)
        query = query.where(Document.id == document_id, DocumentVersion.number == Document.version)
        return self._session.scalar(query) or ""

    def near_copies_of(self, document_id: int) -> Sequence[Document]:
        query = select(Document).where(Document.near_copy_of == document_id).order_by(Document.id)
        return self._session.scalars(query).all()

    def page(
        self,
        wanted: DocumentFilter = EVERY_DOCUMENT,
        *,
        sort: DocumentSort = DocumentSort.NAME,
        descending: bool = False,
        limit: int = 500,
        offset: int = 0,
    ) -> Sequence[Document]:
        key = _sort_key(sort)
        query = _matching(select(Document), wanted).order_by(key.desc() if descending else key.asc(), Document.id)
        return self._session.scalars(query.limit(limit).offset(offset)).all()

    def count(self, wanted: DocumentFilter = EVERY_DOCUMENT) -> int:
        """How many documents there are of the wanted kind."""
        return self._session.scalar(_matching(select(func.count()).select_from(Document), wanted)) or 0

    def find_many(self, document_ids: Collection[int]) -> Sequence[Document]:
        """Those of the documents that exist."""
        return self._session.scalars(select(Document).where(Document.id.in_(document_ids))).all()

    def chunk_counts(self, document_ids: Collection[int]) -> dict[int, int]:
        """How many chunks each document has; one without chunks is left out."""
        query = select(Chunk.document_id, func.count()).where(Chunk.document_id.in_(document_ids))
        return {row[0]: row[1] for row in self._session.execute(query.group_by(Chunk.document_id))}

    def sizes(self, document_ids: Collection[int]) -> dict[int, int]:
        """Bytes of each document's newest version."""
        query = select(DocumentVersion.document_id, DocumentVersion.size)
        query = query.where(DocumentVersion.document_id.in_(document_ids)).order_by(DocumentVersion.number)
        return {row[0]: row[1] for row in self._session.execute(query)}

    def counts(self) -> dict[DocumentStatus, int]:
        rows = self._session.execute(select(Document.status, func.count()).group_by(Document.status))
        return {row[0]: row[1] for row in rows}

    def languages(self) -> dict[str, int]:
        """How many searchable documents there are in each language that could be told, most first."""
        query = select(Document.language, func.count()).where(Document.language != "", Document.version > 0)
        query = query.group_by(Document.language).order_by(func.count().desc(), Document.language)
        return {row[0]: row[1] for row in self._session.execute(query)}

    def in_status(self, *statuses: DocumentStatus) -> Sequence[int]:
        query = select(Document.id).where(Document.status.in_(statuses)).order_by(Document.id)
        return self._session.scalars(query).all()

    def delete(self, document: Document) -> None:
        """Delete the document with its versions and chunks, for good."""
        for copy in self.near_copies_of(document.id):
            copy.near_copy_of = None
        self._session.execute(delete(Chunk).where(Chunk.document_id == document.id))
        self._session.execute(delete(DocumentVersion).where(DocumentVersion.document_id == document.id))
        self._session.delete(document)
        self._session.flush()

    def add_version(self, version: DocumentVersion) -> DocumentVersion:
        self._session.add(version)
        self._session.flush()
        return version

    def versions(self, document_id: int) -> Sequence[DocumentVersion]:
        query = select(DocumentVersion).where(DocumentVersion.document_id == document_id)
        return self._session.scalars(query.order_by(DocumentVersion.number.desc())).all()

    def newest_version(self, document_id: int) -> DocumentVersion:
        found = self._session.scalars(
            select(DocumentVersion)
            .where(DocumentVersion.document_id == document_id)
            .order_by(DocumentVersion.number.desc())
        ).first()
        if found is None:
            raise NotFound(f"Document {document_id} has no version.")
        return found

    def get_version(self, document_id: int, number: int) -> DocumentVersion:
        found = self._session.scalars(
            select(DocumentVersion).where(DocumentVersion.document_id == document_id, DocumentVersion.number == number)
        ).one_or_none()
        if found is None:
            raise NotFound(f"Document {document_id} has no version {number}.")
        return found

    def blob_in_use(self, sha256: str) -> bool:
        query = select(DocumentVersion.id).where(DocumentVersion.sha256 == sha256).limit(1)
        return self._session.scalar(query) is not None

    def replace_chunks(self, document_id: int, version: int, drafts: Iterable[ChunkDraft]) -> Sequence[Chunk]:
        """Drop the chunks of the version before and store these; the result has ids."""
        self._session.execute(delete(Chunk).where(Chunk.document_id == document_id))
        chunks = [
            Chunk(
                document_id=document_id, version=version, position=draft.position, text=draft.text,
                start=draft.start, end=draft.end, heading_path=list(draft.heading_path),
            )
            for draft in drafts
        ]  # fmt: skip
        self._session.add_all(chunks)
        self._session.flush()
        return chunks

    def chunks(self, document_id: int) -> Sequence[Chunk]:
        query = select(Chunk).where(Chunk.document_id == document_id).order_by(Chunk.position)
        return self._session.scalars(query).all()

    def find_chunk(self, chunk_id: int) -> Chunk | None:
        return self._session.get(Chunk, chunk_id)

    def count_chunks(self, document_id: int | None = None) -> int:
        query = select(func.count()).select_from(Chunk)
        if document_id is not None:
            query = query.where(Chunk.document_id == document_id)
        return self._session.scalar(query) or 0


def _matching(query: Select[Any], wanted: DocumentFilter) -> Select[Any]:
    if wanted.search:
        query = query.where(
            Document.name.icontains(wanted.search, autoescape=True)
            | Document.title.icontains(wanted.search, autoescape=True)
        )
    if wanted.status is not None:
        query = query.where(Document.status == wanted.status)
    if wanted.audience is not None:
        query = query.where(Document.audience == wanted.audience)
    return query


def _sort_key(sort: DocumentSort) -> ColumnElement[Any]:
    match sort:
        case DocumentSort.NAME:
            return Document.name.expression
        case DocumentSort.TITLE:
            return func.lower(Document.title)
        case DocumentSort.STATUS:
            return Document.status.expression
        case DocumentSort.AUDIENCE:
            return Document.audience.expression
        case DocumentSort.UPDATED:
            return Document.updated_at.expression
        case DocumentSort.CHUNKS:
            counted = select(func.count()).select_from(Chunk).where(Chunk.document_id == Document.id)
            return counted.correlate(Document).scalar_subquery()
