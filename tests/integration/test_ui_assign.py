"""Giving a ticket away on the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.values import Role
from tests.factories import PASSWORD, add_staff, make_app
from tests.integration.test_ui_handlers import event, prepared, request
from ui.pages.desk import DeskPage
from ui.pages.desk_state import Desk


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    app.channels.ensure_default()
    yield app
    app.close()


def test_a_ticket_is_given_to_a_colleague_and_back_to_nobody(app: App) -> None:
    ana, bo = add_staff(app, Role.AGENT), add_staff(app, Role.AGENT, "bo@example.com")
    asked = request(app.staff.sign_in(ana.email, PASSWORD).token)
    chat = app.chat.start("web")
    ticket = app.handoff.request(chat.id).row.id
    page, desk = prepared(DeskPage, app), Desk(view="open", conversation=chat.id)
    for value, whose in ((str(bo.id), bo.id), ("", None), (str(ana.id), ana.id)):
        page.act(event(action="give", ticket=str(ticket), value=value), desk, asked)
        assert app.tickets.get(ticket).row.assignee_id == whose and desk.told == ""
    seen = page.tick(desk, asked)
    assert f'<option value="{ana.id}" selected>assigned to Ana</option>' in seen[page.head]
    for line in ("Ana assigned it to Bo", "Ana gave it back to nobody", "Ana took it"):
        assert line in seen[page.context]


@pytest.mark.parametrize("value", ["-1", "x", "999", "9" * 40])
def test_nobody_else_can_be_chosen(app: App, value: str) -> None:
    ana = add_staff(app, Role.AGENT)
    asked = request(app.staff.sign_in(ana.email, PASSWORD).token)
    ticket = app.handoff.request(app.chat.start("web").id).row.id
    page, desk = prepared(DeskPage, app), Desk()
    page.act(event(action="give", ticket=str(ticket), value=value), desk, asked)
    assert "no member of staff" in desk.told and app.tickets.get(ticket).row.assignee_id is None
