"""Who may call what: every route that is not public refuses strangers, roles hold, browsers prove themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from support_bot.values import Role

from .api_harness import PASSWORD, V1, Api, running_api

PUBLIC = {
    ("post", f"{V1}/conversations"),
    ("get", f"{V1}/channels/{{slug}}/public"),
    ("get", "/health"),
    ("get", "/ready"),
    ("get", "/metrics"),
    ("post", f"{V1}/connectors/{{slug}}/events"),  # its signature is the key
}
OWN_SECOND_FACTOR = {
    (method, f"{V1}/me/two-factor{more}")
    for method, more in (("get", ""), ("post", ""), ("put", ""), ("post", "/codes"), ("post", "/off"))
}
FOR_AGENTS = {
    ("get", f"{V1}/me"),
    ("put", f"{V1}/me/password"),
    *OWN_SECOND_FACTOR,
    *((method, f"{V1}/me/{what}") for method in ("get", "put") for what in ("availability", "notices")),
    ("get", f"{V1}/teams"),
    ("get", f"{V1}/macros"),
    ("get", f"{V1}/macros/{{macro_id}}"),
    ("post", f"{V1}/customers/export"),
    ("get", f"{V1}/search"),
    ("get", f"{V1}/documents"),
    ("get", f"{V1}/documents/{{document_id}}"),
    ("get", f"{V1}/documents/{{document_id}}/answers"),
    ("post", f"{V1}/rewrites"),
    ("post", f"{V1}/connectors/{{slug}}/panel/ticket"),
    ("post", f"{V1}/connectors/{{slug}}/panel/suggestion"),
}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        yield api


@pytest.fixture(scope="module")
def routes(api: Api) -> list[tuple[str, str]]:
    """Every route of staff, as (method, template)."""
    every = {(method, path) for path, operations in api.asgi.openapi()["paths"].items() for method in operations}
    assert every >= PUBLIC
    return sorted(route for route in every - PUBLIC if not route[1].startswith(f"{V1}/conversations/"))


def call(api: Api, route: tuple[str, str], headers: dict[str, str]) -> Any:
    """Call a route with ids that no row has, and without a body."""
    method, path = route
    for name in ("ticket_id", "document_id", "key_id", "message_id", "link_id", "macro_id"):
        path = path.replace(f"{{{name}}}", "999999")
    path = path.replace("{slug}", "none").replace("{name}", "none").replace("{conversation_id}", "none")
    return api.client.request(method.upper(), path, headers=headers)


def for_agents(route: tuple[str, str]) -> bool:
    return route in FOR_AGENTS or route[1].startswith((f"{V1}/tickets", f"{V1}/staff/conversations", f"{V1}/messages/"))


class TestStrangers:
    @pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer sb_wrong"}, {"Authorization": "Bearer "}])
    def test_are_refused_everywhere(self, api: Api, routes: list[tuple[str, str]], headers: dict[str, str]) -> None:
        assert len(routes) > 20
        answers = {route: call(api, route, headers).status_code for route in routes}
        assert {route: status for route, status in answers.items() if status != 401} == {}

    def test_a_conversations_token_opens_nothing_of_staff(self, api: Api, routes: list[tuple[str, str]]) -> None:
        token = api.start().headers
        assert {call(api, route, token).status_code for route in routes} == {401}

    def test_a_made_up_cookie_is_no_session(self, api: Api) -> None:
        answered = api.client.get(f"{V1}/me", headers={"Cookie": "support_bot_session=made-up"})
        assert answered.status_code == 401 and answered.headers["www-authenticate"] == "Bearer"


class TestRoles:
    @pytest.fixture
    def routes(self, routes: list[tuple[str, str]]) -> list[tuple[str, str]]:
        """Without those of programs, which take a channel's key and no role."""
        return [route for route in routes if not route[1].startswith("/v1/")]

    def test_agents_reach_tickets_and_conversations_only(self, api: Api, routes: list[tuple[str, str]]) -> None:
        answers = {route: call(api, route, api.agent).status_code for route in routes}
        refused = {route for route, status in answers.items() if status == 403}
        assert refused == {route for route in routes if not for_agents(route)}

    def test_viewers_read_what_agents_read_and_change_nothing(self, api: Api, routes: list[tuple[str, str]]) -> None:
        answers = {route: call(api, route, api.keys[Role.VIEWER]).status_code for route in routes}
        refused = {route for route, status in answers.items() if status == 403}
        read = {route for route in routes if for_agents(route) and route[0] == "get"}
        assert refused == set(routes) - read - OWN_SECOND_FACTOR - {("put", f"{V1}/me/password")}

    def test_admins_reach_everything_but_what_is_the_owners(self, api: Api, routes: list[tuple[str, str]]) -> None:
        answers = {route: call(api, route, api.admin).status_code for route in routes}
        refused = {route for route, status in answers.items() if status in (401, 403)}
        assert refused == {("post", f"{V1}/backup")}

    def test_the_owner_of_the_data_folder_acts_as_an_admin(self, api: Api) -> None:
        me = api.client.get(f"{V1}/me", headers={"Authorization": f"Bearer {api.app.owner_token}"})
        assert me.json()["staff"]["role"] == "admin" and me.json()["csrf_token"] is None


class TestKeys:
    def test_work_until_they_are_revoked(self, api: Api) -> None:
        made = api.client.post(f"{V1}/keys", json={"name": "Shop", "role": "agent"}, headers=api.admin)
        assert made.status_code == 201
        key = {"Authorization": f"Bearer {made.json()['key']}"}
        assert api.client.get(f"{V1}/me", headers=key).json()["staff"]["role"] == "agent"
        listed = api.client.get(f"{V1}/keys", headers=api.admin)
        assert made.json()["key"] not in listed.text
        assert api.client.delete(f"{V1}/keys/{made.json()['details']['id']}", headers=api.admin).status_code == 204
        assert api.client.get(f"{V1}/me", headers=key).status_code == 401

    def test_a_bad_key_is_not_made_good_by_a_session(self, api: Api) -> None:
        browser = api.sign_in(Role.ADMIN)
        assert browser.get(f"{V1}/me", headers={"Authorization": "Bearer wrong"}).status_code == 401


class TestOwnPassword:
    PATH = f"{V1}/me/password"
    BODY = {"old": PASSWORD, "password": "another long password"}

    def test_is_changed_with_the_old_one_and_the_asking_session_stays(self, api: Api) -> None:
        api.app.staff.add("bo@example.com", "Bo", Role.AGENT, PASSWORD)
        here, there = (_token(api, "bo@example.com") for _ in range(2))
        browser = TestClient(api.asgi, cookies={"support_bot_session": here})
        token = {"X-CSRF-Token": browser.get(f"{V1}/me").json()["csrf_token"]}
        assert browser.put(self.PATH, json=self.BODY | {"old": "wrong"}, headers=token).status_code == 422
        assert browser.put(self.PATH, json=self.BODY).status_code == 403
        assert browser.put(self.PATH, json=self.BODY, headers=token).status_code == 204
        assert api.app.staff.find_session(here) and api.app.staff.find_session(there) is None
        assert api.app.staff.sign_in("bo@example.com", self.BODY["password"])

    @pytest.mark.parametrize("body", [{}, {"old": PASSWORD}, {"password": "x" * 11}, BODY | {"password": "x" * 5000}])
    def test_needs_both(self, api: Api, body: dict[str, str]) -> None:
        answered = api.client.put(self.PATH, json=body, headers=api.agent)
        assert answered.status_code == 422 and "x" * 11 not in answered.text


class TestBrowsers:
    """Changes that are authenticated by the cookie need the session's CSRF token; reading does not."""

    PATH = f"{V1}/channels/web"

    @pytest.mark.parametrize("token", [None, "", "wrong"])
    def test_changes_without_the_token_are_refused(self, api: Api, token: str | None) -> None:
        headers = {} if token is None else {"X-CSRF-Token": token}
        answered = api.sign_in(Role.ADMIN).patch(self.PATH, json={"greeting": "Hijacked"}, headers=headers)
        assert answered.status_code == 403 and "X-CSRF-Token" in answered.json()["detail"]
        assert api.app.channels.get("web").greeting != "Hijacked"

    def test_another_sessions_token_is_wrong_too(self, api: Api) -> None:
        one, other = api.sign_in(Role.ADMIN), api.sign_in(Role.AGENT)
        token = other.get(f"{V1}/me").json()["csrf_token"]
        assert one.patch(self.PATH, json={"name": "x"}, headers={"X-CSRF-Token": token}).status_code == 403

    def test_changes_with_the_token_are_made(self, api: Api) -> None:
        browser = api.sign_in(Role.ADMIN)
        token = browser.get(f"{V1}/me").json()["csrf_token"]
        changed = browser.patch(self.PATH, json={"greeting": "Welcome."}, headers={"X-CSRF-Token": token})
        assert changed.json()["greeting"] == "Welcome."

    def test_keys_need_no_csrf_token(self, api: Api) -> None:
        assert api.client.patch(self.PATH, json={"greeting": "Hi."}, headers=api.admin).status_code == 200

    def test_a_session_that_was_ended_is_refused(self, api: Api) -> None:
        browser = api.sign_in(Role.AGENT)
        api.app.staff.sign_out(browser.cookies["support_bot_session"])
        assert browser.get(f"{V1}/me").status_code == 401


def _token(api: Api, email: str) -> str:
    return api.app.staff.sign_in(email, PASSWORD).token


class TestAdministration:
    def test_knows_addresses_with_letters_beyond_ascii(self, api: Api) -> None:
        person = {"email": "ÞÓRA@example.com", "name": "Þóra", "role": "agent", "password": PASSWORD}
        assert api.client.post(f"{V1}/staff", json=person, headers=api.admin).status_code == 201
        assert api.client.post(f"{V1}/staff", json=person, headers=api.admin).status_code == 409
        assert api.app.staff.sign_in("ÞÓRA@example.com", PASSWORD).staff.name == "Þóra"

    def test_adds_staff_once(self, api: Api) -> None:
        person = {"email": "new@example.com", "name": "New", "role": "agent", "password": PASSWORD}
        added = api.client.post(f"{V1}/staff", json=person, headers=api.admin)
        assert added.status_code == 201 and "password" not in added.json()
        assert api.client.post(f"{V1}/staff", json=person, headers=api.admin).status_code == 409
        assert "new@example.com" in api.client.get(f"{V1}/staff", headers=api.admin).text

    def test_ends_the_access_of_somebody_who_left(self, api: Api) -> None:
        person = {"email": "left@example.com", "name": "Left", "role": "admin", "password": PASSWORD}
        added = api.client.post(f"{V1}/staff", json=person, headers=api.admin).json()
        _, secret = api.app.staff.create_key("till", Role.ADMIN, added["id"])
        key = {"Authorization": f"Bearer {secret}"}
        browser = TestClient(api.asgi, cookies={"support_bot_session": _token(api, person["email"])})
        assert browser.get(f"{V1}/me").status_code == api.client.get(f"{V1}/me", headers=key).status_code == 200
        gone = api.client.patch(f"{V1}/staff/left@example.com", json={"active": False}, headers=api.admin)
        assert gone.status_code == 200 and gone.json() == added | {"active": False}
        assert browser.get(f"{V1}/me").status_code == api.client.get(f"{V1}/me", headers=key).status_code == 401
        back = api.client.patch(f"{V1}/staff/left@example.com", json={"active": True}, headers=api.admin)
        assert back.json()["active"] and _token(api, person["email"])

    def test_does_not_deactivate_itself_or_the_last_admin(self, api: Api) -> None:
        for headers, words in ((api.admin, "yourself"), ({"Authorization": f"Bearer {api.app.owner_token}"}, "last")):
            for staff in api.app.staff.page():
                if staff.role is Role.ADMIN and staff.email != "admin@example.com":
                    api.app.staff.deactivate(staff.email, None)
            refused = api.client.patch(f"{V1}/staff/admin@example.com", json={"active": False}, headers=headers)
            assert refused.status_code == 409 and words in refused.json()["detail"]

    @pytest.mark.parametrize(
        ("email", "body", "status"),
        [("nobody@example.com", {"active": False}, 404), ("nobody", {"active": False}, 422)]
        + [("agent@example.com", body, 422) for body in ({}, {"active": None}, {"active": "gone"})],
    )
    def test_says_what_is_wrong_with_a_change(self, api: Api, email: str, body: Any, status: int) -> None:
        assert api.client.patch(f"{V1}/staff/{email}", json=body, headers=api.admin).status_code == status
        assert api.client.get(f"{V1}/me", headers=api.agent).status_code == 200

    def test_an_invalid_password_is_not_repeated(self, api: Api) -> None:
        person = {"email": "p@example.com", "name": "P", "role": "agent", "password": "hush"}
        answered = api.client.post(f"{V1}/staff", json=person, headers=api.admin)
        assert answered.status_code == 422 and "hush" not in answered.text

    @pytest.mark.parametrize(
        "origin", ["shop.example.com", "https://shop.example.com/path", "*", "https://*.example.com"]
    )
    def test_an_origin_must_be_one(self, api: Api, origin: str) -> None:
        answered = api.client.patch(f"{V1}/channels/web", json={"allowed_origins": [origin]}, headers=api.admin)
        assert answered.status_code == 422

    def test_adds_a_channel_once(self, api: Api) -> None:
        body = {"slug": "till", "name": "Till"}
        answers = [api.client.post(f"{V1}/channels", json=body, headers=api.admin) for _ in range(2)]
        assert [answered.status_code for answered in answers] == [201, 409]
        assert answers[0].json()["allowed_origins"] == [] and api.start("till")
        assert api.client.post(f"{V1}/channels", json=body | {"slug": "a b"}, headers=api.admin).status_code == 422

    def test_lists_models_and_refuses_what_is_not_here(self, api: Api) -> None:
        assert api.client.get(f"{V1}/models", headers=api.admin).json()["models"]
        assert api.client.post(f"{V1}/models/none/use", headers=api.admin).status_code in (404, 422)
