"""Channel: a place where customers meet the bot, with look, texts and allowed origins; and the keys to ask there."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, utcnow


class Channel(Base):
    """A channel; a page of another origin may use it only if its origin is listed (deny by default)."""

    __tablename__ = "channel"

    slug: Mapped[str] = mapped_column(String(60), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    greeting: Mapped[str] = mapped_column(Text, default="")
    suggested_questions: Mapped[list[str]] = mapped_column(default_factory=list)
    allowed_origins: Mapped[list[str]] = mapped_column(default_factory=list)
    accent: Mapped[str] = mapped_column(String(7), default="#1f6f5c")
    enabled: Mapped[bool] = mapped_column(default=True)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    def allows(self, origin: str) -> bool:
        """Whether a page of `origin` (scheme://host[:port]) may use this channel."""
        return self.enabled and origin.rstrip("/").lower() in {o.rstrip("/").lower() for o in self.allowed_origins}


class ChannelKey(Base):
    """A program's key to ask on one channel, and nothing else; kept as a hash, `prefix` tells keys apart in lists."""

    __tablename__ = "channel_key"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
