"""django-helpdesk 2.6: its REST API, and the small Django app of ours that signs what happens there.

The app (`docs/django_helpdesk`) also writes what a customer said as the customer, which the API cannot."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from support_bot.connectors.base import (
    ConnectorConfig,
    ConnectorError,
    Entry,
    File,
    RemoteStatus,
    RemoteTicket,
    TicketDraft,
    Who,
    marked,
    marker,
)
from support_bot.connectors.http import HelpdeskHttp
from support_bot.connectors.standard import SignedInbound, require_id

_PRIORITIES = {"urgent": 1, "high": 2, "normal": 3, "low": 4}
_TAG = re.compile(r"\{(?=[{%#])|%(?=\})")
_OPEN, _REOPENED, _RESOLVED = 1, 2, 3
_STATUSES = {_OPEN: RemoteStatus.OPEN, _REOPENED: RemoteStatus.OPEN}


class DjangoHelpdeskConnector(SignedInbound):
    """Signs in with the token of a staff user of its own, whose name is the `user` of the settings.

    `queue` is a queue's number. A follow-up carries no title: that would rename the ticket."""

    needs: ClassVar[frozenset[str]] = frozenset({"url", "queue", "token", "user", "secrets"})

    def __init__(self, config: ConnectorConfig) -> None:
        super().__init__(config)
        self._http = HelpdeskHttp(config.url, {"Authorization": f"Token {config.token}"})

    def check(self) -> None:
        who = self._http.json("GET", "/support-bot/whoami/")
        if not isinstance(who, dict) or who.get("user") != self._config.user:
            raise ConnectorError(f"The token is not one of the user '{self._config.user}'.", lasting=True)
        if self._queue() not in who.get("queues", []):
            raise ConnectorError(f"There is no queue {self._config.queue} that this user may see.", lasting=True)

    def create(self, draft: TicketDraft) -> str:
        body: dict[str, Any] = {
            "queue": self._queue(),
            "title": draft.subject[:200],
            "description": marked(draft.text, draft.key),
            "priority": _PRIORITIES.get(draft.priority, 3),
        }
        if draft.email:
            body["submitter_email"] = draft.email
        return require_id(self._http.json("POST", "/api/tickets/", json=body), "django-helpdesk")

    def reply(self, ticket_id: str, text: str, key: str) -> None:
        self._follow_up(ticket_id, marked(text, key), public=True)

    def say(self, ticket_id: str, text: str, key: str) -> None:
        body = {"ticket": _number(ticket_id), "comment": marked(text, key)}
        self._http.send("POST", "/support-bot/customer-messages/", json=body)

    def note(self, ticket_id: str, text: str, key: str) -> None:
        self._follow_up(ticket_id, marked(text, key), public=False)

    def attach(self, ticket_id: str, file: File, key: str) -> None:
        """A type that is not allowed is refused with 500 after the note was stored; it counts as attached."""
        form = {"ticket": str(_number(ticket_id)), "comment": _inert(marked(file.name, key)), "public": "false"}
        files = {"attachments": (file.name, file.data, file.media_type)}
        self._http.send("POST", "/api/followups/", data=form, files=files)

    def set_status(self, ticket_id: str, status: RemoteStatus) -> None:
        if self.read(ticket_id).status is not status:
            wanted = _RESOLVED if status is RemoteStatus.SOLVED else _REOPENED
            self._http.send("PATCH", f"/api/tickets/{_number(ticket_id)}/", json={"status": wanted})

    def assign(self, ticket_id: str, agent: str) -> None:
        self._http.send("PATCH", f"/api/tickets/{_number(ticket_id)}/", json={"assigned_to": _number(agent)})

    def read(self, ticket_id: str) -> RemoteTicket:
        found = self._http.json("GET", f"/support-bot/tickets/{_number(ticket_id)}/")
        try:
            first = Entry("0", Who.CUSTOMER, str(found["description"] or ""), private=False)
            entries = [
                Entry(str(e["id"]), Who(e["author"]), str(e["comment"] or ""), not e["public"])
                for e in found["entries"]
            ]
            status = _STATUSES.get(int(found["status"]), RemoteStatus.SOLVED)
        except (KeyError, TypeError, ValueError) as error:
            raise ConnectorError("django-helpdesk answered something that is no ticket.") from error
        return RemoteTicket(ticket_id, status, [first, *entries])

    def find(self, key: str) -> str | None:
        found = self._http.json("GET", "/support-bot/find/", params={"marker": marker(key)})
        ticket = found.get("ticket") if isinstance(found, dict) else None
        return None if ticket is None else str(ticket)

    def _follow_up(self, ticket_id: str, comment: str, *, public: bool) -> None:
        body = {"ticket": _number(ticket_id), "comment": _inert(comment), "public": public}
        self._http.send("POST", "/api/followups/", json=body)

    def _queue(self) -> int:
        return _number(self._config.queue)


def _inert(comment: str) -> str:
    """A follow-up is run as a Django template over there: no braces of a stranger may mean anything."""
    return _TAG.sub("\\g<0>\u2060", comment)


def _number(written: str) -> int:
    if not written.isdecimal():
        raise ConnectorError(f"'{written[:40]}' is no number, as ids of django-helpdesk are.", lasting=True)
    return int(written)
