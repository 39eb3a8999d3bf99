"""Secret: keys that this installation signs with, shared by all its processes."""

from __future__ import annotations

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base


class Secret(Base):
    """A signing key by name, made once, never shown."""

    __tablename__ = "secret"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(100))
