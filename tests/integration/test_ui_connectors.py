"""Help desks on the admin's pages: added, filled in, switched, tested; secrets once; what failed shown and retried."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.connectors.base import ConnectorError
from support_bot.connectors.fake import Desk, FakeConnector
from support_bot.errors import NotFound
from support_bot.services.connectors import ConnectorService
from support_bot.values import Role
from tests.factories import PASSWORD, make_app
from tests.helpdesk_receiver import signed
from tests.integration.test_ui_knowledge import Tab

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app = dataclasses.replace(app, connectors=ConnectorService(app._parts.db, {"fake": FakeConnector}))
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"https://desk.example.com{tmp_path}"


@pytest.fixture
def tab(app: App) -> Tab:
    tab = Tab(app)
    tab.press("view", view="connectors")
    return tab


def add(tab: Tab, url: str) -> Desk:
    tab.press("connector-new")
    tab.press("connector-add", name="desk", kind="fake", url=url)
    return FakeConnector.desks.setdefault(url, Desk())


def seen(tab: Tab, piece: str) -> str:
    return html.unescape(tab.seen[piece])


def test_none_is_joined_and_one_is_added_switched_off_and_in_safe_mode(app: App, tab: Tab, url: str) -> None:
    assert "None is joined yet" in tab.seen["admin-connectors"]
    add(tab, url)
    view = app.connectors.get("desk")
    assert (view.enabled, view.safe, view.url) == (False, True, url)
    assert ">Off<" in tab.seen["admin-connectors"] and "Safe mode is on" in tab.seen["admin-connector"]
    tab.shelf.address = "https://help.example.com"
    tab.press("connector-open", connector="desk")
    assert "https://help.example.com/api/v1/connectors/desk/events" in tab.seen["admin-connector"]


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "Desk One", "small letters"),
        ("name", "x" * 10_000, "small letters"),
        ("name", "", "small letters"),
        ("kind", "other", "A kind is one of"),
        ("url", "ftp://desk", "begins with http"),
        ("url", "https://user:secret@desk.example.com", "begins with http"),
        ("url", SCRIPT, "begins with http"),
    ],
)
def test_what_is_refused_stays_in_the_form(app: App, tab: Tab, field: str, value: str, words: str) -> None:
    tab.press("connector-new")
    tab.press("connector-add", **{"name": "desk", "kind": "fake", "url": "https://desk.example.com", field: value})
    assert words in tab.seen["admin-connector"] and app.connectors.page() == []
    assert SCRIPT not in tab.seen["admin-connector"]


def test_a_name_that_is_taken_changes_nothing(app: App, tab: Tab, url: str) -> None:
    add(tab, url)
    tab.press("connector-new")
    tab.press("connector-add", name="desk", kind="fake", url="https://elsewhere.example.com")
    assert "already" in tab.seen["admin-connector"] and app.connectors.get("desk").url == url


def test_a_token_is_kept_unless_another_is_given_and_never_shown(app: App, tab: Tab, url: str) -> None:
    add(tab, url)
    typed = {"connector": "desk", "url": url, "queue": " Support ", "user": "bot"}
    tab.press("connector-save", **typed, token="hush-hush")
    assert "Saved." in tab.seen["admin-connector"]
    tab.press("connector-save", **typed | {"user": "robot"}, token="")
    view = app.connectors.get("desk")
    assert (view.desk_queue, view.user, view.has_token) == ("Support", "robot", True)
    assert not any("hush-hush" in piece for piece in tab.seen.values())
    tab.press("connector-save", **typed | {"url": "https://thief.example.com"}, token="")
    assert "needs its own token" in tab.seen["admin-connector"] and app.connectors.get("desk").url == url


def test_a_secret_is_shown_once(tab: Tab, url: str) -> None:
    add(tab, url)
    tab.press("connector-secret", connector="desk")
    (secret,) = re.findall(r"whsec_[\w+/=]+", seen(tab, "admin-connector"))
    tab.press("connector-close")
    tab.press("connector-open", connector="desk")
    assert not any(secret in html.unescape(piece) for piece in tab.seen.values())


def test_switches_and_safe_mode(app: App, tab: Tab, url: str) -> None:
    add(tab, url)
    tab.press("connector-switch", connector="desk", to="on")
    tab.press("connector-safe", connector="desk", to="off")
    view = app.connectors.get("desk")
    assert (view.enabled, view.safe) == (True, False)
    assert ">On<" in tab.seen["admin-connectors"] and "Safe mode is off" in tab.seen["admin-connector"]
    tab.press("connector-switch", connector="desk", to="off")
    assert not app.connectors.get("desk").enabled


def test_the_test_says_what_is_wrong(tab: Tab, url: str) -> None:
    desk = add(tab, url)
    tab.press("connector-test", connector="desk")
    assert "It works." in tab.seen["admin-connector"]
    desk.trouble = lambda when: ConnectorError(f"Queue {SCRIPT} is not there.")
    tab.press("connector-test", connector="desk")
    assert f"Queue {SCRIPT} is not there." in seen(tab, "admin-connector")
    assert SCRIPT not in tab.seen["admin-connector"] and "It works." not in tab.seen["admin-connector"]


def test_what_failed_in_either_direction_is_shown_and_tried_again(app: App, tab: Tab, url: str) -> None:
    desk = add(tab, url)
    secret = app.connectors.new_secret("desk")
    tab.press("connector-switch", connector="desk", to="on")
    desk.trouble = lambda when: ConnectorError("Queue 9 is not there.", lasting=True)
    app.handoff.request(app.chat.start("web").id)
    body, headers = signed(secret, "d-1", "message.created", ticket_id="1")
    app.connectors.take("desk", headers, body)
    while app.connectors.run_once():
        pass
    tab.press("connector-open", connector="desk")
    listed = tab.seen["admin-connectors"]
    assert listed.count(">Failed<") == 3 and "Queue 9 is not there." in listed and "3 failed" in listed
    assert "Something that happened there" in listed and "is missing" in listed
    desk.trouble = lambda when: None
    tab.press("connector-retry", connector="desk")
    assert ">Failed<" not in tab.seen["admin-connectors"] and ">Waiting<" in tab.seen["admin-connectors"]
    while app.connectors.run_once():
        pass
    assert len(desk.tickets) == 1 and app.connectors.get("desk").dead == 0


def test_one_is_forgotten_after_a_question(app: App, tab: Tab, url: str) -> None:
    add(tab, url)
    tab.press("connector-ask-remove", connector="desk")
    assert "Forget desk?" in tab.seen["admin-dialog"]
    tab.press("connector-remove", connector="desk")
    assert "None is joined yet" in tab.seen["admin-connectors"] and tab.seen["admin-connector"] == ""
    with pytest.raises(NotFound):
        app.connectors.get("desk")
    tab.press("connector-open", connector="desk")
    assert "There is no connector" in tab.seen["admin-connectors"]
