"""The copilot panel's side of the server: who sees which ticket of another help desk, and what they see."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
import pytest
from fastapi.testclient import TestClient

import ui
from support_bot.api.routes.panel import panel_router
from support_bot.connectors.base import ConnectorError, Entry, RemoteStatus, RemoteTicket, Who
from support_bot.connectors.fake import Desk, FakeConnector
from support_bot.services.panel import signing_key
from support_bot.values import Audience, Role

from .api_harness import QUESTION, V1, Api, running_api

FACT = "three to five working days"
DESK = "https://desk.example.com"
PANEL = f"{V1}/connectors/desk/panel"


@dataclass
class World:
    api: Api
    desk: Desk
    secret: str

    def token(self, ticket: str = "77", secret: str = "", **changed: Any) -> dict[str, str]:
        now = int(time.time())
        claims = {"iss": "desk", "aud": "copilot", "sub": "alice", "ticket": ticket, "iat": now, "exp": now + 600}
        kept = {name: value for name, value in (claims | changed).items() if value is not None}
        return {"Authorization": f"Bearer {jwt.encode(kept, signing_key(secret or self.secret), 'HS256')}"}

    def post(self, what: str, headers: dict[str, str], body: Any = None) -> Any:
        return self.api.client.post(f"{PANEL}/{what}", json=body or {}, headers=headers)

    def write(self, number: str, *entries: tuple[Who, str, bool]) -> None:
        kept = [Entry(str(place), who, text, private) for place, (who, text, private) in enumerate(entries)]
        self.desk.tickets[number] = RemoteTicket(number, RemoteStatus.OPEN, kept)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with running_api(tmp_path_factory.mktemp("data")) as api:
        app = api.app
        staff_only = app.knowledge.add("staff.md", b"# Carriers\n\nLost parcels: call the carrier on line 7.")
        app.knowledge.process(staff_only.document.id)
        app.knowledge.set_audience(staff_only.document.id, Audience.INTERNAL)
        app.connectors._kinds["fake"] = FakeConnector
        app.connectors.save("desk", "fake", url=DESK)
        secret = app.connectors.new_secret("desk")
        app.connectors.switch("desk", enabled=True, safe=False)
        app.panel.allow("desk", [DESK])
        yield World(api, FakeConnector.desks.setdefault(DESK, Desk()), secret)


def handed_off(world: World) -> str:
    """A conversation whose ticket is over there; its number there."""
    chat = world.api.start()
    chat.ask()
    number = chat.post("/handoff", {}).json()["ticket"]
    while world.api.app.connectors.run_once():
        pass
    with world.api.app._parts.db.reading() as tx:
        link = tx.connectors.link(tx.connectors.get("desk").id, number)
        assert link is not None and link.external_id
        return link.external_id


class TestASignedTicket:
    def test_is_summed_up_and_answered_from_what_stands_over_there(self, world: World) -> None:
        note = (Who.AGENT, "He is <b>angry</b>.", True)
        world.write("77", (Who.CUSTOMER, QUESTION, False), (Who.CUSTOMER, QUESTION, False), note)
        shown = world.post("ticket", world.token()).json()
        assert shown["summary"] == f"Customer: {QUESTION}\nNote: He is <b>angry</b>." and not shown["came_from_here"]
        draft = world.post("suggestion", world.token()).json()
        assert draft["question"] == QUESTION and FACT in draft["public_text"]
        assert draft["parts"][0]["sources"][0]["audience"] == "public"

    def test_answers_the_last_question(self, world: World) -> None:
        said = (Who.AGENT, "Three to five days.", False)
        world.write(
            "78", (Who.CUSTOMER, QUESTION, False), said, (Who.CUSTOMER, "What is the line for lost parcels?", False)
        )
        draft = world.post("suggestion", world.token("78")).json()
        assert "line 7" in draft["text"] and "line 7" not in draft["public_text"]
        assert any(part["internal"] for part in draft["parts"])

    def test_says_when_nothing_was_asked(self, world: World) -> None:
        world.write("79", (Who.AGENT, "We called them.", False))
        draft = world.post("suggestion", world.token("79")).json()
        assert draft["parts"] == [] and "asked nothing" in draft["note"]

    def test_of_one_ticket_opens_no_other(self, world: World) -> None:
        world.write("80", (Who.CUSTOMER, "My secret", False))
        refused = world.post("ticket", world.token("77"), {"ticket": "80"})
        assert refused.status_code == 403 and "secret" not in refused.text


class TestTokens:
    @pytest.mark.parametrize(
        "changed",
        [
            {"exp": int(time.time()) - 100},
            {"exp": int(time.time()) + 5 * 3600},
            {"exp": str(int(time.time()) + 5 * 3600)},
            {"iss": "other"},
            {"aud": "conversation"},
            {"ticket": None},
            {"ticket": 77},
            {"ticket": ""},
            {"iat": None},
            {"secret": "whsec_" + "A" * 32},
        ],
    )
    def test_that_are_not_right_open_nothing(self, world: World, changed: dict[str, Any]) -> None:
        assert world.post("ticket", world.token(**changed)).status_code == 401

    def test_are_not_signed_with_the_secret_of_webhooks_itself(self, world: World) -> None:
        claims = jwt.decode(world.token()["Authorization"][7:], options={"verify_signature": False})
        for forged in (jwt.encode(claims, world.secret, "HS256"), jwt.encode(claims, None, "none"), "x", "a.b.c"):
            assert world.post("ticket", {"Authorization": f"Bearer {forged}"}).status_code == 401

    def test_of_the_secret_before_stay_good(self, world: World) -> None:
        old, world.secret = world.secret, world.api.app.connectors.new_secret("desk")
        world.write("77", (Who.CUSTOMER, QUESTION, False))
        assert world.post("ticket", world.token(secret=old)).status_code == 200
        world.secret = world.api.app.connectors.new_secret("desk")
        assert world.post("ticket", world.token(secret=old)).status_code == 401

    def test_open_nothing_while_the_connector_is_off(self, world: World) -> None:
        world.api.app.connectors.switch("desk", enabled=False)
        assert world.post("ticket", world.token()).status_code == 401
        world.api.app.connectors.switch("desk", enabled=True)


class TestAnOwnLogin:
    def headers(self, browser: TestClient) -> dict[str, str]:
        return {"X-CSRF-Token": browser.get(f"{V1}/me").json()["csrf_token"]}

    def test_sees_tickets_that_came_from_here(self, world: World) -> None:
        number = handed_off(world)
        with world.api.sign_in(Role.AGENT) as browser:
            headers = self.headers(browser)
            shown = browser.post(f"{PANEL}/ticket", json={"ticket": number}, headers=headers).json()
            draft = browser.post(f"{PANEL}/suggestion", json={"ticket": number}, headers=headers).json()
        assert shown["came_from_here"] and shown["summary"].count(QUESTION) == 1
        assert FACT in draft["public_text"]

    def test_sees_no_other_by_its_number(self, world: World) -> None:
        world.write("81", (Who.CUSTOMER, "My secret", False))
        with world.api.sign_in(Role.AGENT) as browser:
            headers = self.headers(browser)
            for wanted, status in (("81", 404), ("none", 404), ("", 401), ("x" * 65, 422)):
                refused = browser.post(f"{PANEL}/ticket", json={"ticket": wanted}, headers=headers)
                assert refused.status_code == status and "secret" not in refused.text
            assert browser.post(f"{PANEL}/ticket", json={"ticket": "81"}).status_code == 403  # no CSRF token

    def test_is_an_agents(self, world: World) -> None:
        with world.api.sign_in(Role.VIEWER) as browser:
            refused = browser.post(f"{PANEL}/ticket", json={"ticket": "81"}, headers=self.headers(browser))
        assert refused.status_code == 403
        assert world.post("ticket", {}, {"ticket": "81"}).status_code == 401


def test_what_customers_wrote_over_there_alone_counts(world: World) -> None:
    number = handed_off(world)
    before = world.desk.tickets[number]
    late = Entry("99", Who.CUSTOMER, "And how much does the express one cost?", private=False)
    world.desk.tickets[number] = RemoteTicket(number, before.status, [*before.entries, late])
    assert "9.90" in world.post("suggestion", world.token(number)).json()["text"]
    assert "express one" in world.post("ticket", world.token(number)).json()["summary"]


def test_a_help_desk_that_cannot_be_read_is_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(self: FakeConnector, ticket_id: str) -> RemoteTicket:
        raise ConnectorError("It answered 500.")

    monkeypatch.setattr(FakeConnector, "read", broken)
    refused = world.post("ticket", world.token())
    assert (refused.status_code, refused.json()["error"]) == (503, "helpdesk_unavailable")


class TestThePage:
    @pytest.fixture
    def browser(self, world: World) -> TestClient:
        world.api.asgi.include_router(panel_router(Path(ui.__file__).parent / "copilot"))
        return TestClient(world.api.asgi)

    def test_may_be_framed_by_the_origins_of_its_connector_alone(self, world: World, browser: TestClient) -> None:
        policy = browser.get("/copilot", params={"connector": "desk"}).headers["content-security-policy"]
        assert policy.endswith(f"frame-ancestors {DESK}")
        for other in ("", "none", '"><script>'):
            page = browser.get("/copilot", params={"connector": other})
            assert page.headers["content-security-policy"].endswith("frame-ancestors 'none'")
            assert "<script>" not in page.text
        world.api.app.connectors.switch("desk", enabled=False)
        page = browser.get("/copilot", params={"connector": "desk"})
        assert page.headers["content-security-policy"].endswith("frame-ancestors 'none'")
        world.api.app.connectors.switch("desk", enabled=True)

    def test_has_its_files(self, browser: TestClient) -> None:
        for path in ("/copilot.js", "/copilot/panel.js", "/copilot/panel.css"):
            first = browser.get(path)
            assert first.status_code == 200
            assert browser.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
        assert browser.get("/copilot/panel.html").status_code == 404

    def test_origins_are_set_by_admins(self, world: World) -> None:
        client, admin = world.api.client, world.api.admin
        for wrong in (
            ["*"],
            ["https://desk.example.com/path"],
            ["javascript:x"],
            [f"https://{n}.x" for n in range(11)],
        ):
            assert client.put(PANEL, json={"origins": wrong}, headers=admin).status_code == 422
        assert client.put(PANEL, json={"origins": [DESK]}, headers=world.api.agent).status_code == 403
        assert client.put(PANEL, json={"origins": [f"{DESK}/", DESK]}, headers=admin).json() == {"origins": [DESK]}
        assert client.get(PANEL, headers=admin).json() == {"origins": [DESK]}
        world.api.app.connectors.save("desk", "fake", url=DESK)
        assert client.get(PANEL, headers=admin).json() == {"origins": [DESK]}
        assert client.get(f"{V1}/connectors/none/panel", headers=admin).status_code == 404
