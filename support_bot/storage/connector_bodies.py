"""Which webhooks of other help desks are about a customer, while their bodies are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from support_bot.models import ConnectorDelivery, ConnectorLink
from support_bot.storage.customer_names import parts
from support_bot.values.customers import Customer


def deliveries_about(session: Session, customer: Customer) -> list[int]:
    """Ids of those that name one of their addresses or conversations, or a ticket over there that is theirs."""
    names = [*customer.emails, *customer.conversations]
    links = select(ConnectorLink.connector_id, ConnectorLink.external_id)
    theirs = {
        (connector, ticket)
        for part in parts(customer.tickets)
        for connector, ticket in session.execute(links.where(ConnectorLink.ticket_id.in_(part)))
    }
    query = select(ConnectorDelivery.id, ConnectorDelivery.connector_id, ConnectorDelivery.body)
    rows = session.execute(query.where(ConnectorDelivery.body != "")).all()
    named = _pattern(names)
    return [
        number
        for number, connector, body in rows
        if named.search(body) or any((connector, ticket) in theirs for ticket in _tickets(body))
    ]


def _pattern(names: list[str]) -> re.Pattern[str]:
    """Finds one of the names as a whole, in any case, as it is or as JSON spells it; never a part of a longer one."""
    spelt = sorted({re.escape(form) for name in names for form in (name, json.dumps(name)[1:-1])})
    return re.compile(rf"(?<![\w.+-])(?:{'|'.join(spelt) or '(?!)'})(?![\w-]|\.\w)", re.IGNORECASE)


def _tickets(body: str) -> Iterator[str]:
    try:
        yield from _ticket_ids(json.loads(body))
    except (ValueError, RecursionError):
        return


def _ticket_ids(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(told := value.get("ticket_id"), str | int):
            yield str(told)
        for inner in value.values():
            yield from _ticket_ids(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _ticket_ids(inner)
