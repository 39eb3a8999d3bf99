"""A viewer at the desk: everything can be read, nothing is offered that changes something, and nothing can be done."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from support_bot.assembly import App
from support_bot.values import Mode, Role
from tests.factories import PASSWORD, add_staff, ask, make_app
from tests.integration.test_ui_handlers import event, prepared, request
from ui.pages.desk import DeskPage
from ui.pages.desk_state import Desk

WORDS = "I want to talk to a person, please"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    app.channels.ensure_default()
    yield app
    app.close()


def test_reads_and_changes_nothing(app: App) -> None:
    add_staff(app)
    app.staff.add("vi@example.com", "Vi", Role.VIEWER, PASSWORD)
    conversation = app.chat.start("web").id
    ask(app, conversation, WORDS)
    ticket = app.handoff.request(conversation).row
    page: DeskPage = prepared(DeskPage, app)
    visitor, desk = request(app.staff.sign_in("vi@example.com", PASSWORD).token), Desk()
    seen: dict[str, str] = {}

    def see(changes: dict[Any, Any]) -> None:
        seen.update({piece.elem_id: html for piece, html in changes.items() if isinstance(html, str)})

    see(page.opened(desk, visitor))
    assert f'data-conversation="{conversation}"' in seen["desk-list"]
    see(page.act(event(action="select", conversation=conversation), desk, visitor))
    assert WORDS in seen["desk-talk"] and "viewer" in seen["desk-composer"]
    changing = ("take", "assign", "give", "hand-back", "solve", "write", "suggest", "flag", "watch", "priority")
    assert [name for name in changing if any(f'data-action="{name}"' in html for html in seen.values())] == []
    for name in [*page._acts]:
        if name in {"view", "search", "filter", "next", "previous", "select", "back"}:
            continue
        data = event(action=name, conversation=conversation, ticket=str(ticket.id), text="Hello", value="urgent")
        with pytest.raises(gr.Error):
            page.act(data, desk, visitor)
    with pytest.raises(gr.Error):
        page.typing(desk, visitor)
    after = app.tickets.get(ticket.id).row
    assert (after.status, after.assignee_id, after.priority) == (ticket.status, None, ticket.priority)
    assert app.chat.mode(conversation) is Mode.WAITING
