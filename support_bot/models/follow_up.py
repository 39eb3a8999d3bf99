"""FollowUp: a customer waited too long for a person, was told so, and perhaps left an e-mail address."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class FollowUp(Base):
    """At most one for each conversation; `ticket_id` is the ticket for which the customer was told last."""

    __tablename__ = "follow_up"

    conversation_id: Mapped[str] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"), primary_key=True)
    ticket_id: Mapped[int | None] = mapped_column(default=None)
    told_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    email: Mapped[str | None] = mapped_column(String(254), default=None)
