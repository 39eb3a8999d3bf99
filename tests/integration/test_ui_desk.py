"""The desk's and the admin's pages as HTML, and the sign-in page."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import replace
from typing import Any

import pytest

from support_bot.services.views import (
    Assignee,
    ConversationRow,
    ConversationView,
    MessageView,
    StaffView,
    TicketHistoryLine,
    TicketRow,
    TicketView,
    TraceView,
)
from support_bot.values import Audience, Author, Mode, Role
from ui.pages.login import login_page
from ui.pages.password import password_page
from ui.parts import desk, ticket
from ui.parts.html import ago, attributes, duration, file_size
from ui.parts.markdown import plain
from ui.theme import READABLE, contrast, css, ink_on, readable

NOW = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)
SCRIPT = "<script>alert(1)</script>"
AGENT = StaffView(2, "ana@example.com", "Ana", Role.AGENT, True)


def row(**more: Any) -> TicketRow:
    values: dict[str, Any] = {
        "id": 1042, "subject": "Jacket too small", "status": "open", "priority": "normal", "reason": "customer_request",
        "assignee": None, "assignee_id": None, "conversation_id": "c1", "mode": Mode.WAITING,
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return TicketRow(**(values | more))


def conversation(mode: Mode = Mode.WAITING, *, status: str = "open", messages: tuple[MessageView, ...] = ()) -> Any:
    trace = TraceView(
        1, 2, "How long?", "answer:question", 0.82, 0.5, "Two days.",
        [{"title": "Delivery", "heading": "", "text": "Two days.", "vector": 0.7, "keyword": None, "fused": 0.03}],
        [], "writer", "0123456789abcdef", "Nine days.", ["Nine days. (lost numbers: 2)"], {"retrieve": 0.14},
        {"prompt": 300}, NOW,
    )  # fmt: skip
    view = TicketView(row(status=status, mode=mode), f"Reason: {SCRIPT}", ())
    return ConversationView(ConversationRow("c1", "Hi", mode, "web", None, NOW, NOW, 1042), messages, (trace,), view)


def said(number: int, author: Author, text: str, **more: Any) -> MessageView:
    values: dict[str, Any] = {
        "name": None, "created_at": NOW, "status": "final", "audience": Audience.PUBLIC, "answer_status": None,
        "citations": (), "reply_to_id": None, "helpful": None,
    }  # fmt: skip
    return MessageView(id=number, author=author, text=text, **(values | more))


class TestInbox:
    def test_each_view_has_its_count_and_the_chosen_one_is_named_to_screen_readers(self) -> None:
        html = desk.navigation("mine", {"mine": 5, "waiting": 3}, AGENT, "Acme")
        assert 'data-view="mine" aria-current="page"' in html
        assert '<span class="count">3</span>' in html

    def test_only_an_admin_is_led_to_the_knowledge(self) -> None:
        admin = StaffView(1, "a@example.com", "Al", Role.ADMIN, True)
        assert "/admin/" in desk.navigation("open", {}, admin, "Acme")
        assert "/admin/" not in desk.navigation("open", {}, AGENT, "Acme")

    def test_how_long_the_longest_waits_stands_above_the_list(self) -> None:
        waiting = row(created_at=dt.datetime.now(dt.UTC) - dt.timedelta(minutes=4, seconds=5))
        assert "1 waiting, longest 4 minutes" in desk.ticket_list([waiting], "")

    def test_a_subject_is_escaped_and_the_chosen_row_marked(self) -> None:
        html = desk.ticket_list([row(subject=SCRIPT)], "c1")
        assert "<script" not in html and "data-selected" in html

    def test_an_empty_list_says_what_happens_next(self) -> None:
        assert "New tickets appear here by themselves" in desk.ticket_list([], "")
        assert "Choose other filters" in desk.ticket_list([], "", filtered=True, view="mine")
        assert "assign a ticket to yourself" in desk.ticket_list([], "", view="mine")
        assert len({desk.ticket_list([], "", view=view) for view in desk.TICKET_VIEWS}) == 7


class TestConversation:
    def test_what_can_be_done_depends_on_who_answers(self) -> None:
        waiting, human = (ticket.head(conversation(mode), AGENT.id) for mode in (Mode.WAITING, Mode.HUMAN))
        assert 'data-action="take"' in waiting and 'data-action="take"' not in human
        assert 'data-action="hand-back"' in human and 'data-key="e"' in human

    def test_an_open_ticket_is_given_away_and_a_solved_one_only_says_whose_it_is(self) -> None:
        colleagues = [Assignee(2, "Ana", "ana@x.example"), Assignee(3, "Bo", "b@x.example"), Assignee(4, "Bo", SCRIPT)]
        html = ticket.head(conversation(), AGENT.id, colleagues)
        assert 'data-action="give"' in html and '<option value="" selected>unassigned</option>' in html
        assert "assigned to Bo (b@x.example)<" in html and "assigned to Ana<" in html and SCRIPT not in html
        solved = ticket.head(conversation(Mode.CLOSED, status="solved"), AGENT.id, colleagues)
        assert "<select" not in solved and "unassigned" in solved

    def test_who_left_is_shown_as_long_as_the_ticket_is_theirs(self) -> None:
        view = conversation()
        old = replace(view, ticket=replace(view.ticket, row=row(assignee="Old", assignee_id=9)))
        assert '<option value="9" selected>assigned to Old</option>' in ticket.head(old, AGENT.id)

    @pytest.mark.parametrize(
        ("by", "to", "was", "detail", "words"),
        [
            ("Ana", "Ana", None, {"to": 2}, "Ana took it"),
            ("Al", "Ana", "Bo", {"to": 2, "was": 3}, "Al assigned it to Ana"),
            ("Al", None, "Ana", {"to": None}, "Al gave it back to nobody"),
            ("Al", None, "Ana", {"to": None, "deactivated": True}, "Al deactivated Ana: it went back to nobody"),
            (None, None, "Ana", {"to": None, "deactivated": True}, "Ana was deactivated: it went back to nobody"),
            (None, None, None, {"to": None}, "It went back to nobody"),
        ],
    )
    def test_the_history_says_whose_the_ticket_became(
        self, by: str | None, to: str | None, was: str | None, detail: dict[str, Any], words: str
    ) -> None:
        line = TicketHistoryLine(NOW, "assigned", by, detail, to, was)
        view = conversation()
        assert f"<span>{words}</span>" in desk.context(replace(view, ticket=replace(view.ticket, history=(line,))))

    def test_a_note_is_called_internal_and_a_retracted_answer_unseen(self) -> None:
        messages = (
            said(3, Author.STAFF, "He is a regular.", name="Ana", audience=Audience.INTERNAL),
            said(4, Author.BOT, "Half an ans", status="retracted"),
        )
        html = ticket.talk(conversation(messages=messages), {})
        assert "internal note" in html and "the customer does not see this" in html

    def test_an_answer_opens_to_how_it_came_about_in_plain_words(self) -> None:
        html = ticket.talk(conversation(messages=(said(2, Author.BOT, "Two days."),)), {})
        for words in (
            "answer from the articles",
            "82% sure, 50% needed",
            "Nine days. (lost numbers: 2)",
            "search 0.14 s",
            "<dd>0123456789ab</dd>",
        ):
            assert words in html
        assert "covers" not in html  # no passage has that score

    def test_the_summary_is_escaped(self) -> None:
        assert "<script" not in ticket.talk(conversation(), {})

    def test_nobody_writes_into_a_solved_ticket(self) -> None:
        html = ticket.composer(conversation(Mode.CLOSED, status="solved"), kind="reply", sent=0)
        assert "<textarea" not in html and "the assistant answers" in html


class TestSignIn:
    def test_it_works_without_scripts_and_fetches_nothing(self) -> None:
        html = login_page("Acme", "/admin")
        assert '<form method="post" action="login">' in html and 'name="next" value="/admin"' in html
        assert "<script" not in html and "<link" not in html and "http" not in html

    def test_what_comes_from_outside_is_escaped(self) -> None:
        assert SCRIPT not in login_page(SCRIPT, f'"{SCRIPT}', SCRIPT, f'"{SCRIPT}')
        somebody = StaffView(2, f'"{SCRIPT}', SCRIPT, Role.AGENT, True)
        assert SCRIPT not in password_page(SCRIPT, somebody, SCRIPT)


class TestLook:
    @pytest.mark.parametrize("accent", ["#1f6f5c", "#ffee00", "#000000", "#ffffff", "#e11d48", "not a colour"])
    @pytest.mark.parametrize("background", ["#ffffff", "#17191c"])
    def test_any_accent_can_be_read_in_light_and_dark(self, accent: str, background: str) -> None:
        colour = readable(accent, background)
        assert contrast(colour, background) >= READABLE
        assert contrast(colour, ink_on(colour)) >= READABLE

    def test_grey_text_can_be_read_on_every_surface(self) -> None:
        for block in css().split("{")[1:3]:  # light, dark
            named = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))
            for ink in ("ink", "muted", "bad", "wait", "good"):
                for ground in ("canvas", "surface", "sunken"):
                    assert contrast(named[ink], named[ground]) >= READABLE, (ink, ground)

    def test_the_style_sheet_fetches_nothing_and_honours_reduced_motion(self) -> None:
        assert "@import" not in css()
        assert all(address.startswith("data:") for address in re.findall(r"url\([\"']?(.{5})", css()))
        assert "prefers-reduced-motion" in css()


def test_words_for_times_and_sizes() -> None:
    hour_ago = NOW - dt.timedelta(minutes=61)
    assert ">1 h</time>" in ago(hour_ago, NOW) and "04 May 2026, 10:59 UTC" in ago(hour_ago, NOW)
    assert ">now</time>" in ago(NOW, NOW) and "14 Apr 2026</time>" in ago(NOW - dt.timedelta(days=20), NOW)
    assert [duration(0.14), duration(3.2), duration(42), duration(600)] == ["0.14 s", "3.2 s", "42 s", "10 min"]
    assert [file_size(12), file_size(2048), file_size(3_400_000)] == ["12 B", "2 KB", "3.2 MB"]
    assert attributes({"data_id": 3, "disabled": True, "title": None}) == ' data-id="3" disabled'


def test_markdown_read_aloud_has_no_marks() -> None:
    assert plain("## Fees\n\n- **Box**: `3`\n\n| A | B |\n|---|---|\n| 1 | 2 |") == "Fees Box: 3 A · B 1 · 2"
