"""A ticket's fields and its history on the desk."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support_bot.assembly import App
from support_bot.services.views import TicketHistoryLine
from support_bot.values import Role
from tests.factories import PASSWORD, add_staff, make_app
from tests.integration.test_ui_handlers import event, prepared, request
from ui.pages.desk import DeskPage
from ui.pages.desk_state import Desk
from ui.parts.ticket_history import told

SCRIPT = "<script>alert(1)</script>"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    add_staff(app, Role.AGENT)
    yield app
    app.close()


class Seen:
    """An agent's browser with one ticket before it."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.asked = request(app.staff.sign_in("ana@example.com", PASSWORD).token)
        self.page = prepared(DeskPage, app)
        self.ticket = app.handoff.request(app.chat.start("web").id).row.id
        self.desk = Desk(view="all", conversation=app.tickets.get(self.ticket).row.conversation_id)

    def press(self, name: str, **data: str) -> None:
        self.page.act(event(action=name, ticket=str(self.ticket), **data), self.desk, self.asked)

    def shown(self) -> dict[Any, str]:
        self.desk.shown = {}
        return {piece.elem_id: html for piece, html in self.page.tick(self.desk, self.asked).items()}


def test_fields_change_and_the_history_tells_it_in_plain_words(app: App) -> None:
    seen = Seen(app)
    for name, value in (("status", "on_hold"), ("type", "incident"), ("priority", "urgent"), ("type", "")):
        seen.press(name, value=value)
        assert seen.desk.told == ""
    seen.press("watch", to="on")
    seen.press("snooze", hours="24")
    shown = seen.shown()
    for line in (
        "Ana changed the status from new to on hold",
        "Ana changed the type from nothing to incident",
        "Ana changed the type from incident to nothing",
        "Ana changed the priority from normal to urgent",
        "Ana watches it",
        "Ana snoozed it until ",
    ):
        assert line in shown["desk-context"]
    assert "Stop watching" in shown["desk-context"] and 'data-action="wake"' in shown["desk-context"]
    assert '<option value="on_hold" selected>on hold</option>' in shown["desk-head"]
    seen.press("wake")
    assert app.tickets.get(seen.ticket).row.snoozed_until is None


def test_tags_are_typed_in_a_dialog_that_keeps_what_is_refused(app: App) -> None:
    seen = Seen(app)
    seen.press("ask-tags")
    assert 'name="tags"' in seen.shown()["desk-dialog"]
    seen.press("tags", tags=f"{SCRIPT * 3}, ok")
    dialog = seen.shown()["desk-dialog"]
    assert "at most 40 characters" in dialog and "<script" not in dialog and "&lt;script" in dialog
    seen.press("tags", tags=" Late  Box, vip,, ")
    assert app.tickets.get(seen.ticket).row.tags == ("late-box", "vip") and seen.shown()["desk-dialog"] == ""
    seen.press("tags", tags="vip, new")
    assert "Ana changed the tags: added #new, removed #late-box" in seen.shown()["desk-context"]


def test_a_dialog_is_not_sent_again_while_somebody_types_in_it(app: App) -> None:
    seen = Seen(app)
    seen.press("ask-snooze")
    assert seen.page.dialog not in seen.page.tick(seen.desk, seen.asked)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("status", {"value": "closed"}), ("status", {"value": "new"}), ("status", {}), ("type", {"value": SCRIPT}),
        ("snooze", {"hours": "0"}), ("snooze", {"hours": "-4"}), ("snooze", {}), ("priority", {"value": "yesterday"}),
    ],
)  # fmt: skip
def test_what_no_list_offers_is_refused(app: App, name: str, data: dict[str, str]) -> None:
    seen = Seen(app)
    seen.press(name, **data)
    assert seen.desk.told and len(app.tickets.get(seen.ticket).history) == 1


@pytest.mark.parametrize(
    ("kind", "by", "to", "detail", "words"),
    [
        ("woken", None, None, {}, "The snooze ended"),
        ("woken", None, None, {"customer": True}, "The customer wrote: it is no longer snoozed"),
        ("woken", "Ana", None, {}, "Ana ended the snooze"),
        ("watched", "Ana", "Bo", {"to": 3}, "Ana added Bo as a watcher"),
        ("unwatched", "Ana", "Ana", {"to": 2}, "Ana stopped watching it"),
        ("changed", None, None, {"status": ["pending", "open"]}, "The customer wrote: the status from pending to open"),
        ("changed", "Ana", None, {"subject": ["A", "B"]}, "Ana changed the subject from “A” to “B”"),
        ("snoozed", "Ana", None, {"until": "2030-01-31T09:00:00+00:00"}, "Ana snoozed it until 31 Jan 2030, 09:00 UTC"),
    ],
)  # fmt: skip
def test_a_line_of_the_history(kind: str, by: str | None, to: str | None, detail: dict[str, Any], words: str) -> None:
    now = dt.datetime(2026, 5, 4, tzinfo=dt.UTC)
    assert told(TicketHistoryLine(now, kind, by, detail, to)) == words


def test_a_merge_leads_to_the_other_ticket_and_is_undone_from_the_merged_one(app: App) -> None:
    seen = Seen(app)
    other = app.handoff.request(app.chat.start("web").id).row
    seen.press("ask-merge")
    assert "You can undo it" in seen.shown()["desk-dialog"]
    seen.press("merge", into=f"#{seen.ticket}")
    assert "into itself" in seen.shown()["desk-dialog"]
    seen.press("merge", into=f" #{other.id} ")
    assert seen.desk.conversation == other.conversation_id and seen.desk.dialog == ""
    shown = seen.shown()
    assert f"Ana merged #{seen.ticket} into it" in shown["desk-context"] and "both conversations" in shown["desk-talk"]
    seen.press("select", conversation=app.tickets.get(seen.ticket).row.conversation_id)
    assert f"Merged into ticket #{other.id}: write there." in seen.shown()["desk-composer"]
    seen.press("unmerge")
    shown = seen.shown()
    assert f"Ana undid the merge into #{other.id}" in shown["desk-context"] and "<textarea" in shown["desk-composer"]
