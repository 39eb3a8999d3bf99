"""Drafts for agents, similar tickets, suggested priorities and flags, on a real database with the scripted engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from support_bot.assembly import App, build_app
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.errors import Conflict, NotFound, TooLong
from support_bot.models import AnswerFlag, Conversation, Suggestion, TicketVector
from support_bot.services.copilot import likeness
from support_bot.services.triage import LEAST_TICKETS
from support_bot.settings import CopilotSettings
from support_bot.storage.database import Database
from support_bot.values import Audience, FlagReason, Role, TicketEdit
from tests.factories import DELIVERY, RETURNS, add_article, add_staff, ask, make_app, make_database, settings

GOODWILL = "# Goodwill\n\nAgents may grant a goodwill voucher of 15 dollars for a late parcel.\n"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path, start=False)
    add_all(app)
    yield app
    app.close()


@pytest.fixture
def learning(tmp_path: Path) -> Iterator[App]:
    """An app whose admin has switched on that drafts are kept."""
    chosen = settings(tmp_path).model_copy(update={"copilot": CopilotSettings(learn=True)})
    make_database(chosen)
    app = build_app(chosen, engine=FakeEngine(), embedder=HashingEmbedder())
    add_all(app)
    yield app
    app.close()


def add_all(app: App) -> None:
    add_staff(app, Role.AGENT)
    for name, text in (("returns.md", RETURNS), ("delivery.md", DELIVERY)):
        add_article(app, name, text)
    add_article(app, "goodwill.md", GOODWILL, Audience.INTERNAL)


def ticket_for(app: App, *texts: str) -> tuple[str, int]:
    """A conversation in which a customer said this, and its ticket."""
    chat = app.chat.start("web")
    for text in texts:
        ask(app, chat.id, text)
    return chat.id, app.handoff.request(chat.id).row.id


def agent(app: App) -> int:
    return app.staff.assignees()[0].id


class TestSuggestion:
    def test_says_what_the_articles_say_with_the_article_that_carries_it(self, app: App) -> None:
        _, ticket = ticket_for(app, "How much does standard delivery cost?")
        view = app.desk.copilot.suggest(ticket, agent(app))
        assert "$4.90" in view.text and view.public_text == view.text
        assert [used.source.title for part in view.parts for used in part.sources] == ["Delivery"]
        assert not any(part.internal for part in view.parts)

    def test_marks_what_only_an_internal_article_says_and_keeps_it_out_of_what_may_be_sent(self, app: App) -> None:
        _, ticket = ticket_for(app, "May I get a goodwill voucher for a late parcel?")
        view = app.desk.copilot.suggest(ticket, agent(app))
        assert "15 dollars" in view.text and "15" not in view.public_text
        assert [part.internal for part in view.parts if "15" in part.text] == [True]
        assert {used.audience for part in view.parts for used in part.sources} == {Audience.INTERNAL}

    def test_a_fact_that_a_public_article_says_too_is_not_marked(self, app: App) -> None:
        add_article(app, "vouchers.md", GOODWILL.replace("Goodwill", "Vouchers"))
        _, ticket = ticket_for(app, "May I get a goodwill voucher for a late parcel?")
        view = app.desk.copilot.suggest(ticket, agent(app))
        assert "15 dollars" in view.public_text

    def test_the_bot_itself_never_says_it(self, app: App) -> None:
        chat, _ = ticket_for(app, "May I get a goodwill voucher for a late parcel?")
        assert "15 dollars" not in " ".join(message.text for message in app.tickets.conversation(chat).messages)

    def test_without_evidence_it_says_so_and_shows_the_nearest_passages(self, app: App) -> None:
        _, ticket = ticket_for(app, "What is the weather on Mars?")
        view = app.desk.copilot.suggest(ticket, agent(app))
        assert (view.parts, view.text) == ((), "") and view.note and len(view.nearest) == 3

    def test_looks_past_the_wish_for_a_person_to_the_question(self, app: App) -> None:
        _, ticket = ticket_for(app, "How much does standard delivery cost?", "I want to talk to a person")
        assert app.desk.copilot.suggest(ticket, agent(app)).question == "How much does standard delivery cost?"

    def test_nothing_asked_is_said(self, app: App) -> None:
        _, ticket = ticket_for(app)
        view = app.desk.copilot.suggest(ticket, agent(app))
        assert view.parts == () and "asked nothing" in view.note

    def test_sends_nothing(self, app: App) -> None:
        chat, ticket = ticket_for(app, "How much does standard delivery cost?")
        before = app.tickets.conversation(chat).messages
        app.desk.copilot.suggest(ticket, agent(app))
        assert app.tickets.conversation(chat).messages == before

    def test_only_for_open_tickets_that_are_there(self, app: App) -> None:
        _, ticket = ticket_for(app, "How much does standard delivery cost?")
        app.tickets.solve(ticket, agent(app))
        with pytest.raises(Conflict):
            app.desk.copilot.suggest(ticket, agent(app))
        with pytest.raises(NotFound):
            app.desk.copilot.suggest(10**6, agent(app))


class TestFates:
    @pytest.mark.parametrize(
        ("change", "fate"),
        [
            (lambda text: text, "sent"),
            (lambda text: f"Hello Ana,\n\n{text}", "edited"),
            (lambda text: "No idea, sorry.", "dropped"),
        ],
    )
    def test_what_became_of_a_draft_is_told_by_what_was_sent(self, learning: App, change: Any, fate: str) -> None:
        _, ticket = ticket_for(learning, "How much does standard delivery cost?")
        view = learning.desk.copilot.suggest(ticket, agent(learning))
        message = learning.tickets.reply(ticket, agent(learning), change(view.text))
        learning.desk.copilot.sent(ticket, agent(learning), message.id, message.text)
        (kept,) = learning.desk.copilot.fates()
        assert (kept.id, kept.fate) == (view.id, fate)
        assert learning.desk.copilot.counts()[fate] == 1

    def test_of_two_drafts_the_last_one_counts(self, learning: App) -> None:
        _, ticket = ticket_for(learning, "How much does standard delivery cost?")
        for _ in range(2):
            view = learning.desk.copilot.suggest(ticket, agent(learning))
        learning.desk.copilot.sent(
            ticket, agent(learning), learning.tickets.reply(ticket, agent(learning), view.text).id, view.text
        )
        assert [kept.fate for kept in learning.desk.copilot.fates()] == ["sent", "dropped"]

    def test_nothing_is_kept_unless_the_switch_is_on(self, app: App) -> None:
        _, ticket = ticket_for(app, "How much does standard delivery cost?")
        assert app.desk.copilot.suggest(ticket, agent(app)).id is None
        app.desk.copilot.sent(ticket, agent(app), 1, "x")
        assert app.desk.copilot.fates() == [] and not app.desk.copilot.keeps

    @pytest.mark.parametrize(
        ("sent", "least", "most"), [("a  b c", 1.0, 1.0), ("a b d", 0.5, 0.99), ("", 0.0, 0.0), ("x", 0.0, 0.0)]
    )
    def test_likeness_counts_words_in_order(self, sent: str, least: float, most: float) -> None:
        assert least <= likeness("a b c", sent) <= most


class TestSimilar:
    def test_a_solved_ticket_is_found_with_what_the_agent_said_last(self, app: App) -> None:
        _, old = ticket_for(app, "My jacket has a broken zip, can you repair it?")
        app.tickets.reply(old, agent(app), "Send it in.")
        app.tickets.reply(old, agent(app), "It is repaired for free.")
        app.tickets.note(old, agent(app), "A secret.")
        app.tickets.solve(old, agent(app))
        assert app.desk.similar.sweep() == 1 and app.desk.similar.sweep() == 0
        _, new = ticket_for(app, "The zip of my jacket is broken, can you repair it?")
        (found,) = app.desk.similar.find(new)
        assert (found.id, found.outcome) == (old, "It is repaired for free.")

    def test_nothing_is_found_among_what_is_open_unanswered_or_unlike(self, app: App) -> None:
        ticket_for(app, "My jacket has a broken zip, can you repair it?")
        _, unanswered = ticket_for(app, "My jacket has a broken zip, can you repair it?")
        _, unlike = ticket_for(app, "Where do I enter a gift card number?")
        app.tickets.reply(unlike, agent(app), "At the till.")
        for ticket in (unanswered, unlike):
            app.tickets.solve(ticket, agent(app))
            app.desk.similar.sweep()
        _, new = ticket_for(app, "My jacket has a broken zip, can you repair it?")
        assert app.desk.similar.find(new) == []

    def test_what_is_silent_is_learned_once_and_never_found(self, app: App) -> None:
        _, silent = ticket_for(app)
        app.tickets.solve(silent, agent(app))
        assert [app.desk.similar.sweep() for _ in range(2)] == [1, 0]
        _, new = ticket_for(app, "Anything at all about zips?")
        assert app.desk.similar.find(new) == []


class TestPriority:
    def test_too_few_solved_tickets_are_said(self, app: App) -> None:
        _, ticket = ticket_for(app, "The zip is broken, please help me")
        view = app.desk.triage.priority(ticket)
        assert view.priority == "" and str(LEAST_TICKETS) in view.note

    def test_what_the_team_did_is_suggested_once_there_is_enough(self, app: App) -> None:
        for number in range(LEAST_TICKETS // 2):
            for text, priority in (
                (f"Charged twice by bank {number}", "urgent"),
                (f"Colour of jacket {number}", "low"),
            ):
                chat = app.chat.start("web")
                app.handoff.request(chat.id)
                app.chat.say(chat.id, text)
                ticket = app.handoff.request(chat.id).row.id
                app.desk.edits.edit(ticket, agent(app), TicketEdit(priority=priority))
                app.tickets.solve(ticket, agent(app))
        app.desk.similar.sweep()
        _, new = ticket_for(app, "My bank says I was charged twice")
        view = app.desk.triage.priority(new)
        assert (view.priority, view.tickets) == ("urgent", LEAST_TICKETS) and view.share > 0.5


class TestFlags:
    def test_an_answer_is_flagged_with_its_trace_and_a_second_time_replaces_the_first(self, app: App) -> None:
        chat, _ = ticket_for(app, "How much does standard delivery cost?")
        answer = next(trace.message_id for trace in app.tickets.conversation(chat).traces)
        assert answer is not None
        app.desk.flags.flag(answer, agent(app), FlagReason.WRONG)
        app.desk.flags.flag(answer, agent(app), FlagReason.OUTDATED, " It is $5 now. ")
        (flag,) = app.desk.flags.page()
        assert (flag.reason, flag.comment, flag.by) == (FlagReason.OUTDATED, "It is $5 now.", "Ana")
        assert flag.trace and "delivery" in flag.trace.standalone
        assert app.desk.flags.page(reason=FlagReason.WRONG) == []
        assert app.desk.flags.counts()["outdated"] == 1
        app.desk.flags.unflag(answer)
        assert app.desk.flags.page() == []
        with pytest.raises(NotFound):
            app.desk.flags.unflag(answer)

    def test_only_the_bots_answers_and_short_comments(self, app: App) -> None:
        chat, _ = ticket_for(app, "How much does standard delivery cost?")
        messages = app.tickets.conversation(chat).messages
        with pytest.raises(Conflict):
            app.desk.flags.flag(messages[0].id, agent(app), FlagReason.TONE)
        with pytest.raises(TooLong):
            app.desk.flags.flag(messages[1].id, agent(app), FlagReason.TONE, "x" * 3000)
        with pytest.raises(NotFound):
            app.desk.flags.flag(10**6, agent(app), FlagReason.TONE)


def test_all_of_it_goes_with_the_conversation(learning: App) -> None:
    chat, ticket = ticket_for(learning, "How much does standard delivery cost?")
    view = learning.desk.copilot.suggest(ticket, agent(learning))
    message = learning.tickets.reply(ticket, agent(learning), view.text)
    learning.desk.copilot.sent(ticket, agent(learning), message.id, message.text)
    learning.desk.flags.flag(learning.tickets.conversation(chat).messages[1].id, agent(learning), FlagReason.WRONG)
    learning.tickets.solve(ticket, agent(learning))
    learning.similar.sweep()
    db = Database(learning.settings.effective_database_url)
    counts = [select(func.count()).select_from(table) for table in (Suggestion, AnswerFlag, TicketVector)]
    try:
        with db.engine.begin() as connection:
            assert [connection.scalar(count) for count in counts] == [1, 1, 1]
            connection.execute(delete(Conversation).where(Conversation.id == chat))
            assert [connection.scalar(count) for count in counts] == [0, 0, 0]
    finally:
        db.close()
    _, new = ticket_for(learning, "How much does standard delivery cost?")
    assert learning.similar.find(new) == []
