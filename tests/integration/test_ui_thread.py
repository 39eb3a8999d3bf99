"""The customer's conversation as HTML: what is shown for which messages and events."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from support_bot.services.views import ChannelView, MessageView, SourceView
from support_bot.values import (
    AnswerEvent,
    AnswerStatus,
    Asked,
    Audience,
    Author,
    Citation,
    Done,
    Evidence,
    Failed,
    LoggedEvent,
    Mode,
    Queued,
    Refused,
    Retract,
    SourceRef,
    Text,
)
from ui.parts.chat import announcement, source_panel, state_line
from ui.parts.live import running, turns, written
from ui.parts.thread import Thread, Unsent, thread

CHANNEL = ChannelView("web", "Acme", "Hello.", ("Where is my order?",), (), "#1f6f5c", True)
SOURCE = SourceRef(1, 7, 70, "returns.md", "Returns", "How long", "within **30 days**")
SECOND = SourceRef(2, 8, 80, "fees.md", "Fees", "", "| Fee | Sum |\n|---|---|\n| Box | 3 |")
SCRIPT = "<script>alert(1)</script>"


def message(number: int, author: Author, text: str, **more: Any) -> MessageView:
    values: dict[str, Any] = {
        "name": None, "created_at": dt.datetime.now(dt.UTC), "status": "final", "audience": Audience.PUBLIC,
        "answer_status": None, "citations": (), "reply_to_id": None, "helpful": None,
    }  # fmt: skip
    return MessageView(id=number, author=author, text=text, **(values | more))


def log(*events: AnswerEvent, turn: int = 1) -> list[LoggedEvent]:
    return [LoggedEvent(number, event, turn) for number, event in enumerate(events, 1)]


def shown(*events: AnswerEvent, messages: tuple[MessageView, ...] = (), mode: Mode = Mode.BOT) -> str:
    return thread(Thread(CHANNEL, messages, tuple(turns(log(*events))), mode))


class TestGreeting:
    def test_the_first_message_says_what_answers_here_and_offers_questions(self) -> None:
        html = thread(Thread(CHANNEL))
        assert "automated assistant" in html
        assert 'data-text="Where is my order?"' in html

    def test_suggested_questions_go_when_something_was_said(self) -> None:
        assert "Where is my order?" not in thread(Thread(CHANNEL, (message(1, Author.CUSTOMER, "Hi"),)))


class TestRunningTurn:
    @pytest.mark.parametrize("status", ["streaming", "final"])
    def test_an_answer_is_never_shown_twice_while_its_end_is_not_read_yet(self, status: str) -> None:
        messages = (
            message(1, Author.CUSTOMER, "Hi"),
            message(2, Author.BOT, "Within 30 days.", status=status, reply_to_id=1),
        )
        assert shown(Text("Within 30 days."), Citation(SOURCE), messages=messages).count("Within 30 days") == 1

    def test_earlier_answers_and_hand_overs_stay_while_the_next_answer_is_written(self) -> None:
        messages = (
            message(1, Author.CUSTOMER, "Hi"),
            message(2, Author.BOT, "Within 30 days.", reply_to_id=1),
            message(3, Author.BOT, "A person is coming."),
            message(4, Author.CUSTOMER, "And then?"),
        )
        events = [*log(Text("Within 30 days."), Done(2, AnswerStatus.ANSWERED)), LoggedEvent(9, Queued(1, 2.0), 2)]
        html = thread(Thread(CHANNEL, messages, tuple(turns(events))))
        assert "Within 30 days" in html
        assert "A person is coming" in html


class TestEscaping:
    @pytest.mark.parametrize("author", [Author.CUSTOMER, Author.BOT, Author.STAFF, Author.SYSTEM])
    def test_a_script_shows_as_text_whoever_says_it(self, author: Author) -> None:
        html = thread(Thread(CHANNEL, (message(1, author, SCRIPT, name=SCRIPT),)))
        assert "<script" not in html
        assert "&lt;script&gt;" in html

    def test_an_answer_and_its_sources_are_escaped_while_they_are_written(self) -> None:
        source = SourceRef(1, 7, 70, SCRIPT, SCRIPT, SCRIPT, SCRIPT)
        html = shown(Evidence((source,))) + shown(Text(SCRIPT), Citation(source))
        assert "<script" not in html

    @pytest.mark.parametrize(
        "text", ["[x](javascript:alert(1))", "![x](https://example.org/p.png)", "<img src=x onerror=y>"]
    )
    def test_markdown_of_an_answer_can_neither_act_nor_fetch(self, text: str) -> None:
        html = shown(Text(text))
        assert "<img" not in html and 'href="javascript' not in html

    def test_an_address_that_a_person_typed_can_be_opened_and_nothing_else(self) -> None:
        html = thread(Thread(CHANNEL, (message(1, Author.STAFF, 'See https://example.org/?a="><b>.'),)))
        assert '<a href="https://example.org/?a="' in html
        assert "<b>." not in html


class TestLiveAnswer:
    def test_the_place_in_the_queue_and_the_wait_are_shown(self) -> None:
        assert "2 ahead of you, about 12 s" in shown(Queued(3, 12.0))
        assert "You are next" in shown(Queued(1, 0.0))

    def test_evidence_is_readable_before_the_answer_is_written(self) -> None:
        html = shown(Evidence((SOURCE, SECOND)))
        assert "within 30 days" in html and "Fee · Sum" in html
        assert 'data-action="source"' in html

    def test_a_sentence_carries_the_number_of_its_source(self) -> None:
        html = shown(Evidence((SOURCE,)), Text("You have 30 days."), Citation(SOURCE))
        assert 'aria-label="Source 1: Returns"' in html
        assert 'data-document="7"' in html and 'data-chunk="70"' in html

    def test_a_citation_after_a_table_is_not_lost_in_its_last_row(self) -> None:
        assert 'class="cite"' in shown(Text("| Fee | Sum |\n|---|---|\n| Box | 3 |"), Citation(SECOND))

    def test_what_a_person_who_takes_over_retracts_is_gone(self) -> None:
        html = shown(Text("You have 30 days."), Citation(SOURCE), Retract(5), Done(5, AnswerStatus.RETRACTED))
        assert "30 days" not in html

    def test_a_turn_that_breaks_says_what_is_safe_and_what_to_do(self) -> None:
        html = shown(Failed("engine_unavailable", "It broke."), Done(1, AnswerStatus.FAILED))
        assert "It broke." in html and "Your message is saved" in html and 'data-action="person"' in html

    def test_events_read_twice_or_out_of_order_change_nothing(self) -> None:
        events = log(Evidence((SOURCE,)), Text("One."), Citation(SOURCE), Text("Two."))
        (turn,) = turns([*reversed(events), *events[1:2]])
        assert turn.text == "One. [1] Two."


class TestFinishedAnswer:
    MESSAGE = message(5, Author.BOT, "One. Two.", answer_status=AnswerStatus.ANSWERED, citations=(SOURCE, SECOND))
    EVENTS = (Text("One."), Citation(SOURCE), Text("Two."), Citation(SECOND), Done(5, AnswerStatus.ANSWERED))

    def test_the_log_still_knows_which_sentence_rests_on_what(self) -> None:
        html = shown(*self.EVENTS, messages=(self.MESSAGE,))
        assert html.index("One.") < html.index(">1</button>") < html.index("Two.") < html.index(">2</button>")

    def test_without_the_log_the_sources_still_stand_below(self) -> None:
        html = thread(Thread(CHANNEL, (self.MESSAGE,)))
        assert html.count('class="source"') == 2

    def test_it_is_not_shown_a_second_time_as_live(self) -> None:
        assert running(turns(log(*self.EVENTS))) == []
        assert set(written(turns(log(*self.EVENTS)))) == {5}

    def test_the_vote_that_was_given_is_pressed(self) -> None:
        voted = message(5, Author.BOT, "One.", answer_status=AnswerStatus.ANSWERED, helpful=False)
        html = thread(Thread(CHANNEL, (voted,)))
        assert 'data-helpful="no" aria-pressed="true"' in html

    def test_a_refusal_offers_a_person_in_one_click(self) -> None:
        refused = message(5, Author.BOT, "Not found.", answer_status=AnswerStatus.REFUSED)
        html = shown(Refused("Not found.", "Ask us"), Done(5, AnswerStatus.REFUSED), messages=(refused,))
        assert 'data-action="person"' in html and "Ask us" in html and "Helpful?" not in html

    def test_a_question_back_offers_its_options(self) -> None:
        asked = message(5, Author.BOT, "Which?", answer_status=AnswerStatus.ASKED)
        html = shown(Asked("Which?", ("Sill", "Tower")), Done(5, AnswerStatus.ASKED), messages=(asked,))
        assert 'data-text="Tower"' in html


class TestStates:
    def test_a_person_can_be_asked_for_from_the_start(self) -> None:
        assert 'data-action="person"' in state_line(Mode.BOT)

    @pytest.mark.parametrize(
        ("mode", "words"),
        [(Mode.WAITING, "Waiting for a person"), (Mode.HUMAN, "The assistant is silent"), (Mode.CLOSED, "has ended")],
    )
    def test_it_is_said_who_answers_now(self, mode: Mode, words: str) -> None:
        assert words in state_line(mode)

    def test_what_the_rating_means_is_said(self) -> None:
        assert "from 1 (very poor) to 5 (very good)" in state_line(Mode.CLOSED)
        assert "Thank you for your rating" in state_line(Mode.CLOSED, rated=4)

    def test_a_message_that_did_not_get_through_can_be_sent_again_under_its_key(self) -> None:
        html = thread(Thread(CHANNEL, unsent=Unsent("Hello?", "Too many people.", "k1")))
        assert "Not sent. Too many people." in html
        assert 'data-text="Hello?" data-message-key="k1"' in html

    def test_bot_and_person_are_told_apart_in_words(self) -> None:
        html = thread(Thread(CHANNEL, (message(1, Author.STAFF, "Hi", name="Ana"), message(2, Author.BOT, "Hi"))))
        assert ">Ana</b>" in html and ">person<" in html and ">automated<" in html


def test_a_screen_reader_hears_the_answer_once_in_plain_words() -> None:
    answered = message(5, Author.BOT, "You have **30 days**.", citations=(SOURCE,))
    assert announcement((answered,)) == "Assistant: You have 30 days. 1 source below the answer."
    assert announcement((message(6, Author.CUSTOMER, "Thanks"),)) == ""


class TestArticle:
    ARTICLE = "# Returns\n\nFirst.\n\n- one\n- two\n\n| A | B |\n|---|---|\n| 1 | 2 |\n\n<script>x</script>\n"

    @pytest.mark.parametrize(
        ("passage", "marked"), [("First.", "<p class"), ("- two", "<li class"), ("| 1 | 2 |", "<tr class")]
    )
    def test_the_passage_is_marked_and_nothing_else(self, passage: str, marked: str) -> None:
        html = self.panel(passage)
        assert html.count('class="cited"') == 1
        assert f'{marked}="cited"' in html

    def test_raw_html_of_an_article_is_text(self) -> None:
        assert "<script" not in self.panel("First.")

    def panel(self, passage: str) -> str:
        from_ = self.ARTICLE.index(passage)
        return source_panel(SourceView(7, "Returns", "javascript:x", self.ARTICLE, from_, from_ + len(passage)), 1)
