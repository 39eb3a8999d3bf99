"""The desk's drafts, similar tickets and flags: what the page shows, and what its buttons do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.services.views import DraftPart, DraftSource, PriorityView, StaffView, SuggestionView
from support_bot.values import Audience, FlagReason, SourceRef
from tests.factories import DELIVERY, add_article, add_staff, ask, make_app
from tests.integration.test_ui_desk import SCRIPT, row
from ui.pages.desk_copilot import DeskCopilot
from ui.pages.desk_state import Desk
from ui.parts import copilot as parts


def view(*said: tuple[str, bool]) -> SuggestionView:
    """A draft with these parts, each internal or not."""
    source = SourceRef(1, 1, 1, "a.md", "Rules", "", "A quote")
    made = tuple(
        DraftPart(text, inside, (DraftSource(source, Audience.INTERNAL if inside else Audience.PUBLIC),))
        for text, inside in said
    )
    public = " ".join(part.text for part in made if not part.internal)
    return SuggestionView(None, 7, 3, SCRIPT, made, " ".join(p.text for p in made), public, (), "", "writer", 1.0)


class TestPanel:
    def test_a_public_draft_is_inserted_at_once(self) -> None:
        html = parts.draft(view(("It costs $5.", False)), outdated=False)
        assert 'data-action="insert"' in html and 'data-text="It costs $5."' in html and "<dialog" not in html
        assert SCRIPT not in html

    def test_internal_words_are_inserted_only_out_of_the_warning(self) -> None:
        html = parts.draft(view(("It costs $5.", False), ("Give 15 off.", True)), outdated=False)
        before, warning = html.split("<dialog")
        assert 'data-text="It costs $5."' in before and 'data-text="It costs $5. Give 15 off."' not in before
        assert 'data-text="It costs $5. Give 15 off."' in warning and "your team only" in warning
        assert ">internal<" in before

    def test_a_draft_of_internal_words_alone_has_no_way_around_the_warning(self) -> None:
        before, warning = parts.draft(view(("Give 15 off.", True)), outdated=True).split("<dialog")
        assert 'data-action="insert"' not in before and 'data-action="insert"' in warning
        assert "has written since" in before

    def test_a_flag_shows_what_was_chosen(self) -> None:
        assert 'value="tone" selected' in parts.flag(3, FlagReason.TONE)
        assert "Flag this answer" in parts.flag(3, None)

    def test_a_priority_is_offered_only_where_it_differs(self) -> None:
        suggested = PriorityView("high", 0.8, 60, "")
        assert 'data-value="high"' in parts.beside(row(), [], suggested)
        assert "data-value" not in parts.beside(row(priority="high"), [], suggested)
        assert "too few" in parts.beside(row(), [], PriorityView("", 0.0, 2, "2 are too few"))


class TestButtons:
    @pytest.fixture
    def app(self, tmp_path: Path) -> Iterator[App]:
        app = make_app(tmp_path)
        add_article(app, "delivery.md", DELIVERY)
        yield app
        app.close()

    @pytest.fixture
    def staff(self, app: App) -> StaffView:
        return add_staff(app)

    def test_a_draft_is_shown_until_it_is_put_away_or_a_reply_is_sent(self, app: App, staff: StaffView) -> None:
        chat = app.chat.start("web")
        ask(app, chat.id, "How much does standard delivery cost?")
        ticket = app.handoff.request(chat.id).row.id
        page, desk = DeskCopilot(app), Desk(conversation=chat.id)
        seen = app.tickets.conversation(chat.id)
        assert 'data-action="suggest"' in page.panel(desk, seen)
        page.suggest(desk, staff, {"ticket": str(ticket)})
        assert "$4.90" in page.panel(desk, seen)
        page.drop(desk, staff, {})
        assert "$4.90" not in page.panel(desk, seen)
        page.suggest(desk, staff, {"ticket": str(ticket)})
        message = app.tickets.reply(ticket, staff.id, "It costs $4.90.")
        page.replied(desk, staff, ticket, message.id, message.text)
        assert "$4.90" not in page.panel(desk, seen)
        app.tickets.solve(ticket, staff.id)
        assert page.panel(desk, app.tickets.conversation(chat.id)) == ""

    def test_a_reply_in_another_tone_is_shown_until_it_is_put_away(self, app: App, staff: StaffView) -> None:
        chat = app.chat.start("web")
        app.handoff.request(chat.id)
        page, desk = DeskCopilot(app), Desk(conversation=chat.id)
        seen = app.tickets.conversation(chat.id)
        page.rewrite(desk, staff, {"text": f"I am here. {SCRIPT}", "value": "friendlier"})
        html = page.panel(desk, seen)
        assert "I&#x27;m here." in html and 'data-replace="yes"' in html and SCRIPT not in html
        page.rewrite(desk, staff, {"text": "Sent within 30 days.", "value": "formal"})
        assert 'data-action="insert"' not in page.panel(desk, seen) and "without a risk" in page.panel(desk, seen)
        page.drop(desk, staff, {})
        assert 'data-action="suggest"' in page.panel(desk, seen)
        page.rewrite(desk, staff, {"text": "I am here.", "value": ""})
        assert desk.aid.rewritten == {}

    def test_while_one_is_written_a_second_click_does_nothing(self, app: App, staff: StaffView) -> None:
        chat = app.chat.start("web")
        ticket = app.handoff.request(chat.id).row.id
        page, desk = DeskCopilot(app), Desk(conversation=chat.id)
        desk.aid.writing.add(chat.id)
        page.suggest(desk, staff, {"ticket": str(ticket)})
        assert desk.aid.drafts == {} and "writing a draft" in page.panel(desk, app.tickets.conversation(chat.id))

    def test_an_answer_is_flagged_and_the_flag_taken_back(self, app: App, staff: StaffView) -> None:
        chat = app.chat.start("web")
        ask(app, chat.id, "How much does standard delivery cost?")
        answer = str(app.tickets.conversation(chat.id).traces[0].message_id)
        page, desk = DeskCopilot(app), Desk(conversation=chat.id)
        page.flag(desk, staff, {"message": answer, "value": "wrong"})
        assert app.desk.flags.of_conversation(chat.id) == {int(answer): FlagReason.WRONG}
        page.flag(desk, staff, {"message": answer, "value": ""})
        assert app.desk.flags.of_conversation(chat.id) == {}
