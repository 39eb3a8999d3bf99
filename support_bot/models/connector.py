"""Connector, ConnectorLink, OutboxItem, ConnectorDelivery: other help desks, what goes there and what came."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from support_bot.models.base import Base, enum_column, utcnow


class Connector(Base):
    """One help desk that an admin set up; `kind` is the plug-in, `config` what it needs, secrets included."""

    __tablename__ = "connector"

    name: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    config: Mapped[dict[str, Any]] = mapped_column(default_factory=dict)
    enabled: Mapped[bool] = mapped_column(default=False)
    safe: Mapped[bool] = mapped_column(default=True)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    since: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    """Tickets that are older than this are not carried over: set when the connector is switched on."""


class ConnectorLink(Base):
    """A ticket here and the same ticket there. `message_id` is the last message that was put into the outbox,
    `status` what both sides last agreed on."""

    __tablename__ = "connector_link"
    __table_args__ = (UniqueConstraint("connector_id", "ticket_id"),)

    connector_id: Mapped[int] = mapped_column(ForeignKey("connector.id", ondelete="CASCADE"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    external_id: Mapped[str | None] = mapped_column(String(120), default=None, index=True)
    message_id: Mapped[int] = mapped_column(default=0)
    status: Mapped[str] = mapped_column(String(16), default="open")
    id: Mapped[int] = mapped_column(primary_key=True, init=False)


class OutboxKind(enum.StrEnum):
    """What is to be done over there."""

    CREATE = "create"
    NOTE = "note"
    MESSAGE = "message"
    STATUS = "status"


class Delivered(enum.StrEnum):
    """Where a parcel is; DEAD ones wait for an admin."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


class OutboxItem(Base):
    """One thing to do over there, once. `key` is what it is known by on both sides; texts stay with the messages."""

    __tablename__ = "outbox_item"
    __table_args__ = (
        UniqueConstraint("connector_id", "key"),
        Index("ix_outbox_item_state_next_at", "state", "next_at"),
    )

    connector_id: Mapped[int] = mapped_column(ForeignKey("connector.id", ondelete="CASCADE"))
    ticket_id: Mapped[int] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    kind: Mapped[OutboxKind] = mapped_column(enum_column(OutboxKind))
    key: Mapped[str] = mapped_column(String(64))
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), default=None, index=True
    )
    detail: Mapped[str] = mapped_column(String(40), default="")
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    state: Mapped[Delivered] = mapped_column(enum_column(Delivered), default=Delivered.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    done_at: Mapped[dt.datetime | None] = mapped_column(default=None)


class ConnectorDelivery(Base):
    """A webhook that came, by its id; the body goes once it was worked on."""

    __tablename__ = "connector_delivery"
    __table_args__ = (
        UniqueConstraint("connector_id", "delivery_id"),
        Index("ix_connector_delivery_state_next_at", "state", "next_at"),
    )

    connector_id: Mapped[int] = mapped_column(ForeignKey("connector.id", ondelete="CASCADE"))
    delivery_id: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    state: Mapped[Delivered] = mapped_column(enum_column(Delivered), default=Delivered.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
    error: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[dt.datetime] = mapped_column(default_factory=utcnow)
