"""All SQL about connectors, their links to tickets, what waits to go out and what came in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from support_bot.errors import NotFound
from support_bot.models import (
    Connector,
    ConnectorDelivery,
    ConnectorLink,
    Conversation,
    Delivered,
    Message,
    OutboxItem,
    OutboxKind,
    Ticket,
)
from support_bot.values import OPEN_STATUSES


class ConnectorRepository:
    """Connectors by name; parcels by who is next."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: Connector | ConnectorLink | OutboxItem | ConnectorDelivery) -> None:
        self._session.add(row)
        self._session.flush()

    def all(self) -> Sequence[Connector]:
        return self._session.scalars(select(Connector).order_by(Connector.name)).all()

    def find(self, name: str) -> Connector | None:
        return self._session.scalars(select(Connector).where(Connector.name == name)).one_or_none()

    def get(self, name: str) -> Connector:
        found = self.find(name)
        if found is None:
            raise NotFound(f"There is no connector '{name}'.")
        return found

    def get_by_id(self, connector_id: int) -> Connector:
        return self._session.get_one(Connector, connector_id)

    def remove(self, name: str) -> None:
        self._session.execute(delete(Connector).where(Connector.id == self.get(name).id))

    # ---- links

    def link(self, connector_id: int, ticket_id: int) -> ConnectorLink | None:
        query = select(ConnectorLink).where(
            ConnectorLink.connector_id == connector_id, ConnectorLink.ticket_id == ticket_id
        )
        return self._session.scalars(query).one_or_none()

    def is_creating(self, connector_id: int) -> bool:
        """Whether a ticket may be there whose id we do not know yet."""
        query = select(OutboxItem.id).where(
            OutboxItem.connector_id == connector_id,
            OutboxItem.kind == OutboxKind.CREATE,
            OutboxItem.state == Delivered.WAITING,
            OutboxItem.attempts > 0,
        )
        return self._session.scalars(query.limit(1)).first() is not None

    def link_of(self, connector_id: int, external_id: str) -> ConnectorLink | None:
        """The newest ticket here that is this one there."""
        query = (
            select(ConnectorLink)
            .where(ConnectorLink.connector_id == connector_id, ConnectorLink.external_id == external_id)
            .order_by(ConnectorLink.id.desc())
            .limit(1)
        )
        return self._session.scalars(query).one_or_none()

    def links_of(self, ticket_ids: Sequence[int]) -> list[tuple[str, str]]:
        """Where these tickets lie as well: the connector's name and the ticket's id there."""
        query = (
            select(Connector.name, ConnectorLink.external_id)
            .join(Connector, Connector.id == ConnectorLink.connector_id)
            .where(ConnectorLink.ticket_id.in_(ticket_ids), ConnectorLink.external_id.is_not(None))
            .order_by(Connector.name, ConnectorLink.id)
        )
        return [(row[0], str(row[1])) for row in self._session.execute(query)]

    def earlier_link(self, connector_id: int, conversation_id: str) -> ConnectorLink | None:
        """The newest link of this conversation that has its ticket over there."""
        query = (
            select(ConnectorLink)
            .join(Ticket, Ticket.id == ConnectorLink.ticket_id)
            .where(ConnectorLink.connector_id == connector_id, Ticket.conversation_id == conversation_id)
            .where(ConnectorLink.external_id.is_not(None))
            .order_by(ConnectorLink.id.desc())
            .limit(1)
        )
        return self._session.scalars(query).one_or_none()

    def unlinked(self, connector: Connector) -> Sequence[Ticket]:
        """Open tickets since the connector was switched on that are not known to it."""
        linked = exists().where(ConnectorLink.connector_id == connector.id, ConnectorLink.ticket_id == Ticket.id)
        query = (
            select(Ticket)
            .where(Ticket.status.in_(OPEN_STATUSES), Ticket.created_at >= connector.since, ~linked)
            .order_by(Ticket.id)
            .limit(50)
        )
        return self._session.scalars(query).all()

    def behind(self, connector_id: int) -> Sequence[ConnectorLink]:
        """Links whose conversation has a message, or whose ticket a status, that is not in the outbox yet.

        Those that were opened again are looked for from the open tickets, so that nobody looks at what is over."""
        newest = (
            select(func.max(Message.id))
            .where(Message.conversation_id == Ticket.conversation_id)
            .correlate(Ticket)
            .scalar_subquery()
        )
        is_open = Ticket.status.in_(OPEN_STATUSES)
        of_this = ConnectorLink.connector_id == connector_id
        over = exists().where(of_this, ConnectorLink.ticket_id == Ticket.id, ConnectorLink.status == "solved")
        reopened = self._session.scalars(select(Ticket.id).where(is_open, over).order_by(Ticket.id).limit(200)).all()
        news = or_(~is_open, is_open & (newest > ConnectorLink.message_id))
        links = select(ConnectorLink).where(of_this).order_by(ConnectorLink.id).limit(200)
        running = links.join(Ticket, Ticket.id == ConnectorLink.ticket_id).where(ConnectorLink.status == "open", news)
        found = list(self._session.scalars(running))
        if reopened:
            found += self._session.scalars(links.where(ConnectorLink.ticket_id.in_(reopened)))
        return found

    def messages_after(self, conversation_id: str, after: int) -> Sequence[Message]:
        query = select(Message).where(Message.conversation_id == conversation_id, Message.id > after)
        return self._session.scalars(query.order_by(Message.id)).all()

    def conversation_exists(self, conversation_id: str) -> bool:
        return self._session.get(Conversation, conversation_id) is not None

    # ---- the outbox

    def due(self, now: dt.datetime, limit: int) -> Sequence[OutboxItem]:
        """The oldest waiting item of each ticket whose time has come: a ticket's items go in order."""
        first = (
            select(func.min(OutboxItem.id))
            .where(OutboxItem.state == Delivered.WAITING)
            .group_by(OutboxItem.connector_id, OutboxItem.ticket_id)
        )
        query = (
            select(OutboxItem)
            .join(Connector, Connector.id == OutboxItem.connector_id)
            .where(OutboxItem.id.in_(first), OutboxItem.next_at <= now, Connector.enabled)
            .order_by(OutboxItem.id)
            .limit(limit)
        )
        return self._session.scalars(query).all()

    def find_item(self, item_id: int) -> OutboxItem | None:
        return self._session.get(OutboxItem, item_id)

    def sent_since(self, connector_id: int, ticket_id: int, since: dt.datetime) -> int:
        query = select(func.count()).where(
            OutboxItem.connector_id == connector_id, OutboxItem.ticket_id == ticket_id, OutboxItem.done_at >= since
        )
        return self._session.scalar(query) or 0

    def queue(self, connector_id: int, limit: int) -> Sequence[OutboxItem]:
        """What waits or is dead, the oldest first."""
        query = select(OutboxItem).where(OutboxItem.connector_id == connector_id)
        query = query.where(OutboxItem.state != Delivered.DONE).order_by(OutboxItem.id).limit(limit)
        return self._session.scalars(query).all()

    def counts(self, connector_id: int) -> dict[str, int]:
        """How many outbox items are in each state."""
        query = select(OutboxItem.state, func.count()).where(OutboxItem.connector_id == connector_id)
        return {state.value: count for state, count in self._session.execute(query.group_by(OutboxItem.state))}

    def opens(self, connector_id: int, ticket_id: int) -> bool:
        """Whether the ticket is about to be opened (again) over there."""
        query = select(OutboxItem.id).where(
            OutboxItem.connector_id == connector_id,
            OutboxItem.ticket_id == ticket_id,
            OutboxItem.kind == OutboxKind.STATUS,
            OutboxItem.detail == "open",
            OutboxItem.state == Delivered.WAITING,
        )
        return self._session.scalars(query.limit(1)).first() is not None

    # ---- what came

    def has_delivery(self, connector_id: int, delivery_id: str) -> bool:
        query = select(ConnectorDelivery.id).where(
            ConnectorDelivery.connector_id == connector_id, ConnectorDelivery.delivery_id == delivery_id
        )
        return self._session.scalar(query) is not None

    def deliveries(self, now: dt.datetime, limit: int) -> Sequence[ConnectorDelivery]:
        query = (
            select(ConnectorDelivery)
            .join(Connector, Connector.id == ConnectorDelivery.connector_id)
            .where(ConnectorDelivery.state == Delivered.WAITING, ConnectorDelivery.next_at <= now, Connector.enabled)
            .order_by(ConnectorDelivery.id)
            .limit(limit)
        )
        return self._session.scalars(query).all()

    def undone_deliveries(self, connector_id: int, limit: int) -> Sequence[ConnectorDelivery]:
        """What waits or is dead, the oldest first."""
        query = select(ConnectorDelivery).where(ConnectorDelivery.connector_id == connector_id)
        query = query.where(ConnectorDelivery.state != Delivered.DONE).order_by(ConnectorDelivery.id).limit(limit)
        return self._session.scalars(query).all()

    def revive(self, connector_id: int, now: dt.datetime) -> int:
        """What is dead in either direction waits again, after a read-back; how many rows."""
        revived = 0
        for table in (OutboxItem, ConnectorDelivery):
            query = update(table).where(table.connector_id == connector_id, table.state == Delivered.DEAD)
            changed = query.values(state=Delivered.WAITING, attempts=1, next_at=now).returning(table.id)
            revived += len(self._session.execute(changed).all())
        return revived

    def dead_deliveries(self, connector_id: int) -> int:
        query = select(func.count()).where(ConnectorDelivery.connector_id == connector_id)
        return self._session.scalar(query.where(ConnectorDelivery.state == Delivered.DEAD)) or 0

    def find_delivery(self, row_id: int) -> ConnectorDelivery | None:
        return self._session.get(ConnectorDelivery, row_id)

    def forget_deliveries(self, before: dt.datetime) -> None:
        """A replay is refused by its signed time long before this."""
        query = delete(ConnectorDelivery).where(ConnectorDelivery.created_at < before)
        self._session.execute(query.where(ConnectorDelivery.state != Delivered.WAITING))
