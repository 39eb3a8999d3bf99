"""A customer's conversation on a real database, with the fake engine."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.engine.fake import FakeEngine
from support_bot.errors import Forbidden, Invalid, NotFound, Unauthorized
from support_bot.values import (
    AnswerStatus,
    Audience,
    Citation,
    Done,
    Evidence,
    HandOff,
    Mode,
    Refused,
    Retract,
    Said,
    StateChanged,
    Text,
)
from tests.factories import DELIVERY, RETURNS, add_article, add_staff, ask, make_app, wait_for

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    add_article(app, "returns.md", RETURNS)
    add_article(app, "delivery.md", DELIVERY)
    yield app
    app.close()


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[App]:
    """An app whose model takes half a second for each word."""
    app = make_app(tmp_path, FakeEngine(delay_s=0.5, default="Standard delivery costs " + "really " * 40))
    add_article(app, "delivery.md", DELIVERY)
    yield app
    app.close()


class TestAnswer:
    def test_evidence_comes_first_and_every_text_is_cited(self, app: App) -> None:
        chat = app.chat.start("web")
        events = ask(app, chat.id, "How much does standard delivery cost?")
        kinds = [event.kind for event in events]
        assert kinds == ["evidence", "text", "citation", "done"]
        assert isinstance(events[1], Text)
        assert "$4.90" in events[1].sentence

    def test_a_model_that_invents_is_replaced_by_the_article(self, tmp_path: Path) -> None:
        app = make_app(tmp_path, FakeEngine(default="Standard delivery costs $99 and takes 2 weeks [1]."))
        add_article(app, "delivery.md", DELIVERY)
        chat = app.chat.start("web")
        ask(app, chat.id, "How much does standard delivery cost?")
        (message,) = [m for m in app.chat.messages(chat.id) if m.author == "bot"]
        assert "$99" not in message.text
        assert "$4.90" in message.text
        trace = app.tickets.conversation(chat.id).traces[-1]
        assert "$99" in trace.sentences_cut[0]
        app.close()

    @pytest.mark.parametrize(
        ("said", "heard"),
        [
            ("Standard delivery costs $4.90 and takes 3 to 5 business days [1].", True),  # express is not asked for
            ("Standard delivery takes 3 to 5 business days [1].", False),  # the price is
            ("Standard delivery costs $12 [1].", False),  # the price of another sentence
            ("Express delivery costs $12 and arrives the next day [1].", False),
        ],
    )
    def test_a_model_may_leave_out_what_does_not_answer(self, tmp_path: Path, said: str, heard: bool) -> None:
        app = make_app(tmp_path, FakeEngine(default=said))
        add_article(app, "delivery.md", DELIVERY)
        chat = app.chat.start("web")
        ask(app, chat.id, "How much does standard delivery cost?")
        (message,) = [m for m in app.chat.messages(chat.id) if m.author == "bot"]
        assert (message.text == said.removesuffix(" [1].") + ".") is heard
        assert "$4.90" in message.text
        app.close()

    def test_a_model_that_keeps_every_fact_is_heard(self, tmp_path: Path) -> None:
        said = "Express delivery costs $12 and arrives the next day, says the article [1]."
        app = make_app(tmp_path, FakeEngine(default=said))
        add_article(app, "express.md", "# Express\n\nExpress delivery costs $12 and arrives the next day.")
        chat = app.chat.start("web")
        events = ask(app, chat.id, "What does express delivery cost?")
        assert Text("Express delivery costs $12 and arrives the next day, says the article.") in events
        app.close()

    def test_one_invented_detail_among_right_ones_is_not_released(self, tmp_path: Path) -> None:
        app = make_app(tmp_path, FakeEngine(default="Express delivery costs $12 and arrives the next day in 48 [1]."))
        add_article(app, "express.md", "# Express\n\nExpress delivery costs $12 and arrives the next day.")
        events = ask(app, app.chat.start("web").id, "What does express delivery cost?")
        assert Text("Express delivery costs $12 and arrives the next day.") in events
        app.close()

    def test_without_articles_the_bot_refuses_and_offers_a_person(self, tmp_path: Path) -> None:
        engine = FakeEngine()
        app = make_app(tmp_path, engine)
        chat = app.chat.start("web")
        events = ask(app, chat.id, "Do you ship to Mars?")
        assert isinstance(events[0], Refused)
        assert events[0].offer == "Talk to a person"
        assert isinstance(events[-1], Done)
        assert events[-1].status is AnswerStatus.REFUSED
        assert engine.prompts == []  # nothing was found, so the model was never asked
        app.close()

    def test_a_broken_model_leaves_the_quote(self, tmp_path: Path) -> None:
        engine = FakeEngine()
        broken = make_app(tmp_path, engine)
        add_article(broken, "delivery.md", DELIVERY)
        engine.close()
        chat = broken.chat.start("web")
        events = ask(broken, chat.id, "How much does standard delivery cost?")
        assert any(isinstance(event, Citation) for event in events)
        broken.close()

    def test_an_internal_article_is_never_used(self, app: App) -> None:
        add_article(app, "secret.md", "# Staff discount\n\nThe staff discount code is QUARTZ77.", Audience.INTERNAL)
        chat = app.chat.start("web")
        ask(app, chat.id, "What is the staff discount code?")
        assert "QUARTZ77" not in app.chat.transcript(chat.id)
        assert all(p.name != "secret.md" for p in app.knowledge.search("staff discount code"))
        assert app.knowledge.search("staff discount code", audience=None)[0].name == "secret.md"

    def test_a_follow_up_is_searched_with_the_question_before(self, app: App) -> None:
        chat = app.chat.start("web")
        ask(app, chat.id, "How do I send a jacket back?")
        ask(app, chat.id, "and how long do I have for it?")
        trace = app.tickets.conversation(chat.id).traces[-1]
        assert trace.standalone.startswith("How do I send a jacket back?")
        assert trace.passages[0]["name"] == "returns.md"


class TestSaying:
    def test_the_same_client_message_id_answers_once(self, app: App) -> None:
        chat = app.chat.start("web")
        first = app.chat.say(chat.id, "How much does delivery cost?", "m-1")
        second = app.chat.say(chat.id, "How much does delivery cost?", "m-1")
        assert second.duplicate
        assert second.message_id == first.message_id
        assert [e.event for e in app.chat.follow(first)] == [e.event for e in app.chat.follow(second)]
        assert [m.author.value for m in app.chat.messages(chat.id)] == ["customer", "bot"]

    @pytest.mark.parametrize("text", ["", "   \n", "\x00"])
    def test_an_empty_message_is_refused(self, app: App, text: str) -> None:
        with pytest.raises(Invalid, match="empty"):
            app.chat.say(app.chat.start("web").id, text)

    def test_a_huge_message_is_refused_and_nothing_is_stored(self, app: App) -> None:
        chat = app.chat.start("web")
        with pytest.raises(Invalid, match="at most 4000"):
            app.chat.say(chat.id, "x" * 100_000)
        assert app.chat.messages(chat.id) == []

    def test_a_burst_before_the_first_sentence_is_one_question(self, slow: App) -> None:
        chat = slow.chat.start("web")
        first = slow.chat.say(chat.id, "How much is delivery")
        second = slow.chat.say(chat.id, "I mean express")
        assert second.turn_id == first.turn_id
        list(slow.chat.follow(first))
        assert len([m for m in slow.chat.messages(chat.id) if m.author == "bot"]) == 1
        assert slow.tickets.conversation(chat.id).traces[-1].standalone == "How much is delivery I mean express"

    def test_a_message_after_the_answer_gets_a_turn_of_its_own(self, app: App) -> None:
        chat = app.chat.start("web")
        ask(app, chat.id, "How much does delivery cost?")
        ask(app, chat.id, "How do I return a jacket?")
        assert [m.author.value for m in app.chat.messages(chat.id)] == ["customer", "bot"] * 2

    def test_twenty_customers_at_once_are_all_answered_once(self, app: App) -> None:
        chats = [app.chat.start("web") for _ in range(20)]
        threads = [threading.Thread(target=ask, args=(app, c.id, "What does express delivery cost?")) for c in chats]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for chat in chats:
            said = app.chat.messages(chat.id)
            assert [m.author.value for m in said] == ["customer", "bot"]
            assert "$12" in said[1].text


class TestTokens:
    def test_only_the_conversations_own_token_opens_it(self, app: App) -> None:
        mine, other = app.chat.start("web"), app.chat.start("web")
        app.chat.authorize(mine.id, mine.token)
        for conversation_id, token in ((mine.id, other.token), (mine.id, "x"), ("guessed", mine.token)):
            with pytest.raises(Unauthorized):
                app.chat.authorize(conversation_id, token)

    def test_a_channel_that_is_off_starts_nothing(self, app: App) -> None:
        app.channels.update("web", enabled=False)
        with pytest.raises(Forbidden):
            app.chat.start("web")
        with pytest.raises(NotFound):
            app.chat.start("no-such-channel")


class TestHandOff:
    def test_asking_for_a_person_first_of_all_opens_one_ticket(self, app: App) -> None:
        chat = app.chat.start("web")
        events = ask(app, chat.id, "I want to talk to a human")
        assert isinstance(events[0], HandOff)
        (row,) = app.tickets.page(view="waiting")
        assert row.id == events[0].ticket
        app.handoff.request(chat.id)
        assert len(app.tickets.page(view="all")) == 1

    def test_while_a_person_is_asked_for_the_bot_is_silent(self, app: App) -> None:
        chat = app.chat.start("web")
        app.handoff.request(chat.id)
        started = app.chat.say(chat.id, "How much does delivery cost?")
        assert started.turn_id is None
        last = [logged.event for logged in app.chat.follow(started)]
        assert last == [StateChanged(Mode.WAITING), Done(started.message_id, AnswerStatus.HANDOFF)]

    def test_taking_over_in_the_middle_of_an_answer_retracts_it(self, slow: App) -> None:
        agent = add_staff(slow)
        chat = slow.chat.start("web")
        started = slow.chat.say(chat.id, "How much does standard delivery cost?")
        wait_for(lambda: any(isinstance(e.event, Evidence) for e in slow.chat.events(chat.id)))
        view = slow.handoff.take(chat.id, agent.id)
        events = [logged.event for logged in slow.chat.follow(started)]
        assert isinstance(events[-2], Retract)
        assert isinstance(events[-1], Done)
        assert events[-1].status is AnswerStatus.RETRACTED
        assert all(m.author != "bot" for m in slow.chat.messages(chat.id))
        slow.tickets.reply(view.row.id, agent.id, "Hello, Ana here.")
        time.sleep(1)
        assert [m.author.value for m in slow.chat.messages(chat.id)] == ["customer", "system", "staff"]
        wait_for(lambda: slow.tickets.conversation(chat.id).traces)
        (trace,) = slow.tickets.conversation(chat.id).traces
        assert trace.standalone == "How much does standard delivery cost?"
        assert trace.passages
        assert slow.chat.say(chat.id, "thanks").turn_id is None

    def test_what_is_said_to_a_person_never_gets_the_assistants_earlier_answer(self, app: App) -> None:
        chat = app.chat.start("web")
        ask(app, chat.id, "How much does standard delivery cost?")
        app.handoff.request(chat.id)
        said = app.chat.say(chat.id, "my order number is 4711", "key-1")
        answer = app.chat.answer(chat.id, said.message_id)
        assert (answer.status, answer.text) == (AnswerStatus.HANDOFF, "")
        assert app.chat.say(chat.id, "my order number is 4711", "key-1").turn_id is None

    def test_after_the_hand_back_the_bot_answers_again(self, app: App) -> None:
        agent = add_staff(app)
        chat = app.chat.start("web")
        ticket = app.handoff.take(chat.id, agent.id)
        app.handoff.hand_back(ticket.row.id, agent.id)
        assert [line.kind for line in app.tickets.get(ticket.row.id).history] == ["opened", "assigned", "handed_back"]
        events = ask(app, chat.id, "How much does standard delivery cost?")
        assert isinstance(events[-1], Done)
        assert events[-1].status is AnswerStatus.ANSWERED

    def test_solving_closes_and_writing_again_starts_with_the_bot(self, app: App) -> None:
        agent = add_staff(app)
        chat = app.chat.start("web")
        ticket = app.handoff.take(chat.id, agent.id)
        app.tickets.solve(ticket.row.id, agent.id)
        assert app.chat.mode(chat.id) is Mode.CLOSED
        ask(app, chat.id, "How much does standard delivery cost?")
        assert app.chat.mode(chat.id) is Mode.BOT
        assert app.tickets.page(view="open") == []

    def test_a_note_never_reaches_the_customer(self, app: App) -> None:
        agent = add_staff(app)
        chat = app.chat.start("web")
        ticket = app.handoff.take(chat.id, agent.id)
        app.tickets.note(ticket.row.id, agent.id, "Customer seems upset, NOTE-4711.")
        assert "NOTE-4711" not in app.chat.transcript(chat.id, "json")
        assert all("NOTE-4711" not in e.event.text for e in app.chat.events(chat.id) if isinstance(e.event, Said))
        assert "NOTE-4711" in app.tickets.conversation(chat.id).messages[-1].text
