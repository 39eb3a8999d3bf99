"""Erasure: that a customer was erased, and how much there was, without anything that tells who it was."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, utcnow


class Erasure(Base):
    """`digests` are the SHA-256 of what the customer was known by, salted: by them a restored backup is erased again.

    `finished_at` is None until the traces in files are gone, too; `staff_id` None is the clock or the data folder's
    owner. `last_message` and `last_ticket` are the highest ids at that time: other systems know them, so they are not
    given to anybody else (SQLite would)."""

    __tablename__ = "erasure"

    salt: Mapped[str] = mapped_column(String(64))
    digests: Mapped[list[str]]
    counts: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id"), default=None)
    last_message: Mapped[int] = mapped_column(default=0)
    last_ticket: Mapped[int] = mapped_column(default=0)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    finished_at: Mapped[dt.datetime | None] = mapped_column(default=None)
