"""The second factor of a member of staff: the authenticator's secret, and codes for when it is lost."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class TwoFactor(Base):
    """`confirmed_at` None is a secret that is being set up; `last_step` is the newest time step whose code was used.

    The secret has to be readable to check codes. It is shown to nobody but its owner while they set it up."""

    __tablename__ = "two_factor"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(String(64), repr=False)
    confirmed_at: Mapped[dt.datetime | None] = mapped_column(default=None)
    last_step: Mapped[int] = mapped_column(default=0)


class RecoveryCode(Base):
    """A code that stands in for the authenticator once; `code_hash` is its SHA-256 (64 random bits)."""

    __tablename__ = "recovery_code"

    staff_id: Mapped[int] = mapped_column(ForeignKey("staff.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    used_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class SignInRule(Base):
    """What admins ask of everybody who signs in; there is at most one row."""

    __tablename__ = "sign_in_rule"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    two_factor: Mapped[bool]
