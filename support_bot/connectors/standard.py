"""The webhook in our own words: Standard Webhooks 1.0, signed, one event each. Other connectors take it in, too."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from support_bot.connectors.base import (
    ConnectorConfig,
    ConnectorError,
    Delivery,
    Entry,
    File,
    InboundEvent,
    MessageWritten,
    Missed,
    RemoteStatus,
    RemoteTicket,
    StatusChanged,
    TicketCreated,
    TicketDraft,
    Unsupported,
    Who,
    text_of,
)
from support_bot.connectors.http import HelpdeskHttp
from support_bot.connectors.signatures import SCHEMES, sign_standard, verify


class SignedInbound:
    """What connectors share whose webhooks are of this kind."""

    def __init__(self, config: ConnectorConfig) -> None:
        self._config = config

    def verify(self, headers: Mapping[str, str], body: bytes) -> Delivery:
        return Delivery(verify(SCHEMES["standard"], self._config.secrets, headers, body), body)

    def parse(self, body: bytes) -> Sequence[InboundEvent]:
        return parse(body)

    def missed(self, after: str) -> Missed:
        return Missed((), after)


class WebhookConnector(SignedInbound):
    """Tells a program of yours what happens here, and takes what it tells.

    Nothing can be read back: whoever receives knows a repetition by its `webhook-id`."""

    needs: ClassVar[frozenset[str]] = frozenset({"url", "secrets"})

    def __init__(self, config: ConnectorConfig) -> None:
        super().__init__(config)
        self._http = HelpdeskHttp(config.url, {"Content-Type": "application/json"})

    def check(self) -> None:
        self._send("ping", f"ping-{time.time_ns()}", {})

    def create(self, draft: TicketDraft) -> str:
        """The receiver's own id where it answers with `{"ticket_id": …}`, else the key."""
        data = {"subject": draft.subject, "text": draft.text, "priority": draft.priority, "email": draft.email}
        answer = self._send("ticket.created", draft.key, {**data, "queue": self._config.queue, "key": draft.key})
        return str(answer.get("ticket_id") or draft.key)[:120]

    def reply(self, ticket_id: str, text: str, key: str) -> None:
        self._message(ticket_id, text, key, Who.AGENT)

    def say(self, ticket_id: str, text: str, key: str) -> None:
        self._message(ticket_id, text, key, Who.CUSTOMER)

    def note(self, ticket_id: str, text: str, key: str) -> None:
        self._message(ticket_id, text, key, Who.BOT, private=True)

    def attach(self, ticket_id: str, file: File, key: str) -> None:
        raise Unsupported("take files")

    def set_status(self, ticket_id: str, status: RemoteStatus) -> None:
        key = f"status-{ticket_id}-{time.time_ns()}"[:120]
        self._send("ticket.status_changed", key, {"ticket_id": ticket_id, "status": status.value})

    def assign(self, ticket_id: str, agent: str) -> None:
        raise Unsupported("assign tickets")

    def read(self, ticket_id: str) -> RemoteTicket:
        raise Unsupported("be read")

    def find(self, key: str) -> str | None:
        raise Unsupported("be searched")

    def _message(self, ticket_id: str, text: str, key: str, who: Who, *, private: bool = False) -> None:
        data = {"ticket_id": ticket_id, "message_id": key, "author": who.value, "private": private, "text": text}
        self._send("message.created", key, data)

    def _send(self, kind: str, key: str, data: dict[str, Any]) -> dict[str, Any]:
        now = int(time.time())
        body = json.dumps({"type": kind, "timestamp": now, "data": data}, ensure_ascii=False).encode()
        # While a key is replaced both sign, so that the receiver may change over at any time.
        signatures = " ".join(sign_standard(secret, key, now, body) for secret in self._config.secrets)
        headers = {"webhook-id": key, "webhook-timestamp": str(now), "webhook-signature": signatures}
        answer = self._http.send("POST", "", content=body, headers=headers)
        try:
            said = answer.json()
        except ValueError:
            return {}
        return said if isinstance(said, dict) else {}


def parse(body: bytes) -> Sequence[InboundEvent]:
    """`{"type", "data": {"ticket_id", "author", …}}`; types that are not ours are nothing. Raises ValueError."""
    said = json.loads(body)
    data = said.get("data") if isinstance(said, dict) else None
    if not isinstance(data, dict):
        raise ValueError("a webhook is an object with `type` and `data`")
    match said.get("type"):
        case "ticket.created":
            return [TicketCreated(text_of(data, "ticket_id"), Who(text_of(data, "author")))]
        case "message.created":
            return [_message(data)]
        case "ticket.status_changed":
            status = RemoteStatus(text_of(data, "status"))
            return [StatusChanged(text_of(data, "ticket_id"), Who(text_of(data, "author")), status)]
    return []


def _message(data: Mapping[str, Any]) -> MessageWritten:
    # Only a plain `false` is public: what is unclear must not reach a customer.
    private = data.get("private") is not False
    entry = Entry(text_of(data, "message_id"), Who(text_of(data, "author")), text_of(data, "text"), private)
    name = data.get("name")
    return MessageWritten(text_of(data, "ticket_id"), entry, name[:100] if isinstance(name, str) else None)


def require_id(answer: Any, where: str) -> str:
    """The id in an answer."""
    if isinstance(answer, dict) and isinstance(answer.get("id"), int | str):
        return str(answer["id"])
    raise ConnectorError(f"{where} answered without an id.")
