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
from support_bot.assembly import App
from support_bot.connectors.base import ConnectorConfig, HelpdeskConnector, RemoteStatus, RemoteTicket, Who
from support_bot.connectors.django_helpdesk import DjangoHelpdeskConnector
from support_bot.testing.connector import ConnectorContract, draft, new_key
from support_bot.values import Mode
from tests.e2e.conftest import PICTURES
from tests.e2e.helpdesks import RealDesk
from tests.factories import DELIVERY, add_article, add_staff, make_app, wait_for
from tests.integration.api_harness import listening

pytestmark = pytest.mark.timeout(400)


@dataclass
class Joined:
    """The bot's app and the help desk, joined by a connector that is switched on."""

    app: App
    desk: RealDesk
    config: ConnectorConfig
    tokens: dict[str, str]

    @property
    def connector(self) -> HelpdeskConnector:
        return DjangoHelpdeskConnector(self.config)

    def hand_off(self, text: str) -> str:
        chat = self.app.chat.start("web").id
        self.app.handoff.request(chat)
        self.app.chat.say(chat, text)
        return chat

    def ticket(self, text: str) -> str:
        """The id over there of the ticket whose transcript has this text."""
        found = self.api("GET", "/api/tickets/").json()["results"]
        (ticket,) = [str(each["id"]) for each in found if text in (each["description"] or "")]
        return ticket

    def tickets(self, text: str) -> int:
        found = self.api("GET", "/api/tickets/").json()["results"]
        return sum(text in (each["description"] or "") for each in found)

    def read(self, ticket: str) -> RemoteTicket:
        return self.connector.read(ticket)

    def alice(self, ticket: str, comment: str, **more: Any) -> None:
        body = {"ticket": int(ticket), "comment": comment, "public": True} | more
        self.api("POST", "/api/followups/", body, who="alice")

    def api(self, method: str, path: str, body: Any = None, who: str = "admin") -> httpx.Response:
        headers = {"Authorization": f"Token {self.tokens[who]}"}
        answer = httpx.request(method, self.desk.url + path, json=body, headers=headers, timeout=30)
        assert answer.is_success, answer.text[:500]
        return answer

    def says(self, chat: str) -> list[str]:
        return [message.text for message in self.app.chat.messages(chat)]


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


def test_a_conversation_goes_there_and_comes_back(joined: Joined) -> None:
    chat = joined.hand_off("My card ends with 4242 <script>alert(1)</script>")
    wait_for(lambda: joined.tickets("ends with 4242"), 30)
    ticket = joined.ticket("ends with 4242")
    wait_for(lambda: len(joined.read(ticket).entries) == 3, 30)  # the description is the first follow-up as well
    note = joined.read(ticket).entries[2]
    assert note.private and note.text.startswith("Reason: customer request.")
    fields = joined.api("GET", f"/api/tickets/{ticket}/").json()
    assert (str(fields["queue"]), fields["priority"]) == (joined.tokens["queue"], 3)

    joined.alice(ticket, "They are rude.", public=False)
    joined.alice(ticket, "Which bank is it?")
    wait_for(lambda: "Which bank is it?" in joined.says(chat), 30)
    assert joined.app.chat.mode(chat) is Mode.HUMAN
    assert not any("rude" in text or "Reason:" in text for text in joined.says(chat))

    joined.app.chat.say(chat, "The blue one")
    joined.app.chat.say(chat, "The blue one")
    wait_for(lambda: len(joined.read(ticket).entries) == 7, 30)
    assert [(e.who, e.private, e.text.split("\n")[0]) for e in joined.read(ticket).entries[3:]] == [
        (Who.AGENT, True, "They are rude."),
        (Who.AGENT, False, "Which bank is it?"),
        (Who.CUSTOMER, False, "The blue one"),
        (Who.CUSTOMER, False, "The blue one"),
    ]

    joined.alice(ticket, "Solved it.", new_status=3)
    wait_for(lambda: joined.app.chat.mode(chat) is Mode.CLOSED, 30)
    assert joined.says(chat).count("Solved it.") == 1

    joined.app.handoff.request(chat)
    joined.app.chat.say(chat, "It happens again")
    wait_for(lambda: joined.read(ticket).entries[-1].text.startswith("It happens again"), 30)
    assert joined.read(ticket).status is RemoteStatus.OPEN and joined.tickets("ends with 4242") == 1
    assert joined.says(chat).count("The blue one") == 2, "nothing comes back as an echo"


def test_solved_here_is_solved_there(joined: Joined) -> None:
    chat = joined.hand_off("Solve me here please")
    ana = add_staff(joined.app)
    wait_for(lambda: joined.tickets("Solve me here"), 30)
    ticket = joined.app.handoff.take(chat, ana.id).row.id
    joined.app.tickets.reply(ticket, ana.id, "Done {{ settings }}.")
    joined.app.tickets.solve(ticket, ana.id)
    there = joined.ticket("Solve me here")
    wait_for(lambda: joined.read(there).status is RemoteStatus.SOLVED, 30)
    assert [e for e in joined.read(there).entries if e.who is Who.BOT and e.text.startswith("Done") and not e.private]


def test_a_help_desk_that_is_down_loses_nothing_and_doubles_nothing(joined: Joined) -> None:
    joined.desk.call("stop")
    chat = joined.hand_off("Nobody home over there")
    wait_for(lambda: any(item.error for item in joined.app.connectors.get("desk").queue), 30)
    joined.app.chat.say(chat, "Still there?")
    joined.desk.call("start")
    wait_for(lambda: joined.app.connectors.get("desk").waiting == 0, 60)
    there = joined.ticket("Nobody home")
    texts = [entry.text.split("\n")[0] for entry in joined.read(there).entries]
    assert joined.tickets("Nobody home") == 1 and texts.count("Still there?") == 1


def test_what_waited_through_a_restart_of_the_help_desk_is_sent_with_its_first_request(joined: Joined) -> None:
    chat = joined.hand_off("Restart me")
    wait_for(lambda: joined.tickets("Restart me"), 30)
    there = joined.ticket("Restart me")
    wait_for(lambda: joined.app.connectors.get("desk").waiting == 0, 30)
    joined.app.connectors.switch("desk", enabled=False)
    joined.alice(there, "Before the restart")
    joined.desk.call("stop")
    joined.app.connectors.switch("desk", enabled=True)
    joined.desk.call("start")  # looks whether the pages answer, which is a request
    wait_for(lambda: "Before the restart" in joined.says(chat), 120)  # one that was cut off is tried after a minute


def test_a_bot_that_is_down_is_noticed_by_no_agent_and_misses_nothing(joined: Joined) -> None:
    chat = joined.hand_off("Switch me off")
    wait_for(lambda: joined.tickets("Switch me off"), 30)
    there = joined.ticket("Switch me off")
    wait_for(lambda: joined.app.connectors.get("desk").waiting == 0, 30)
    joined.app.connectors.switch("desk", enabled=False)  # to the help desk it answers 404 now
    joined.alice(there, "Anybody there?")
    joined.app.connectors.switch("desk", enabled=True)
    wait_for(lambda: "Anybody there?" in joined.says(chat), 60)
    assert joined.says(chat).count("Anybody there?") == 1


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
