"""Hours, reply times and texts on the admin's pages, and promised times on the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.services.views import SlaView
from support_bot.values import Role
from tests.factories import PASSWORD, make_app
from tests.integration.test_ui_knowledge import Tab
from ui.parts.sla import sla_pill

NOW = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


@pytest.fixture
def tab(app: App) -> Tab:
    tab = Tab(app)
    tab.press("view", view="channels")
    tab.press("channel-open", channel="web")
    return tab


TYPED = {
    "channel": "web", "zone": "Europe/Berlin", "week-mon": "9:00-17:00", "holidays": "12-25\n\n2026-05-01",
    "target-urgent-first_reply": " 15 ", "patience": "5", "text-policy": f"{SCRIPT} {{when}}",
}  # fmt: skip


def test_what_is_saved_holds_and_stands_in_the_form(app: App, tab: Tab) -> None:
    tab.press("promise-save", **TYPED)
    found = app.desk.promises.get("web")
    assert (found.zone, found.week["mon"], found.week["tue"]) == ("Europe/Berlin", "9:00-17:00", "")
    assert found.targets == {"urgent": {"first_reply": 15}} and found.patience_minutes == 5
    assert list(found.holidays) == ["12-25", "2026-05-01"] and found.texts == {"policy": f"{SCRIPT} {{when}}"}
    html = tab.seen["admin-channel"]
    assert "Saved." in html and 'value="9:00-17:00"' in html and SCRIPT not in html


@pytest.mark.parametrize(
    "wrong",
    [{"zone": ""}, {"week-mon": "nine"}, {"target-low-resolution": "soon"}, {"patience": "-1"}, {"text-policy": "{x}"}],
)
def test_what_is_refused_stays_in_the_form_and_says_why(app: App, tab: Tab, wrong: dict[str, str]) -> None:
    before = app.desk.promises.get("web")
    tab.press("promise-save", **TYPED | {"week-fri": "8:00-12:00"} | wrong)
    assert app.desk.promises.get("web") == before
    assert 'value="8:00-12:00"' in tab.seen["admin-channel"] and 'role="alert"' in tab.seen["admin-channel"]


def test_another_channel_has_its_own_form(app: App, tab: Tab) -> None:
    tab.press("promise-save", **TYPED)
    app.channels.add("till", "Till")
    tab.press("channel-open", channel="till")
    assert 'value="Europe/Berlin"' not in tab.seen["admin-channel"]
    tab.press("promise-save", **TYPED | {"channel": "none"})
    assert "There is no channel" in tab.seen["admin-channel"]


@pytest.mark.parametrize(
    ("minutes", "state", "words"),
    [(6, "warned", "SLA 6 min"), (150, "running", "SLA 2 h"), (-12, "breached", "SLA missed 12 min ago")],
)
def test_the_pill_says_in_words_how_long_there_is(minutes: int, state: str, words: str) -> None:
    html = sla_pill(SlaView("first_reply", state, NOW + dt.timedelta(minutes=minutes)), NOW)
    assert words in html and "First reply due 04 May 2026" in html and "<svg" in html


def test_a_pill_of_a_ticket_that_waits_or_has_no_promise() -> None:
    assert "SLA paused" in sla_pill(SlaView("resolution", "paused", None), NOW) and sla_pill(None) == ""
