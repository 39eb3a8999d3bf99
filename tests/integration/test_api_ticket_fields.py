"""A ticket's fields over HTTP."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from .api_harness import V1, Api, running_api


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture
def ticket(api: Api) -> str:
    """The path of a new ticket."""
    return f"{V1}/tickets/{api.start().post('/handoff').json()['ticket']}"


def call(api: Api, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answered = api.client.request(method, path, json=body, headers=api.agent)
    assert answered.status_code == status, answered.text
    return answered.json()


def test_all_fields_change_at_once_and_what_is_left_out_stays(api: Api, ticket: str) -> None:
    body = {"status": "on_hold", "type": "task", "tags": ["Gift Card", "gift card"], "priority": "high"}
    row = call(api, "PATCH", ticket, body)["row"]
    assert [row[name] for name in body] == ["on_hold", "task", ["gift-card"], "high"]
    row = call(api, "PATCH", ticket, {"type": None})["row"]
    assert (row["type"], row["status"], row["tags"]) == (None, "on_hold", ["gift-card"])
    assert "gift-card" in call(api, "GET", f"{V1}/tickets/tags")["tags"]
    assert call(api, "PATCH", ticket, {"status": "solved"})["row"]["mode"] == "closed"
    call(api, "PATCH", ticket, {"status": "open"}, 409)


def test_snooze_and_wake(api: Api, ticket: str) -> None:
    until = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(days=2)
    east = until.astimezone(dt.timezone(dt.timedelta(hours=5)))
    row = call(api, "PATCH", ticket, {"snoozed_until": east.isoformat()})["row"]
    assert dt.datetime.fromisoformat(row["snoozed_until"]) == until
    assert row["id"] in [found["id"] for found in call(api, "GET", f"{V1}/tickets?view=snoozed")["tickets"]]
    assert call(api, "PATCH", ticket, {"snoozed_until": None})["row"]["snoozed_until"] is None


def test_watchers(api: Api, ticket: str) -> None:
    me = call(api, "GET", f"{V1}/me")["staff"]["id"]
    assert call(api, "PUT", f"{ticket}/watchers/{me}")["watchers"] == [{"id": me, "name": "Agent"}]
    assert call(api, "DELETE", f"{ticket}/watchers/{me}")["watchers"] == []
    call(api, "PUT", f"{ticket}/watchers/999999", status=404)


@pytest.mark.parametrize(
    "body",
    [
        {"status": "closed"}, {"status": 3}, {"type": "wish"}, {"tags": ["x" * 41]}, {"tags": ["a,b"]},
        {"tags": "late"}, {"tags": [f"t{n}" for n in range(21)]}, {"tags": ["t"] * 101}, {"snoozed_until": "tomorrow"},
        {"snoozed_until": "2020-01-01T00:00:00Z"}, {"snoozed_until": "2026-12-24T09:00:00"},
        {"snoozed_until": "9999-12-31T23:59:59-23:59"}, {"tags": ["\x00"]},
    ],
)  # fmt: skip
def test_what_cannot_be_is_invalid(api: Api, ticket: str, body: dict[str, Any]) -> None:
    call(api, "PATCH", ticket, body, 422)
    assert call(api, "GET", ticket)["history"][1:] == []


def test_merge_and_undo(api: Api, ticket: str) -> None:
    other = api.start().post("/handoff").json()["ticket"]
    number = int(ticket.rpartition("/")[2])
    assert call(api, "POST", f"{ticket}/merge", {"into": other})["row"]["id"] == other
    assert call(api, "GET", ticket)["row"]["merged_into"] == other
    call(api, "POST", f"{V1}/tickets/{other}/merge", {"into": number}, 409)
    assert call(api, "POST", f"{ticket}/unmerge")["row"]["status"] == "new"
    call(api, "POST", f"{ticket}/unmerge", status=409)
    call(api, "POST", f"{ticket}/merge", {"into": number}, 409)
    for into in (0, -1, "x", 2**60, None):
        call(api, "POST", f"{ticket}/merge", {"into": into}, 422)
