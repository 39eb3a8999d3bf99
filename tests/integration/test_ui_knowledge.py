"""The knowledge page's pieces and what its buttons do, called directly, on a real database."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support_bot.assembly import App
from support_bot.models import Document
from support_bot.services.pinned import PinnedDraft
from support_bot.services.trial import TrialService
from support_bot.services.views import DocumentView, PinnedView, TrialView
from support_bot.values import Audience, DocumentFilter, DocumentStatus, PinState, Role
from tests.factories import DELIVERY, PASSWORD, add_article, ask, make_app
from tests.integration.test_ui_handlers import event, prepared, request
from ui.pages.articles import PAGE
from ui.pages.desk import DeskPage
from ui.pages.desk_state import Desk
from ui.pages.knowledge import KnowledgePage
from ui.pages.pinned import MOST_NAMES
from ui.pages.shelf import Shelf
from ui.parts import document as one
from ui.parts import documents, pinned
from ui.parts.trial import trial_results
from ui.parts.uploads import Upload, upload_results

SCRIPT = "<script>alert(1)</script>"
NOW = dt.datetime(2026, 5, 4, 12, 0, tzinfo=dt.UTC)
QUESTION = "How much does standard delivery cost?"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    add_article(app, "delivery.md", DELIVERY)
    app.staff.add("al@example.com", "Al", Role.ADMIN, PASSWORD)
    yield app
    app.close()


class Tab:
    """An admin's browser tab: presses buttons, sees what the browser would show."""

    def __init__(self, app: App) -> None:
        self.page: KnowledgePage = prepared(KnowledgePage, app)
        self.request: Any = request(app.staff.sign_in("al@example.com", PASSWORD).token)
        self.shelf = Shelf()
        self.seen: dict[str, str] = {}
        self._see(self.page.opened(self.shelf, self.request))

    def press(self, action: str, **data: Any) -> None:
        self._see(self.page.act(event(action=action, **data), self.shelf, self.request))

    def test(self, question: str, internal: str = "") -> None:
        self._see(
            self.page.begin_trial(event(action="try", question=question, internal=internal), self.shelf, self.request)
        )
        assert f"Answering “{question}”" in self.seen["admin-found"]
        self._see(self.page.try_question(self.shelf, self.request))

    def _see(self, changes: dict[Any, Any]) -> None:
        for piece, html in changes.items():
            if isinstance(html, str):
                self.seen[piece.elem_id] = html


@pytest.fixture
def tab(app: App) -> Tab:
    return Tab(app)


def document(**more: Any) -> DocumentView:
    values: dict[str, Any] = {
        "id": 3, "name": "returns.md", "title": "Returns", "url": None, "audience": Audience.PUBLIC,
        "status": DocumentStatus.READY, "reason": "", "version": 1, "chunks": 4, "size": 2048,
        "created_at": NOW, "updated_at": NOW,
    }  # fmt: skip
    return DocumentView(**(values | more))


def listed(*found: DocumentView, sort: str = "title") -> str:
    return documents.document_list(documents.Page(found, 0, len(found)), 3, sort, filtered=False)


class TestPieces:
    def test_a_failure_says_why(self) -> None:
        assert "Only pictures." in listed(document(status=DocumentStatus.FAILED, reason="Only pictures."))

    def test_a_head_sorts_and_says_how(self) -> None:
        html = listed(document(), sort="-updated")
        assert 'aria-sort="descending"' in html and 'data-sort="updated"' in html and 'data-sort="title"' in html

    @pytest.mark.parametrize(
        ("upload", "state", "words"),
        [
            (Upload("a.exe", problem="This type cannot be read."), {}, "This type cannot be read."),
            (Upload("a.md", 3, "created"), {"status": DocumentStatus.PROCESSING}, "being read"),
            (Upload("a.md", 3, "created"), {}, "ready, 4 chunks"),
            (Upload("a.md", 3, "created"), {"status": DocumentStatus.FAILED, "reason": "No text."}, "No text."),
            (Upload("a.md", 3, "unchanged"), {}, "nothing to do"),
            (Upload("b.md", 3, "duplicate"), {}, "returns.md"),
            (Upload("b.md", 4, "created"), {}, "deleted since"),
        ],
    )
    def test_each_file_says_how_far_it_is(self, upload: Upload, state: dict[str, Any], words: str) -> None:
        assert words in upload_results([upload], {3: document(**state)})

    def test_many_files_are_counted_in_one_line(self) -> None:
        uploads = [Upload("a.md", 3, "created"), Upload("b.exe", problem="No."), Upload("c.md", 5, "created")]
        html = upload_results(uploads, {3: document(), 5: document(id=5, status=DocumentStatus.PENDING)})
        assert "3 files: 1 being read, 1 not taken, 1 done" in html

    def test_names_are_escaped_everywhere(self) -> None:
        evil = document(name=SCRIPT, title=SCRIPT, reason=SCRIPT)
        pin = PinnedView(1, SCRIPT, (SCRIPT,), SCRIPT, SCRIPT, 3, SCRIPT, PinState.LAPSED, SCRIPT, NOW, NOW)
        form = pinned.PinForm(1, SCRIPT, SCRIPT, SCRIPT, SCRIPT, SCRIPT, True, SCRIPT)
        for html in (
            listed(evil), one.delete_dialog(evil, 1), upload_results([Upload(SCRIPT, problem=SCRIPT)], {}),
            pinned.pinned_list([pin], 1), pinned.delete_dialog(pin, 1), pinned.pinned_form(form, [SCRIPT], SCRIPT),
        ):  # fmt: skip
            assert "<script" not in html and "alert" in html


class TestArticles:
    def test_a_long_list_is_turned_page_by_page_and_never_past_its_ends(self, app: App, tab: Tab) -> None:
        for number in range(PAGE + 5):
            app.knowledge.add(f"n{number:03}.md", f"# Note {number:03}\n\nWords {number}.".encode())
        tab.press("sort", sort="title")
        assert f"1-{PAGE} of {PAGE + 6}" in tab.seen["admin-list"]
        for _ in range(3):
            tab.press("turn", to="on")
        assert f"{PAGE + 1}-{PAGE + 6} of {PAGE + 6}" in tab.seen["admin-list"]
        tab.press("search", value="n00")
        assert "10 articles" in tab.seen["admin-list"]
        for _ in range(3):
            tab.press("turn", to="back")
        assert tab.shelf.page == 0

    def test_filters_by_who_may_see_it(self, app: App, tab: Tab) -> None:
        add_article(app, "margin.md", "# Margin\n\nIt is 40 percent.", Audience.INTERNAL)
        tab.press("filter-audience", value="internal")
        assert "margin.md" in tab.seen["admin-list"] and "delivery.md" not in tab.seen["admin-list"]
        tab.press("filter-audience", value="nonsense")
        assert "delivery.md" in tab.seen["admin-list"]

    def test_a_document_shows_who_was_answered_and_leads_to_the_desk(self, app: App, tab: Tab) -> None:
        chat = app.chat.start("web").id
        ask(app, chat, QUESTION)
        (found,) = app.catalogue.page()
        tab.press("open", document=str(found.id))
        html = tab.seen["admin-detail"]
        assert f"../desk/?conversation={chat}" in html and QUESTION in html

    def test_the_link_opens_the_conversation_on_the_desk(self, app: App, tab: Tab) -> None:
        chat = app.chat.start("web").id
        ask(app, chat, QUESTION)
        page: DeskPage = prepared(DeskPage, app)
        for linked, words in ((chat, QUESTION), ("no-such-conversation", "")):
            tab.request.query_params = {"conversation": linked}
            desk = Desk()
            changes = page.opened(desk, tab.request)
            assert words in changes[page.talk] and desk.conversation == (chat if words else "")

    def test_a_near_copy_says_so_and_leads_to_what_it_repeats(self, app: App, tab: Tab) -> None:
        add_article(app, "delivery-2.md", DELIVERY * 9 + "\n\nOn Sundays too.")
        add_article(app, "delivery-3.md", DELIVERY * 9 + "\n\nOn Sundays too, mostly.")
        tab.press("search", value="delivery-3")
        assert "Near copy" in tab.seen["admin-list"] and "delivery-3.md · English" in tab.seen["admin-list"]
        copy = app.catalogue.page(DocumentFilter("delivery-3"))[0]
        tab.press("open", document=str(copy.id))
        assert f'data-document="{copy.near_copy_of}">Delivery</button> (delivery' in tab.seen["admin-detail"]
        assert "<dd>English</dd>" in tab.seen["admin-detail"]

    def test_an_earlier_version_is_brought_back(self, app: App, tab: Tab) -> None:
        (found,) = app.catalogue.page()
        app.knowledge.replace(found.id, DELIVERY.replace("$4.90", "$7.10").encode())
        app.knowledge.process(found.id)
        tab.press("open", document=str(found.id))
        assert re.findall(r'data-action="roll-back"[^>]*data-version="(\d+)"', tab.seen["admin-detail"]) == ["1"]
        tab.press("roll-back", document=str(found.id), version="1")
        app.knowledge.wait_until_ready([found.id], 20)
        tab.press("more-answers")
        assert "Version 3, as version 1" in tab.seen["admin-detail"]
        tab.press("roll-back", document=str(found.id), version="1")
        assert "newest version says already" in tab.seen["admin-detail"]


class Overtaken:
    """While it answers, the admin has asked the next question already."""

    def __init__(self, trial: TrialService, shelf: Shelf) -> None:
        self._trial = trial
        self._shelf = shelf

    def ask(self, question: str, *, audience: Audience) -> TrialView:
        self._shelf.asked += 1
        return self._trial.ask(question, audience=audience)


class TestTrial:
    def test_shows_the_answer_the_decision_and_every_score(self, tab: Tab) -> None:
        tab.press("view", view="try")
        assert "Nothing asked yet" in tab.seen["admin-found"]
        tab.test(QUESTION)
        html = tab.seen["admin-found"]
        assert "Answers" in html and "$4.90" in html and "sure, 20% needed" in html
        assert "Sentences that would be quoted" in html and "Cited" in html
        assert all(f">{head}</th>" in html for head in ("meaning", "words", "together"))

    @pytest.mark.parametrize("question", ["", " ", "x" * 5000])
    def test_a_bad_question_is_told_and_nothing_hangs(self, tab: Tab, question: str) -> None:
        tab.press("view", view="try")
        tab.test(question)
        assert 'role="alert"' in tab.seen["admin-found"] and not tab.shelf.trying

    def test_an_answer_that_comes_late_does_not_stand_under_another_question(self, app: App, tab: Tab) -> None:
        tab.press("view", view="try")
        tab.page._app = dataclasses.replace(app, trial=Overtaken(app.trial, tab.shelf))
        tab.page.begin_trial(event(action="try", question=QUESTION), tab.shelf, tab.request)
        tab.page.try_question(tab.shelf, tab.request)
        assert tab.shelf.trial is None

    def test_scores_are_those_of_the_search(self, app: App) -> None:
        tried = app.trial.ask(QUESTION)
        html = trial_results(tried)
        assert f"{tried.passages[0].scores.vector:.2f}" in html and f"{tried.passages[0].scores.fused:.4f}" in html


class TestPinned:
    FORM = {"question": "Do you ship to Mars?", "others": "Mars delivery?\n\nIs Mars possible?", "answer": "Not yet."}

    def test_written_changed_switched_and_deleted_from_the_page(self, app: App, tab: Tab) -> None:
        tab.press("view", view="pinned")
        assert "Nothing pinned" in tab.seen["admin-pins"]
        tab.press("pin-new")
        tab.press("pin-save", pin="0", article="delivery.md", **self.FORM)
        (pin,) = app.pinned.page()
        assert (pin.others, pin.document_title) == (("Mars delivery?", "Is Mars possible?"), "Delivery")
        assert tab.seen["admin-pin"] == "" and self.FORM["question"] in tab.seen["admin-pins"]
        tab.press("pin-open", pin=str(pin.id))
        assert 'value="delivery.md"' in tab.seen["admin-pin"]
        tab.press("pin-switch", pin=str(pin.id), to="off")
        assert app.pinned.get(pin.id).state is PinState.OFF
        tab.press("pin-save", pin=str(pin.id), **(self.FORM | {"answer": "Soon."}))
        assert (app.pinned.get(pin.id).answer, app.pinned.get(pin.id).state) == ("Soon.", PinState.OFF)
        tab.press("pin-ask-delete", pin=str(pin.id))
        tab.press("pin-delete", pin=str(pin.id))
        assert app.pinned.page() == []

    @pytest.mark.parametrize("wrong", [{"answer": " "}, {"url": "javascript:x"}, {"article": "none.md"}])
    def test_what_is_refused_stays_as_it_was_typed(self, app: App, tab: Tab, wrong: dict[str, str]) -> None:
        tab.press("view", view="pinned")
        tab.press("pin-save", pin="0", **(self.FORM | wrong))
        assert 'role="alert"' in tab.seen["admin-pin"] and "Mars delivery?" in tab.seen["admin-pin"]
        assert app.pinned.page() == []

    def test_an_article_is_found_among_many_with_similar_names(self, app: App, tab: Tab) -> None:
        with app._parts.db.transaction() as tx:
            for number in range(MOST_NAMES + 1):
                tx.documents.add(Document(name=f"{number:03}/delivery.md", title="Note"))
        tab.press("view", view="pinned")
        tab.press("pin-save", pin="0", article="delivery.md", **self.FORM)
        assert [pin.document_title for pin in app.pinned.page()] == ["Delivery"]

    def test_what_was_deleted_by_somebody_else_can_be_pinned_again(self, app: App, tab: Tab) -> None:
        pin = app.pinned.add(PinnedDraft("Q", "A"))
        tab.press("view", view="pinned")
        tab.press("pin-open", pin=str(pin.id))
        app.pinned.delete(pin.id)
        tab.press("pin-save", pin=str(pin.id), **self.FORM)
        assert "deleted meanwhile" in tab.seen["admin-pin"]
        tab.press("pin-save", pin="0", **self.FORM)
        assert [view.answer for view in app.pinned.page()] == ["Not yet."]

    def test_buttons_with_nonsense_break_nothing(self, tab: Tab) -> None:
        for action in ("pin-open", "pin-save", "pin-switch", "pin-delete", "roll-back", "turn", "open", "sort"):
            for data in ({}, {"pin": "-1", "document": "x", "version": "9" * 40, "to": "?", "sort": "--title"}):
                tab.press(action, **data)
        assert "delivery.md" in tab.seen["admin-list"]
