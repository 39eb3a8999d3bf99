"""Events as they go over the wire."""

from __future__ import annotations

import pytest

from support_bot.api import sse
from support_bot.api.sse import BUSY_S, IDLE_S, frame
from support_bot.values import AnswerStatus, Author, Citation, Done, LoggedEvent, Said, SourceRef, Text


def test_an_event_is_id_kind_and_json() -> None:
    assert frame(Text("Zwölf €."), 7).encode().decode() == 'id: 7\nevent: text\ndata: {"sentence":"Zwölf €."}\n\n'


def test_what_does_not_stand_in_the_log_has_no_id() -> None:
    assert frame(Text("x")).encode().startswith(b"event:")


def test_no_text_can_end_a_line_early() -> None:
    said = frame(Said(1, Author.CUSTOMER, "a\r\nevent: done\n\ndata: {}\r"), 1).encode()
    assert said.count(b"\n") == 4 and b"\r" not in said


def test_a_citation_is_laid_flat() -> None:
    source = SourceRef(1, 2, 3, "a.md", "A", "B", "Quote.", None)
    assert b'data: {"index":1,"document_id":2' in frame(Citation(source), 1).encode()


class TestPace:
    """How soon a reader looks again."""

    @pytest.fixture
    def pace(self) -> sse._Pace:
        return sse._Pace()

    def test_slows_down_while_nothing_happens(self, pace: sse._Pace) -> None:
        pauses = [pace.until_next_look() for _ in range(12)]
        assert pauses[0] == BUSY_S and pauses == sorted(pauses) and pauses[-1] == IDLE_S

    def test_stays_quick_while_an_answer_is_given_or_expected(self, pace: sse._Pace) -> None:
        for event in (LoggedEvent(1, Said(1, Author.CUSTOMER, "Hi")), LoggedEvent(2, Text("Well."), turn_id=1)):
            pace.heard(event)
            assert {pace.until_next_look() for _ in range(20)} == {BUSY_S}

    def test_slows_down_again_after_the_answer(self, pace: sse._Pace) -> None:
        pace.heard(LoggedEvent(1, Text("Well."), turn_id=1))
        pace.heard(LoggedEvent(2, Done(1, AnswerStatus.ANSWERED), turn_id=1))
        assert [pace.until_next_look() for _ in range(12)][-1] == IDLE_S
