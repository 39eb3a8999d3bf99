"""Deployment: which weights serve in which place, and which served before."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, utcnow


class Deployment(Base):
    """From `since` on, `name` (by its SHA-256) is the `kind` (writer, embedder) in use; the newest row counts."""

    __tablename__ = "deployment"

    kind: Mapped[str] = mapped_column(String(20), index=True)
    name: Mapped[str] = mapped_column(String(100))
    sha256: Mapped[str] = mapped_column(String(64))
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    since: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
