"""Keys of signed-in customers on the admin's pages: made, shown once, revoked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import NotFound
from support_bot.values import Role
from tests.factories import PASSWORD, make_app
from tests.integration.test_ui_knowledge import Tab

SECRET = re.compile(r"sbi_[\w-]{40,}")


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
    tab.press("channel-open", channel="web")
    return tab


def test_a_secret_is_shown_until_the_next_press_and_never_again(app: App, tab: Tab) -> None:
    assert "Signed-in customers" in tab.seen["admin-channel"] and not SECRET.search(tab.seen["admin-channel"])
    tab.press("identity-add", channel="web")
    assert SECRET.search(tab.seen["admin-channel"])
    (key,) = app.desk.identity.keys("web")
    assert key.kid in tab.seen["admin-channel"]
    tab.press("channel-close")
    tab.press("channel-open", channel="web")
    assert key.kid in tab.seen["admin-channel"] and not SECRET.search(tab.seen["admin-channel"])


def test_a_third_is_refused_until_one_is_revoked(app: App, tab: Tab) -> None:
    for _ in range(3):
        tab.press("identity-add", channel="web")
    assert "revoke the older one first" in tab.seen["admin-channel"]
    assert len(app.desk.identity.keys("web")) == 2
    older = app.desk.identity.keys("web")[0]
    tab.press("identity-revoke", channel="web", identity=str(older.id))
    assert app.desk.identity.keys("web")[0].revoked_at is not None and "Revoked" in tab.seen["admin-channel"]
    tab.press("identity-add", channel="web")
    assert SECRET.search(tab.seen["admin-channel"]) and len(app.desk.identity.keys("web")) == 3


@pytest.mark.parametrize("number", ["", "0", "-1", "x", "9" * 30, "12345"])
def test_a_key_that_is_not_there_is_not_revoked(app: App, tab: Tab, number: str) -> None:
    tab.press("identity-add", channel="web")
    tab.press("identity-revoke", channel="web", identity=number)
    assert app.desk.identity.keys("web")[0].revoked_at is None
    with pytest.raises(NotFound):
        app.desk.identity.revoke_key("web", 12345)
