"""Request Tracker 5: its REST2 API, and the small extension of ours that signs what happens there.

The extension (`docs/request_tracker`) also writes what a customer said as the customer, which the API cannot."""

from __future__ import annotations

import base64
from typing import Any, ClassVar

from support_bot.connectors.base import (
    ConnectorConfig,
    ConnectorError,
    Delivery,
    Entry,
    File,
    Missed,
    RemoteStatus,
    RemoteTicket,
    TicketDraft,
    Who,
    marked,
)
from support_bot.connectors.http import HelpdeskHttp
from support_bot.connectors.standard import SignedInbound, require_id

_PRIORITIES = {"urgent": 100, "high": 100, "normal": 50, "low": 0}
"""RT's own scale has three names: Low from 0, Medium from 50, High from 100."""
_FIELD, _NOBODY_S_CUSTOMER = "Support bot chat", "chat-customer"
_API, _OURS = "/REST/2.0", "/REST/2.0/support-bot"


class RequestTrackerConnector(SignedInbound):
    """Signs in with the token of a user of its own, whose name is the `user` of the settings.

    `queue` is a queue's name. A change that RT refuses is answered with 200 and a sentence, so each is read back."""

    needs: ClassVar[frozenset[str]] = frozenset({"url", "queue", "token", "user", "secrets"})

    def __init__(self, config: ConnectorConfig) -> None:
        super().__init__(config)
        self._http = HelpdeskHttp(config.url, {"Authorization": f"token {config.token}"})

    def check(self) -> None:
        """Signs in, looks at the rights, and lets RT send a signed ping here."""
        queue = self._config.queue
        try:
            found = self._http.json("GET", f"{_OURS}/whoami", params={"queue": queue})
        except ConnectorError as error:
            raise _in_plain_words(error, self._config.user) from error
        if not isinstance(found, dict) or str(found.get("user", "")).lower() != self._config.user.lower():
            raise ConnectorError(f"The token is not one of the user '{self._config.user}'.", lasting=True)
        if not found.get("queue"):
            raise ConnectorError(f"There is no queue '{queue}' that this user may see; run setup for it.", lasting=True)
        lacking = [f"the right {each}" for each in found.get("lacks", [])]
        lacking += [f"the {each}" for each in ("field", "scrip") if not found.get(each)]
        if lacking:
            raise ConnectorError(f"The queue lacks {', '.join(lacking)}; run setup for it again.", lasting=True)
        self._check_way_back()

    def _check_way_back(self) -> None:
        said = self._http.json("POST", f"{_OURS}/ping", json={})
        if not isinstance(said, dict):
            raise ConnectorError("Request Tracker answered something that tells nothing of the way back.", lasting=True)
        status, words = said.get("status"), str(said.get("said", ""))
        if status == 200 or (status == 404 and "switched on" in words):
            return
        if status == 401:
            raise ConnectorError("RT signs with another secret than this connector's.", lasting=True)
        why = words[:120] if status == 0 else f"it answers {status}"
        raise ConnectorError(f"RT does not reach the events address in its configuration: {why}", lasting=True)

    def create(self, draft: TicketDraft) -> str:
        body: dict[str, Any] = {
            "Queue": self._config.queue,
            "Subject": " ".join(draft.subject.split())[:200],
            "Content": draft.text,
            "ContentType": "text/plain",
            "Priority": _PRIORITIES.get(draft.priority, 50),
            "Requestor": draft.email or _NOBODY_S_CUSTOMER,
            "CustomFields": {_FIELD: draft.key},
        }
        return require_id(self._http.json("POST", f"{_API}/ticket", json=body), "Request Tracker")

    def reply(self, ticket_id: str, text: str, key: str) -> None:
        self._write(ticket_id, "correspond", marked(text, key))

    def say(self, ticket_id: str, text: str, key: str) -> None:
        path = f"{_OURS}/ticket/{_number(ticket_id)}/customer-message"
        self._http.send("POST", path, json={"text": marked(text, key)})

    def note(self, ticket_id: str, text: str, key: str) -> None:
        self._write(ticket_id, "comment", marked(text, key))

    def attach(self, ticket_id: str, file: File, key: str) -> None:
        content = base64.b64encode(file.data).decode()
        attached = {"FileName": file.name, "FileType": file.media_type, "FileContent": content}
        self._write(ticket_id, "comment", marked(file.name, key), Attachments=[attached])

    def set_status(self, ticket_id: str, status: RemoteStatus) -> None:
        found = self._ticket(ticket_id)
        if _status(found) is status:
            return
        wanted = found["statuses"]["solved" if status is RemoteStatus.SOLVED else "open"]
        said = self._http.json("PUT", f"{_API}/ticket/{_number(ticket_id)}", json={"Status": wanted})
        if _status(self._ticket(ticket_id)) is not status:
            raise ConnectorError(f"The status did not change: {_sentence(said)}", lasting=True)

    def assign(self, ticket_id: str, agent: str) -> None:
        said = self._http.json("PUT", f"{_API}/ticket/{_number(ticket_id)}", json={"Owner": agent})
        if str(self._ticket(ticket_id).get("owner", "")).lower() != agent.lower():
            raise ConnectorError(f"'{agent[:40]}' did not become the owner: {_sentence(said)}", lasting=True)

    def read(self, ticket_id: str) -> RemoteTicket:
        found = self._ticket(ticket_id)
        try:
            entries = [
                Entry(str(e["id"]), Who(e["author"]), str(e["text"]), e["private"] is not False)
                for e in found["entries"]
            ]
        except (KeyError, TypeError, ValueError) as error:
            raise ConnectorError("Request Tracker answered something that is no ticket.") from error
        return RemoteTicket(ticket_id, _status(found), entries)

    def find(self, key: str) -> str | None:
        query = f"'CF.{{{_FIELD}}}' = '{_plain(key)}'"
        found = self._http.json("GET", f"{_API}/tickets", params={"query": query, "orderby": "id", "per_page": 1})
        items = found.get("items") if isinstance(found, dict) else None
        return require_id(items[0], "Request Tracker") if items else None

    def missed(self, after: str) -> Missed:
        params = {"after": after} if after else {}
        found = self._http.json("GET", f"{_OURS}/events", params=params)
        try:
            deliveries = [Delivery(str(each["id"]), str(each["body"]).encode()) for each in found["events"]]
            return Missed(deliveries, str(found["next"]))
        except (KeyError, TypeError) as error:
            raise ConnectorError("Request Tracker answered something that is no list of events.") from error

    def _write(self, ticket_id: str, how: str, content: str, **more: Any) -> None:
        body = {"Content": content, "ContentType": "text/plain", **more}
        self._http.send("POST", f"{_API}/ticket/{_number(ticket_id)}/{how}", json=body)

    def _ticket(self, ticket_id: str) -> dict[str, Any]:
        found = self._http.json("GET", f"{_OURS}/ticket/{_number(ticket_id)}")
        if not isinstance(found, dict):
            raise ConnectorError("Request Tracker answered something that is no ticket.")
        return found


def _status(found: dict[str, Any]) -> RemoteStatus:
    return RemoteStatus.SOLVED if found.get("over") else RemoteStatus.OPEN


def _in_plain_words(error: ConnectorError, user: str) -> ConnectorError:
    """What an admin has to do about a first call that failed."""
    for status, words in (
        ("answered 401", "Request Tracker does not know the token (401)."),
        ("answered 403", f"The token is not one of the user '{user}' that RT's configuration names (403)."),
        (
            "answered 404",
            "RT-Extension-SupportBot is not installed there, or the address is wrong (404).",
        ),
    ):
        if status in error.detail:
            return ConnectorError(words, lasting=True)
    return error


def _sentence(said: Any) -> str:
    return " ".join(str(each) for each in said)[:200] if isinstance(said, list) else "no reason was given"


def _number(written: str) -> str:
    if not written.isdecimal() or len(written) > 9:
        raise ConnectorError(f"'{written[:40]}' is no number, as ids of Request Tracker are.", lasting=True)
    return written


def _plain(key: str) -> str:
    if not key.replace("-", "").isalnum():
        raise ConnectorError("A key has letters, digits and hyphens only.", lasting=True)
    return key
