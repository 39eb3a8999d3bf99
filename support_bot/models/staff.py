"""Staff, their sessions, and integrators' API keys. Holds hashes, never a password, token or key."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.errors import Conflict
from support_bot.models.base import Base, enum_column, utcnow
from support_bot.values import Role


class Staff(Base):
    """A viewer, agent or admin."""

    __tablename__ = "staff"

    email: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    password_hash: Mapped[str] = mapped_column(String(200))
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    active: Mapped[bool] = mapped_column(default=True)
    failed_sign_ins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[dt.datetime | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)

    def is_locked(self, now: dt.datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    def note_failure(self, now: dt.datetime, *, limit: int, pause: dt.timedelta) -> None:
        """Count a wrong password; at the limit the account pauses and the count starts over."""
        self.failed_sign_ins += 1
        if self.failed_sign_ins >= limit:
            self.locked_until = now + pause
            self.failed_sign_ins = 0

    def note_success(self) -> None:
        self.failed_sign_ins = 0
        self.locked_until = None

    def deactivate(self, *, by: int | None, other_admins: int) -> None:
        """End this person's access; their name stays on what they wrote. Twice is once.

        `by` is a staff id, None for the owner of the data folder; `other_admins` is how many active ones there are
        beside this person. Raises Conflict for oneself, and for the last active admin, after whom nobody could let
        anybody in again."""
        if self.id == by:
            raise Conflict("You cannot deactivate yourself; another admin can.")
        if self.active and self.role is Role.ADMIN and not other_admins:
            raise Conflict(f"{self.email} is the last active admin; add or reactivate another one first.")
        self.active = False

    def reactivate(self) -> None:
        """Let this person sign in again, with the password from before and without a pause. Twice is once."""
        self.active = True
        self.note_success()

    def may(self, role: Role) -> bool:
        """Whether this person may do what `role` may do."""
        return self.active and self.role.includes(role)


class StaffSession(Base):
    """A signed-in browser; `token_hash` is SHA-256 of the cookie's value."""

    __tablename__ = "staff_session"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    expires_at: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)


class ApiKey(Base):
    """An integrator's key; `prefix` is shown in lists so that keys can be told apart."""

    __tablename__ = "api_key"

    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(16))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[Role] = mapped_column(enum_column(Role))
    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"))
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    revoked_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
