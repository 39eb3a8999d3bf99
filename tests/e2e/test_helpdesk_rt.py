"""The bot and a real Request Tracker 5: tickets, replies, notes and statuses go both ways, each once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn

from support_bot.api.app import build_api
from support_bot.connectors.base import (
    ConnectorConfig,
    ConnectorError,
    HelpdeskConnector,
    TicketDraft,
    Who,
)
from support_bot.connectors.request_tracker import RequestTrackerConnector
from support_bot.testing.connector import ConnectorContract, draft, new_key
from tests.e2e.helpdesks import RealDesk
from tests.e2e.helpdesks.journeys import JoinedDesk, Journeys
from tests.factories import make_app, wait_for
from tests.integration.api_harness import listening

pytestmark = pytest.mark.timeout(400)
API = "/REST/2.0"


class Joined(JoinedDesk):
    """Request Tracker."""

    @property
    def connector(self) -> HelpdeskConnector:
        return RequestTrackerConnector(self.config)

    def tickets(self, text: str) -> list[str]:
        params = {"query": "Queue = 'Support'", "per_page": 100}
        found = self.api("GET", f"{API}/tickets", params=params).json()
        ids: list[str] = [each["id"] for each in found["items"]]
        return [each for each in ids if text in self.read(each).entries[0].text]

    def alice(self, ticket: str, text: str, *, private: bool = False, solves: bool = False) -> None:
        self.write(ticket, "comment" if private else "correspond", text, **({"Status": "resolved"} if solves else {}))

    def write(self, ticket: str, how: str, text: str, **more: str) -> None:
        body = {"Content": text, "ContentType": "text/plain"} | more
        self.api("POST", f"{API}/ticket/{ticket}/{how}", json=body)

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        """As Alice, who answers customers over there."""
        answer = httpx.request(method, self.desk.url + path, auth=("alice", "alicepassword"), timeout=30, **more)
        assert answer.is_success, answer.text[:500]
        return answer


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    folder = tmp_path_factory.mktemp("rt")
    app = make_app(folder, start=False)
    with listening(uvicorn.Config(build_api(app), port=0, log_config=None)) as url:
        app.connectors.save("desk", "request-tracker", url="http://127.0.0.1:9")
        secret = app.connectors.new_secret("desk")
        events = f"{url}/api/v1/connectors/desk/events"
        desk = RealDesk(
            "rt5.sh", folder / "desk", "HD_RT5", SUPPORT_BOT_EVENTS_URL=events, SUPPORT_BOT_EVENTS_SECRET=secret
        )
        desk.install_or_skip()
        (token,) = [line.split()[1] for line in desk.call("start").split("\n") if line.startswith("token ")]
        app.connectors.save("desk", "request-tracker", url=desk.url, queue="Support", user="bot", token=token)
        app.connectors.switch("desk", enabled=True, safe=False)
        app.start()
        config = ConnectorConfig("desk", desk.url, "Support", token, (secret,), "bot")
        try:
            yield Joined(app, desk, config)
        finally:
            app.close()
            desk.call("stop")


class TestContract(ConnectorContract):
    @pytest.fixture
    def connector(self, joined: Joined) -> HelpdeskConnector:
        return joined.connector

    def test_an_agent_becomes_the_owner_and_a_stranger_does_not(self, joined: Joined) -> None:
        ticket = joined.connector.create(draft(new_key()))
        joined.connector.assign(ticket, "alice")
        assert joined.api("GET", f"{API}/ticket/{ticket}").json()["Owner"]["id"] == "alice"
        with pytest.raises(ConnectorError, match="did not become the owner"):
            joined.connector.assign(ticket, "nobody-of-this-name")

    def test_the_customer_is_the_requestor_with_or_without_an_address(self, joined: Joined) -> None:
        known = joined.connector.create(draft(new_key()))
        assert self._requestors(joined, known) == ["cust@example.com"]
        unknown = joined.connector.create(TicketDraft(new_key(), "Two\nlines", "Hello"))
        assert self._requestors(joined, unknown) == ["chat-customer"]
        joined.connector.say(known, "It is me", new_key())
        assert joined.said(known)[-1] == (Who.CUSTOMER, False, "It is me")

    @staticmethod
    def _requestors(joined: Joined, ticket: str) -> list[str]:
        return [each["id"] for each in joined.api("GET", f"{API}/ticket/{ticket}").json()["Requestor"]]

    def test_the_bot_s_addresses_are_for_the_bot_alone(self, joined: Joined) -> None:
        ticket = joined.connector.create(draft(new_key()))
        ours = f"{joined.desk.url}{API}/support-bot"
        for path in ("/whoami", "/events", f"/ticket/{ticket}"):
            assert httpx.get(ours + path).status_code == 401
            assert httpx.get(ours + path, auth=("alice", "alicepassword")).status_code == 403
        forged = {"text": "I am the customer"}
        answer = httpx.post(f"{ours}/ticket/{ticket}/customer-message", json=forged, auth=("alice", "alicepassword"))
        assert answer.status_code == 403 and len(joined.read(ticket).entries) == 1

    @pytest.mark.parametrize("body", ["", "null", "[]", "{}", '{"text": [7]}', '{"text": " "}', "\udcff"])
    def test_nonsense_is_refused_without_a_word_in_the_ticket(self, joined: Joined, body: str) -> None:
        ticket = joined.connector.create(draft(new_key()))
        path = f"{joined.desk.url}{API}/support-bot/ticket/{ticket}/customer-message"
        headers = {"Authorization": f"token {joined.config.token}", "Content-Type": "application/json"}
        answer = httpx.post(path, content=body.encode(errors="surrogateescape"), headers=headers)
        assert answer.status_code == 400 and len(joined.read(ticket).entries) == 1


class TestJourneys(Journeys):
    pass


def test_an_answer_in_html_arrives_as_words_and_the_ticket_has_a_usual_priority(joined: Joined) -> None:
    chat, ticket = joined.settled("Answer me nicely")
    joined.write(ticket, "correspond", "<p>Which <b>bank</b> is it?</p>", ContentType="text/html")
    wait_for(lambda: "Which bank is it?" in joined.says(chat), 30)
    assert joined.api("GET", f"{API}/ticket/{ticket}").json()["Priority"] == "50"


def test_the_test_button_tells_what_is_wrong(joined: Joined) -> None:
    assert joined.app.connectors.test("desk") == "It works."
    token = joined.config.token
    for given, said in (
        ({"queue": "Support", "user": "bot", "token": "1-2-wrong"}, "does not know the token"),
        ({"queue": "Nowhere", "user": "bot", "token": token}, "no queue 'Nowhere'"),
        ({"queue": "General", "user": "bot", "token": token}, "no queue 'General'"),
        ({"queue": "Support", "user": "alice", "token": token}, "not one of the user 'alice'"),
    ):
        joined.app.connectors.save("other", "request-tracker", url=joined.desk.url, **given)
        joined.app.connectors.new_secret("other")
        assert said in joined.app.connectors.test("other")
    joined.app.connectors.remove("other")


def test_an_agent_s_mail_reaches_the_customer_and_their_automatic_reply_does_not(joined: Joined) -> None:
    chat, there = joined.settled("Answer me by mail")
    for text, header in (("I am on holiday.", "Auto-Submitted: auto-replied\n"), ("I am back.", "")):
        mail = (
            f"From: alice@example.test\nTo: support@example.test\n{header}Subject: [example.test #{there}] Hello\n"
            f"Message-ID: <{new_key()}@example.test>\nContent-Type: text/plain; charset=utf-8\n\n{text}\n"
        )
        given = {"action": "correspond", "queue": "Support", "SessionType": "REST", "message": mail}
        answer = httpx.post(f"{joined.desk.url}/REST/1.0/NoAuth/mail-gateway", data=given, timeout=30)
        assert answer.text.startswith("ok"), answer.text[:500]
    wait_for(lambda: "I am back." in joined.says(chat), 60)
    assert joined.said(there)[-2:] == [(Who.SYSTEM, False, "I am on holiday."), (Who.AGENT, False, "I am back.")]
    assert "I am on holiday." not in joined.says(chat)
