"""The bot and a real django-helpdesk: tickets, replies, notes and statuses go both ways, each once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, expect

import ui
from support_bot.api.app import build_api
from support_bot.api.routes.panel import panel_router
from support_bot.connectors.base import ConnectorConfig, HelpdeskConnector
from support_bot.connectors.django_helpdesk import DjangoHelpdeskConnector
from support_bot.testing.connector import ConnectorContract, draft, new_key
from tests.e2e.conftest import PICTURES
from tests.e2e.helpdesks import RealDesk
from tests.e2e.helpdesks.journeys import JoinedDesk, Journeys
from tests.factories import DELIVERY, add_article, make_app, wait_for
from tests.integration.api_harness import listening

pytestmark = pytest.mark.timeout(400)


@dataclass
class Joined(JoinedDesk):
    """django-helpdesk, with the tokens of who uses its API."""

    tokens: dict[str, str]

    @property
    def connector(self) -> HelpdeskConnector:
        return DjangoHelpdeskConnector(self.config)

    def tickets(self, text: str) -> list[str]:
        found = self.api("GET", "/api/tickets/").json()["results"]
        return [str(each["id"]) for each in found if text in (each["description"] or "")]

    def alice(self, ticket: str, text: str, *, private: bool = False, solves: bool = False) -> None:
        body = {"ticket": int(ticket), "comment": text, "public": not private} | ({"new_status": 3} if solves else {})
        self.api("POST", "/api/followups/", body, who="alice")

    def api(self, method: str, path: str, body: Any = None, who: str = "admin") -> httpx.Response:
        headers = {"Authorization": f"Token {self.tokens[who]}"}
        answer = httpx.request(method, self.desk.url + path, json=body, headers=headers, timeout=30)
        assert answer.is_success, answer.text[:500]
        return answer


@pytest.fixture(scope="module")
def joined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Joined]:
    folder = tmp_path_factory.mktemp("dh")
    app = make_app(folder, start=False)
    asgi = build_api(app)
    asgi.include_router(panel_router(Path(ui.__file__).parent / "copilot"))
    with listening(uvicorn.Config(asgi, port=0, log_config=None)) as url:
        app.connectors.save("desk", "django-helpdesk", url="http://127.0.0.1:9")
        secret = app.connectors.new_secret("desk")
        events = f"{url}/api/v1/connectors/desk/events"
        desk = RealDesk(
            "dh.sh", folder / "desk", "HD_DH", SUPPORT_BOT_EVENTS_URL=events, SUPPORT_BOT_EVENTS_SECRET=secret
        )
        desk.install_or_skip()
        seeds = desk.call("start").split("\n")
        tokens = dict(line.split(" ", 1) for line in seeds if line.count(" ") == 1)
        queue, token = tokens["queue"], tokens["bot"]
        app.connectors.save("desk", "django-helpdesk", url=desk.url, queue=queue, user="bot", token=token)
        app.connectors.switch("desk", enabled=True, safe=False)
        app.start()
        config = ConnectorConfig("desk", desk.url, queue, token, (secret,), "bot")
        try:
            yield Joined(app, desk, config, tokens)
        finally:
            app.close()
            desk.call("stop")


class TestContract(ConnectorContract):
    @pytest.fixture
    def connector(self, joined: Joined) -> HelpdeskConnector:
        return joined.connector

    @pytest.mark.parametrize("braces", ["{{ ticket.queue }}", "{% load x %}", "{%", "{# gone #}", "{{", "%}{% if %}"])
    def test_braces_of_a_customer_are_no_template(self, connector: HelpdeskConnector, braces: str) -> None:
        ticket, keys = connector.create(draft(new_key())), [new_key(), new_key(), new_key()]
        connector.note(ticket, f"They wrote {braces} here", keys[0])
        connector.reply(ticket, f"You wrote {braces} here", keys[1])
        connector.say(ticket, f"I wrote {braces} here", keys[2])
        texts = [entry.text.replace("\u2060", "") for entry in connector.read(ticket).entries]
        assert all(any(key in text and f"wrote {braces} here" in text for text in texts) for key in keys)


class TestJourneys(Journeys):
    pass


def test_a_ticket_has_the_queue_of_the_connector_and_a_usual_priority(joined: Joined) -> None:
    _, ticket = joined.settled("Where do I land?")
    fields = joined.api("GET", f"/api/tickets/{ticket}/").json()
    assert (str(fields["queue"]), fields["priority"]) == (joined.tokens["queue"], 3)


def test_the_test_button_tells_a_wrong_token_a_wrong_user_and_a_wrong_queue(joined: Joined) -> None:
    save = joined.app.connectors.save
    url, queue, token = joined.desk.url, joined.tokens["queue"], joined.tokens["bot"]
    assert joined.app.connectors.test("desk") == "It works."
    for given, said in (
        ({"queue": queue, "user": "bot", "token": "wrong"}, "401"),
        ({"queue": queue, "user": "bot", "token": joined.tokens["alice"]}, "403"),
        ({"queue": "77", "user": "bot", "token": token}, "no queue 77"),
        ({"queue": "Support", "user": "bot", "token": token}, "no number"),
    ):
        save("other", "django-helpdesk", url=url, **given)
        joined.app.connectors.new_secret("other")
        assert said in joined.app.connectors.test("other")
    joined.app.connectors.remove("other")


def test_what_waited_through_a_restart_of_the_help_desk_is_sent_with_its_first_request(joined: Joined) -> None:
    chat, there = joined.settled("Restart me")
    joined.app.connectors.switch("desk", enabled=False)
    joined.alice(there, "Before the restart")
    joined.desk.call("stop")
    joined.app.connectors.switch("desk", enabled=True)
    joined.desk.call("start")  # looks whether the pages answer, which is a request
    wait_for(lambda: "Before the restart" in joined.says(chat), 120)  # one that was cut off is tried after a minute


def test_the_copilot_helps_beside_a_ticket_and_its_draft_becomes_a_reply(joined: Joined, chromium: Browser) -> None:
    add_article(joined.app, "delivery.md", DELIVERY)
    joined.app.panel.allow("desk", [joined.desk.url])
    asked = {"title": "Express", "description": "How much does express delivery cost?", "priority": 3}
    body = {"queue": int(joined.tokens["queue"])} | asked
    ticket = str(joined.api("POST", "/api/tickets/", body).json()["id"])
    context = chromium.new_context(viewport={"width": 1280, "height": 1100})
    page = context.new_page()
    page.goto(f"{joined.desk.url}/login/?next=/tickets/{ticket}/")
    page.get_by_label("Username").fill("alice")
    page.get_by_label("Password").fill("alicepassword")
    page.get_by_role("button", name="Login").click()
    page.get_by_role("tab", name="Respond").click()
    panel = page.frame_locator("iframe[title=Copilot]")
    expect(panel.locator("#summary")).to_have_text("Customer: How much does express delivery cost?")
    panel.get_by_role("button", name="Suggest a reply").click()
    panel.get_by_role("button", name="Insert", exact=True).click(timeout=30_000)
    expect(page.locator("#commentBox")).to_have_value(re.compile(r"\$12"))
    page.screenshot(path=PICTURES / "copilot-panel-django-helpdesk.png", full_page=True)
    context.close()
