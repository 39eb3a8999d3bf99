"""Teams, routing and availability over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .api_harness import V1, Api, running_api


@pytest.fixture(scope="module")
def api(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


def call(api: Api, method: str, path: str, body: Any = None, status: int = 200, admin: bool = True) -> Any:
    headers = api.admin if admin else api.agent
    answered = api.client.request(method, f"{V1}{path}", json=body, headers=headers)
    assert answered.status_code == status, answered.text
    return answered.json() if answered.content else None


def test_a_channels_tickets_reach_the_agent_of_its_team_who_is_there(api: Api) -> None:
    me = call(api, "GET", "/me", admin=False)["staff"]["id"]
    team = call(api, "POST", "/teams", {"name": "Billing", "members": [me]}, 201)
    call(api, "POST", "/teams", {"name": "billing"}, 409)
    assert call(api, "PUT", "/routing", {"rule": "least_busy"})["rule"] == "least_busy"
    routed = call(api, "PUT", "/channels/web/routing", {"team": team["id"]})
    assert (routed["team_id"], routed["rule"], routed["holds"]) == (team["id"], None, "least_busy")
    assert call(api, "GET", "/routing")["channels"] == [routed]
    assert not call(api, "GET", "/me/availability", admin=False)["online"]
    assert call(api, "PUT", "/me/availability", {"online": True}, admin=False)["online"]
    assert call(api, "GET", "/teams", admin=False)["teams"][0]["members"][0]["online"]
    ticket = api.start().post("/handoff").json()["ticket"]
    row = call(api, "GET", f"/tickets/{ticket}", admin=False)["row"]
    assert (row["team"], row["assignee_id"]) == ("Billing", me)
    listed = call(api, "GET", f"/tickets?view=team&team={team['id']}", admin=False)["tickets"]
    assert [found["id"] for found in listed] == [ticket]
    assert call(api, "PATCH", f"/tickets/{ticket}", {"team": None}, admin=False)["row"]["team"] is None
    call(api, "PATCH", f"/tickets/{ticket}", {"team": 999}, 404, admin=False)
    assert call(api, "PATCH", f"/teams/{team['id']}", {"name": "Money", "members": []})["members"] == []
    call(api, "DELETE", f"/teams/{team['id']}", status=204)
    call(api, "DELETE", f"/teams/{team['id']}", status=404)
    assert not call(api, "PUT", "/me/availability", {"online": False}, admin=False)["online"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/teams", {"name": " "}), ("POST", "/teams", {"name": "x\x00"}), ("POST", "/teams", {}),
        ("POST", "/teams", {"name": "x" * 81}), ("POST", "/teams", {"name": "x", "members": ["me"]}),
        ("PUT", "/routing", {"rule": "loudest"}), ("PUT", "/routing", {}), ("PUT", "/me/availability", {"online": "?"}),
        ("PUT", "/channels/web/routing", {"team": 0}), ("GET", "/tickets?team=-1", None),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(api: Api, method: str, path: str, body: Any) -> None:
    call(api, method, path, body, 422)


def test_agents_see_teams_and_change_none(api: Api) -> None:
    call(api, "POST", "/teams", {"name": "Ours"}, 403, admin=False)
    call(api, "PUT", "/routing", {"rule": "by_hand"}, 403, admin=False)
    call(api, "PUT", "/channels/nowhere/routing", {}, 404)
    call(api, "POST", "/teams", {"name": "Ours", "members": [999_999]}, 404)
