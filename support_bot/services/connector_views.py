"""A connector and its queues as an admin sees them: never with a token or a secret."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from support_bot.connectors.base import ConnectorConfig
from support_bot.models import Connector, ConnectorDelivery, OutboxItem
from support_bot.storage.database import Transaction

_SHOWN = 100


@dataclass(frozen=True, slots=True)
class OutboxView:
    """Something that waits to go out, or that went wrong for good (`dead`)."""

    id: int
    ticket_id: int
    kind: str
    state: str
    attempts: int
    error: str
    next_at: dt.datetime
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A webhook that came and waits to be worked on, or could not be (`dead`)."""

    id: int
    state: str
    attempts: int
    error: str
    next_at: dt.datetime
    created_at: dt.datetime


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """A connector without its token and secrets: only whether there are any."""

    name: str
    kind: str
    url: str
    desk_queue: str
    user: str
    has_token: bool
    secrets: int
    enabled: bool
    safe: bool
    waiting: int
    dead: int
    done: int
    queue: tuple[OutboxView, ...]
    dead_deliveries: int
    deliveries: tuple[DeliveryView, ...]


def config_of(connector: Connector) -> ConnectorConfig:
    values: dict[str, Any] = connector.config
    return ConnectorConfig(
        name=connector.name,
        url=values.get("url", ""),
        queue=values.get("queue", ""),
        token=values.get("token", ""),
        secrets=tuple(values.get("secrets", ())),
        user=values.get("user", ""),
    )


def view_of(tx: Transaction, connector: Connector) -> ConnectorView:
    config, counts = config_of(connector), tx.connectors.counts(connector.id)
    return ConnectorView(
        name=connector.name,
        kind=connector.kind,
        url=config.url,
        desk_queue=config.queue,
        user=config.user,
        has_token=bool(config.token),
        secrets=len(config.secrets),
        enabled=connector.enabled,
        safe=connector.safe,
        waiting=counts.get("waiting", 0),
        dead=counts.get("dead", 0),
        done=counts.get("done", 0),
        queue=tuple(_item(item) for item in tx.connectors.queue(connector.id, _SHOWN)),
        dead_deliveries=tx.connectors.dead_deliveries(connector.id),
        deliveries=tuple(_delivery(row) for row in tx.connectors.undone_deliveries(connector.id, _SHOWN)),
    )


def _item(item: OutboxItem) -> OutboxView:
    return OutboxView(
        id=item.id,
        ticket_id=item.ticket_id,
        kind=item.kind.value,
        state=item.state.value,
        attempts=item.attempts,
        error=item.error,
        next_at=item.next_at,
        created_at=item.created_at,
    )


def _delivery(row: ConnectorDelivery) -> DeliveryView:
    return DeliveryView(
        id=row.id,
        state=row.state.value,
        attempts=row.attempts,
        error=row.error,
        next_at=row.next_at,
        created_at=row.created_at,
    )
