"""ChannelPromise: when a channel's team is there, how soon it replies, and its own words at a hand-off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class ChannelPromise(Base):
    """At most one for each channel; a channel without one is always open and has no reply times.

    `week` maps `mon` … `sun` to hours as typed, `targets` a priority to minutes by metric, `texts` a hand-off reason to
    the channel's own text.

    After `patience_minutes` a customer who still waits is told so and asked for an e-mail address; 0 is never."""

    __tablename__ = "channel_promise"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), primary_key=True)
    zone: Mapped[str] = mapped_column(String(64))
    week: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    holidays: Mapped[list[str]] = mapped_column(default_factory=list)
    targets: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    texts: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    patience_minutes: Mapped[int] = mapped_column(default=10)
