"""Document, DocumentVersion and Chunk: what the bot may answer from. The file itself lies in the blob store."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import Audience, DocumentStatus


class Document(Base):
    """One article or file by name; its current version is what is searched."""

    __tablename__ = "document"

    name: Mapped[str] = mapped_column(String(500), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    audience: Mapped[Audience] = mapped_column(enum_column(Audience), default=Audience.PUBLIC, index=True)
    url: Mapped[str | None] = mapped_column(String(2000), default=None)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    status: Mapped[DocumentStatus] = mapped_column(
        enum_column(DocumentStatus), default=DocumentStatus.PENDING, index=True
    )
    reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=0)
    language: Mapped[str] = mapped_column(String(8), default="")
    fingerprint: Mapped[str] = mapped_column(String(16), default="")
    near_copy_of: Mapped[int | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    updated_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    def begin(self) -> None:
        self.status = DocumentStatus.PROCESSING
        self.reason = ""
        self.updated_at = utcnow()

    def show(self, title: str, url: str | None, version: int) -> None:
        """The given version is from now on the one that is searched."""
        self.title = title[:500]
        self.url = url or self.url
        self.version = version
        self.updated_at = utcnow()

    def describe(self, language: str, fingerprint: str, near_copy_of: int | None) -> None:
        """What was found out about the text that is shown: its language, and the document it nearly repeats."""
        self.language = language[:8]
        self.fingerprint = fingerprint
        self.near_copy_of = near_copy_of

    def become_ready(self) -> None:
        """Both searches find the version that is shown."""
        self.status = DocumentStatus.READY
        self.reason = ""
        self.updated_at = utcnow()

    def fail(self, reason: str) -> None:
        """The newest file could not be used; `reason` says what to do. An older version stays searchable."""
        self.status = DocumentStatus.FAILED
        self.reason = reason
        self.updated_at = utcnow()

    def wait(self) -> None:
        """Queue it again, for a new version or after a crash."""
        self.status = DocumentStatus.PENDING
        self.reason = ""
        self.updated_at = utcnow()


class DocumentVersion(Base):
    """One uploaded state of a document: the blob's hash, and the cleaned text that chunks point into."""

    __tablename__ = "document_version"
    __table_args__ = (Index("uq_document_version_number", "document_id", "number", unique=True),)

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"), index=True)
    number: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size: Mapped[int]
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    text: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)


class Chunk(Base):
    """A searchable piece of a document's current version; `start` and `end` are offsets into the version's text."""

    __tablename__ = "chunk"
    __table_args__ = (Index("ix_chunk_document_id_position", "document_id", "position"), {"sqlite_autoincrement": True})

    document_id: Mapped[int] = mapped_column(ForeignKey("document.id", ondelete="CASCADE"))
    version: Mapped[int]
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    start: Mapped[int]
    end: Mapped[int]
    heading_path: Mapped[list[str]] = mapped_column(default_factory=list)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
