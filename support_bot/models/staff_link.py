"""StaffLink: a link that works once, by which somebody joins the team or sets a new password. Holds a hash only."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import LinkKind, Role


class StaffLink(Base):
    """`staff_id` is whose password it changes, None for an invitation; `made_by` None is the data folder's owner."""

    __tablename__ = "staff_link"

    kind: Mapped[LinkKind] = mapped_column(enum_column(LinkKind))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(200), index=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    staff_id: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    made_by: Mapped[int | None] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    expires_at: Mapped[dt.datetime]
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    used_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    def is_open(self, now: dt.datetime) -> bool:
        """Whether it can still be used."""
        return self.used_at is None and self.withdrawn_at is None and now < self.expires_at
