"""How commands show rows, single things and answers."""

from __future__ import annotations

import pytest

from support_bot.commands.text import answer_text, as_text
from support_bot.errors import SupportBotError

SOURCE = {"index": 1, "title": "Returns", "heading": "How long", "name": "returns.md", "url": None}


def test_rows_stand_in_columns_under_a_heading() -> None:
    rows = [
        {"name": "a.md", "in_use": True, "origins": ["x", "y"]},
        {"name": "longer.md", "in_use": False, "origins": []},
    ]
    assert as_text(rows, ("name", "in_use", "origins")) == (
        "NAME       IN USE  ORIGINS\na.md       yes     x, y\nlonger.md  no"
    )


def test_no_rows_are_a_heading_alone() -> None:
    assert as_text([], ("name", "status")) == "NAME  STATUS"


def test_one_thing_is_a_line_for_each_field() -> None:
    assert as_text({"name": "web", "greeting": None}, ("name", "greeting")) == "name      web\ngreeting  "


class TestAnswer:
    def test_sentences_are_followed_by_their_sources(self) -> None:
        events = [
            {"event": "evidence", "data": {"citations": [SOURCE]}},
            {"event": "text", "data": {"sentence": "You have 30 days."}},
            {"event": "citation", "data": SOURCE},
            {"event": "text", "data": {"sentence": "Keep the tag on."}},
            {"event": "citation", "data": {**SOURCE, "index": 2, "heading": "", "url": "https://example.com/r"}},
            {"event": "done", "data": {"message_id": 2, "status": "answered"}},
        ]
        assert answer_text(events) == (
            "You have 30 days. [1] Keep the tag on. [2]\n\n"
            "[1] Returns › How long (returns.md)\n[2] Returns (https://example.com/r)"
        )

    def test_a_question_back_lists_its_options(self) -> None:
        asked = {"event": "asked", "data": {"text": "Which one?", "options": ["Card", "Voucher"]}}
        assert answer_text([asked]) == "Which one?\n- Card\n- Voucher"

    def test_what_was_retracted_is_not_shown(self) -> None:
        events = [
            {"event": "text", "data": {"sentence": "You have 30 days."}},
            {"event": "retract", "data": {"message_id": 2}},
            {"event": "handoff", "data": {"reason": "agent_pull", "text": "Ana is here.", "ticket": 1}},
        ]
        assert answer_text(events) == "Ana is here."

    def test_a_broken_turn_is_an_error(self) -> None:
        with pytest.raises(SupportBotError, match="not now"):
            answer_text([{"event": "error", "data": {"code": "engine", "text": "not now"}}])
