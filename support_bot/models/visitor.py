"""Who a visitor is: the keys a channel's site signs with, and what is known of the customer of a conversation."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, utcnow


class IdentityKey(Base):
    """A secret that the channel's own site signs its users with. Kept as it is, for checking needs the secret itself.

    `kid` names it in tokens; a revoked one proves nothing any more."""

    __tablename__ = "identity_key"

    channel_id: Mapped[int] = mapped_column(ForeignKey("channel.id", ondelete="CASCADE"), index=True)
    kid: Mapped[str] = mapped_column(String(24), unique=True)
    secret: Mapped[str] = mapped_column(String(100), repr=False)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)


class VisitorProfile(Base):
    """At most one for each conversation. `subject` is the site's own id of the customer, there only once it was proved.

    `signed` says that name and e-mail stood in the token, too; otherwise the page told them, as it tells `details`."""

    __tablename__ = "visitor_profile"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str | None] = mapped_column(String(200), default=None, index=True)
    name: Mapped[str | None] = mapped_column(String(200), default=None)
    email: Mapped[str | None] = mapped_column(String(254), default=None)
    signed: Mapped[bool] = mapped_column(default=False)
    details: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    verified_at: Mapped[dt.datetime | None] = mapped_column(default=None)
