"""Channels on the admin's pages: texts, colour and sites change, a channel pauses, a second one is added."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from support_bot.assembly import App
from support_bot.errors import ChannelOff, Conflict, Invalid
from support_bot.services.views import ChannelView
from support_bot.values import Role
from tests.factories import PASSWORD, make_app
from tests.integration.test_ui_knowledge import Tab
from ui.pages.channels import own_address
from ui.parts.channels import ChannelForm, channel_form, channel_list

SHOP = "https://shop.example.com"
SCRIPT = "<script>alert(1)</script>"
TYPED = {
    "channel": "web", "name": "Acme", "greeting": "Hello.", "questions": "Where is it?\n\n Can I return it? ",
    "origins": f" {SHOP.upper()}/ \n\nhttp://127.0.0.1:8000", "accent": "#123456",
}  # fmt: skip


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


@pytest.fixture
def tab(app: App) -> Tab:
    tab = Tab(app)
    tab.press("view", view="channels")
    return tab


def test_the_only_channel_is_open_with_the_line_for_the_site(tab: Tab) -> None:
    tab.shelf.address = "https://help.example.com"
    tab.press("channel-open", channel="web")
    line = "&lt;script src=&quot;https://help.example.com/widget.js&quot; data-channel=&quot;web&quot; async&gt;"
    assert line in tab.seen["admin-channel"]
    tab.press("channel-close")
    assert tab.seen["admin-channel"] == "" and 'data-channel="web"' in tab.seen["admin-channels"]


def test_what_is_saved_is_what_customers_get(app: App, tab: Tab) -> None:
    tab.press("channel-save", **TYPED)
    view = app.channels.get("web")
    assert view == ChannelView(
        "web", "Acme", "Hello.", ("Where is it?", "Can I return it?"), (SHOP, "http://127.0.0.1:8000"), "#123456", True
    )
    assert "Saved." in tab.seen["admin-channel"] and SHOP in tab.seen["admin-channels"]
    tab.press("channel-save", **TYPED | {"origins": "", "questions": "", "greeting": ""})
    view = app.channels.get("web")
    assert (view.allowed_origins, view.suggested_questions, view.greeting) == ((), (), "")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "needs a name"),
        ("accent", "red", "colour is written like"),
        ("accent", "", "colour is written like"),
        ("origins", "shop.example.com", "not an origin"),
        ("origins", f"{SHOP}/page", "not an origin"),
        ("origins", f"{SHOP}; script-src *", "not an origin"),
        ("origins", "https://*.example.com", "not an origin"),
        ("origins", "https://b\u00fccher.example", "not an origin"),
        ("origins", "https://[", "not an origin"),
        ("origins", "https://user@example.com", "not an origin"),
        ("origins", "x" * 100_000, "not an origin"),
    ],
)
def test_what_is_refused_stays_in_the_form_and_changes_nothing(
    app: App, tab: Tab, field: str, value: str, words: str
) -> None:
    before = app.channels.get("web")
    tab.press("channel-save", **TYPED | {field: value})
    assert words in tab.seen["admin-channel"] and "Saved." not in tab.seen["admin-channel"]
    assert value[:100] in tab.seen["admin-channel"] and "Can I return it?" in tab.seen["admin-channel"]
    assert app.channels.get("web") == before


def test_a_channel_pauses_and_goes_on(app: App, tab: Tab) -> None:
    tab.press("channel-switch", channel="web", to="off")
    assert "No customer can begin a chat here" in tab.seen["admin-channels"] and ">Off<" in tab.seen["admin-channels"]
    with pytest.raises(ChannelOff):
        app.chat.start("web")
    tab.press("channel-switch", channel="web", to="on")
    assert app.chat.start("web") and ">On<" in tab.seen["admin-channels"]


def test_what_is_being_typed_stays_through_the_switch_and_goes_with_another_channel(app: App, tab: Tab) -> None:
    def serial() -> str:
        return str(re.findall(r'data-taken="(\d+)"', tab.seen["admin-channel"]))

    app.channels.add("till", "Till")
    form, first = tab.seen["admin-channel"], serial()
    tab.press("channel-switch", channel="web", to="off")
    assert tab.seen["admin-channel"] == form
    tab.press("channel-save", **TYPED | {"name": ""})
    assert serial() == first
    tab.press("channel-open", channel="till")
    assert serial() != first


def test_what_fails_is_told_also_where_no_form_is_open(tab: Tab) -> None:
    tab.press("channel-close")
    tab.press("channel-switch", channel="none", to="off")
    assert "There is no channel" in tab.seen["admin-channels"]


def test_a_second_channel_is_added_open_to_no_other_site(app: App, tab: Tab) -> None:
    tab.press("channel-new")
    tab.press("channel-add", slug=" Till ", name="Till")
    assert "small letters" in tab.seen["admin-channel"] and 'value="Till"' in tab.seen["admin-channel"]
    tab.press("channel-add", slug="web", name="Till")
    assert "already" in tab.seen["admin-channel"]
    tab.press("channel-add", slug="till", name="Till")
    assert not app.channels.allows("till", SHOP) and app.chat.start("till")
    assert 'data-channel="till"' in tab.seen["admin-channel"] and "2 channels" in tab.seen["admin-channels"]


@pytest.mark.parametrize("slug", ["", "-", "a--b", "a b", "\u00e4", "a/b", "A", "x" * 61, "a\n"])
def test_a_short_name_has_letters_digits_and_hyphens(app: App, slug: str) -> None:
    with pytest.raises(Invalid):
        app.channels.add(slug, "Name")
    with pytest.raises(Conflict):
        app.channels.add("web", "Name")


@pytest.mark.parametrize("action", ["channel-open", "channel-save", "channel-switch"])
@pytest.mark.parametrize("channel", ["", "none", "x" * 9000, "\x00"])
def test_a_channel_that_is_not_there_is_told(tab: Tab, action: str, channel: str) -> None:
    tab.press(action, channel=channel)
    assert "There is no channel" in tab.seen["admin-channel"]


def test_the_line_has_the_address_that_browsers_see(app: App) -> None:
    request = SimpleNamespace(headers={"origin": "http://127.0.0.1:7860"})
    assert own_address(app, request) == "http://127.0.0.1:7860"
    assert own_address(app, SimpleNamespace()) == ""
    app.settings.server.public_url = "https://help.example.com/chat/"
    assert own_address(app, request) == "https://help.example.com/chat"


def test_what_was_typed_is_escaped() -> None:
    view = ChannelView(SCRIPT, SCRIPT, SCRIPT, (SCRIPT,), (SCRIPT,), SCRIPT, False)
    form = ChannelForm(SCRIPT, SCRIPT, SCRIPT, SCRIPT, SCRIPT, SCRIPT, SCRIPT)
    page = channel_list([view], "") + channel_form(form, SCRIPT, SCRIPT) + channel_form(ChannelForm(name=SCRIPT), "")
    assert SCRIPT not in page
