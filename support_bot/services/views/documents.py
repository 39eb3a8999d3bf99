"""What admins see of documents, and customers of the article behind a citation."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from support_bot.models import Chunk, Document, DocumentVersion
from support_bot.values import Audience, DocumentStatus


@dataclass(frozen=True, slots=True)
class DocumentView:
    id: int
    name: str
    title: str
    url: str | None
    audience: Audience
    status: DocumentStatus
    reason: str
    version: int
    chunks: int
    size: int
    created_at: dt.datetime
    updated_at: dt.datetime
    language: str = ""
    near_copy_of: int | None = None

    @classmethod
    def of(cls, document: Document, *, chunks: int, size: int) -> DocumentView:
        return cls(
            id=document.id,
            name=document.name,
            title=document.title,
            url=document.url,
            audience=document.audience,
            status=document.status,
            reason=document.reason,
            version=document.version,
            language=document.language,
            near_copy_of=document.near_copy_of,
            chunks=chunks,
            size=size,
            created_at=document.created_at,
            updated_at=document.updated_at,
        )


@dataclass(frozen=True, slots=True)
class VersionView:
    number: int
    sha256: str
    size: int
    created_at: dt.datetime

    @classmethod
    def of(cls, version: DocumentVersion) -> VersionView:
        return cls(version.number, version.sha256, version.size, version.created_at)


@dataclass(frozen=True, slots=True)
class ChunkView:
    id: int
    position: int
    heading_path: tuple[str, ...]
    text: str
    start: int
    end: int

    @classmethod
    def of(cls, chunk: Chunk) -> ChunkView:
        return cls(chunk.id, chunk.position, tuple(chunk.heading_path), chunk.text, chunk.start, chunk.end)


@dataclass(frozen=True, slots=True)
class DocumentDetail:
    """One document with all there is to it; `answers` counts those that customers got from it."""

    document: DocumentView
    versions: tuple[VersionView, ...]
    chunks: tuple[ChunkView, ...]
    text: str
    answers: int


@dataclass(frozen=True, slots=True)
class Added:
    """What became of an upload: `created`, `replaced`, `unchanged` (same name, same content) or `duplicate`."""

    document: DocumentView
    outcome: str


@dataclass(frozen=True, slots=True)
class SourceView:
    """An article with the cited stretch, `text[start:end]`."""

    document_id: int
    title: str
    url: str | None
    text: str
    start: int
    end: int
