"""Macros, work on many tickets, and who is there, over HTTP."""

from __future__ import annotations

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


def call(api: Api, method: str, path: str, body: Any = None, status: int = 200, admin: bool = False) -> Any:
    answered = api.client.request(method, path, json=body, headers=api.admin if admin else api.agent)
    assert answered.status_code == status, answered.text
    return answered.json() if answered.content else None


def test_admins_write_macros_and_agents_use_them(api: Api, ticket: str) -> None:
    body = {"name": "Paid back", "text": "{{ticket_number}} is paid back.", "status": "solved", "tags": ["refund"]}
    call(api, "POST", f"{V1}/macros", body, 403)
    macro = call(api, "POST", f"{V1}/macros", body, 201, admin=True)
    call(api, "POST", f"{V1}/macros", body, 409, admin=True)
    call(api, "POST", f"{V1}/macros", body | {"name": "x", "text": "{{nope}}"}, 422, admin=True)
    path = f"{V1}/macros/{macro['id']}"
    assert call(api, "GET", path) == macro and macro in call(api, "GET", f"{V1}/macros")["macros"]
    ready = next(item for item in call(api, "GET", f"{ticket}/macros")["macros"] if item["id"] == macro["id"])
    assert ready["text"] == f"#{ticket.rpartition('/')[2]} is paid back."
    sent = call(api, "POST", f"{ticket}/macro", {"macro": macro["id"], "text": "All done.", "version": 1})
    assert sent["message"]["text"] == "All done." and sent["ticket"]["row"]["status"] == "solved"
    call(api, "POST", f"{ticket}/macro", {"macro": macro["id"]}, 409)
    changed = call(api, "PUT", path, {"name": "Paid", "priority": "low"}, admin=True)
    assert (changed["text"], changed["priority"], changed["version"]) == ("", "low", 2)
    call(api, "DELETE", path, None, 403)
    call(api, "DELETE", path, None, 204, admin=True)
    call(api, "GET", path, None, 404)
    call(api, "POST", f"{ticket}/macro", {"macro": macro["id"]}, 404)


def test_a_reply_after_a_colleagues_is_refused_once(api: Api, ticket: str) -> None:
    first = call(api, "POST", f"{ticket}/reply", {"text": "Hello"}, 201, admin=True)
    refused = call(api, "POST", f"{ticket}/reply", {"text": "Hello, too", "seen": first["id"] - 1}, 409)
    assert refused["error"] == "answered_meanwhile" and "send anyway?" in refused["detail"]
    call(api, "POST", f"{ticket}/reply", {"text": "Hello, too", "seen": first["id"]}, 201)
    call(api, "POST", f"{ticket}/reply", {"text": "And I"}, 201, admin=True)


def test_several_tickets_are_changed_at_once(api: Api) -> None:
    numbers = [api.start().post("/handoff").json()["ticket"] for _ in range(2)]
    body = {"tickets": [*numbers, 999_999], "priority": "urgent", "assign_to_me": True, "add_tags": ["Late Box"]}
    done = call(api, "POST", f"{V1}/tickets/bulk", body)
    assert done == {"changed": numbers, "refused": [{"ticket": 999_999, "why": f"There is no ticket {999_999}."}]}
    assert call(api, "GET", f"{V1}/tickets/{numbers[1]}")["row"]["tags"] == ["late-box"]
    call(api, "POST", f"{V1}/tickets/bulk", {"tickets": numbers}, 422)
    for wrong in ([], [2**40], [0], ["x"], list(range(1, 102))):
        call(api, "POST", f"{V1}/tickets/bulk", {"tickets": wrong, "priority": "low"}, 422)
    call(api, "POST", f"{V1}/tickets/bulk", {"tickets": numbers, "macro": 999}, 404)


def test_colleagues_see_each_other_at_a_ticket(api: Api, ticket: str) -> None:
    assert call(api, "PUT", f"{ticket}/presence", {"writing": True}) == {"present": []}
    (seen,) = call(api, "GET", f"{ticket}/presence", admin=True)["present"]
    assert seen["writing"] is True and seen["name"]
    call(api, "PUT", f"{V1}/tickets/999999/presence", {}, 404)
    call(api, "GET", f"{V1}/tickets/{2**31}", None, 422)  # PostgreSQL would refuse to look for it
