"""What admins see of the documents: long lists, versions brought back, who was answered, a tested question."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import Conflict, Invalid, NotFound
from support_bot.models import Conversation
from support_bot.services.pinned import PinnedDraft
from support_bot.storage.migrations import downgrade, upgrade
from support_bot.values import AnswerStatus, Audience, DocumentFilter, DocumentSort, DocumentStatus
from tests.factories import DELIVERY, RETURNS, add_article, ask, make_app

QUESTION = "How much does standard delivery cost?"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    yield app
    app.close()


class TestList:
    def test_pages_through_everything_once_in_any_order(self, app: App) -> None:
        for number in range(12):
            add_article(app, f"a{number:02}.md", f"# Title {12 - number}\n\nWords of number {number}.")
        for sort in DocumentSort:
            for descending in (False, True):
                pages = [
                    app.catalogue.page(sort=sort, descending=descending, limit=5, offset=offset)
                    for offset in (0, 5, 10)
                ]
                assert [len(page) for page in pages] == [5, 5, 2]
                assert len({document.id for page in pages for document in page}) == 12
        names = [document.name for document in app.catalogue.page(sort=DocumentSort.NAME, descending=True)]
        assert names == sorted(names, reverse=True)

    def test_filters_narrow_and_the_count_goes_with_them(self, app: App) -> None:
        add_article(app, "delivery.md", DELIVERY)
        add_article(app, "margin.md", "# Margin\n\nIt is 40 percent.", Audience.INTERNAL)
        app.knowledge.add("broken.pdf", b"%PDF-1.4 nothing follows")
        for wanted, names in (
            (DocumentFilter("DELIV"), ["delivery.md"]),
            (DocumentFilter("100%_"), []),
            (DocumentFilter(audience=Audience.INTERNAL), ["margin.md"]),
            (DocumentFilter(status=DocumentStatus.READY, audience=Audience.PUBLIC), ["delivery.md"]),
        ):
            assert [document.name for document in app.catalogue.page(wanted)] == names
            assert app.catalogue.count(wanted) == len(names)
        assert app.catalogue.count() == 3

    def test_chunks_and_sizes_are_those_of_the_newest_state(self, app: App) -> None:
        document_id = add_article(app, "a.md", "# A\n\nShort.")
        app.knowledge.replace(document_id, RETURNS.encode())
        app.knowledge.process(document_id)
        (document,) = app.catalogue.page()
        assert document.size == len(RETURNS.encode())
        assert document.chunks == len(app.catalogue.get(document_id).chunks)
        assert app.catalogue.find([document_id, 99]) == {document_id: document}


class TestRollBack:
    def test_an_earlier_version_comes_back_as_the_newest(self, app: App) -> None:
        document_id = add_article(app, "delivery.md", DELIVERY)
        app.knowledge.replace(document_id, DELIVERY.replace("$4.90", "$7.10").encode())
        app.knowledge.process(document_id)
        app.knowledge.roll_back(document_id, 1)
        app.knowledge.process(document_id)
        app.knowledge.wait_until_ready([document_id], 20)
        found = app.catalogue.get(document_id)
        assert [version.number for version in found.versions] == [3, 2, 1]
        assert found.versions[0].sha256 == found.versions[2].sha256
        assert "$4.90" in found.text and "$7.10" not in "".join(chunk.text for chunk in found.chunks)
        assert "$7.10" not in app.knowledge.search("standard delivery cost")[0].text

    def test_a_failed_replacement_can_be_taken_back(self, app: App) -> None:
        document_id = add_article(app, "delivery.md", DELIVERY)
        app.knowledge.replace(document_id, b"\x00\x01\x02 no text \x00" * 40)
        app.knowledge.process(document_id)
        assert app.catalogue.find([document_id])[document_id].status is DocumentStatus.FAILED
        app.knowledge.roll_back(document_id, 1)
        app.knowledge.process(document_id)
        (ready,) = app.knowledge.wait_until_ready([document_id], 20)
        assert ready.status is DocumentStatus.READY

    def test_to_what_is_there_already_or_never_was_is_refused(self, app: App) -> None:
        document_id = add_article(app, "delivery.md", DELIVERY)
        with pytest.raises(Conflict):
            app.knowledge.roll_back(document_id, 1)
        with pytest.raises(NotFound):
            app.knowledge.roll_back(document_id, 7)
        assert len(app.catalogue.get(document_id).versions) == 1


class TestAnswers:
    def test_who_was_answered_from_a_document(self, app: App) -> None:
        document_id, other = add_article(app, "delivery.md", DELIVERY), add_article(app, "returns.md", RETURNS)
        chats = [app.chat.start("web").id for _ in range(3)]
        for chat in chats:
            ask(app, chat, QUESTION)
        found = app.catalogue.answers(document_id)
        assert [answer.conversation_id for answer in found] == chats[::-1]
        assert {answer.question for answer in found} == {QUESTION}
        assert all(answer.quotes and "$4.90" in answer.answer for answer in found)
        assert app.catalogue.get(document_id).answers == 3
        assert app.catalogue.answers(other) == []
        assert app.catalogue.answers(document_id, before=found[0].message_id, limit=1) == found[1:2]

    def test_go_with_the_document_and_never_come_up_under_its_number_again(self, app: App) -> None:
        document_id = add_article(app, "delivery.md", DELIVERY)
        ask(app, app.chat.start("web").id, QUESTION)
        app.knowledge.delete(document_id)
        again = add_article(app, "delivery.md", DELIVERY)
        assert app.catalogue.answers(again) == []
        with pytest.raises(NotFound):
            app.catalogue.answers(again + 1)

    def test_given_before_the_update_are_known_after_it(self, app: App) -> None:
        document_id = add_article(app, "delivery.md", DELIVERY)
        chat = app.chat.start("web").id
        ask(app, chat, QUESTION)
        before = app.catalogue.answers(document_id)
        engine = app._parts.db.engine
        downgrade(engine, "0001")
        upgrade(engine)
        assert app.catalogue.answers(document_id) == before != []


class TestTrial:
    def test_shows_what_the_bot_would_do_and_stores_nothing(self, app: App) -> None:
        add_article(app, "delivery.md", DELIVERY)
        tried = app.trial.ask(QUESTION)
        assert tried.status is AnswerStatus.ANSWERED
        assert "$4.90" in tried.text and tried.citations[0].title == "Delivery"
        best = tried.passages[0].scores
        assert best.vector is not None and best.keyword is not None and best.fused > 0
        assert any("$4.90" in excerpt["text"] for excerpt in tried.excerpts)
        assert tried.decision == "answer:question" and tried.confidence >= tried.threshold
        with app._parts.db.reading() as tx:
            assert tx.conversations.count() == 0
            assert tx._session.query(Conversation).count() == 0
        assert app.catalogue.answers(tried.passages[0].document_id) == []

    def test_says_the_same_as_a_customer_would_hear(self, app: App) -> None:
        add_article(app, "returns.md", RETURNS)
        for question in ("How long do I have to return a jacket?", "What is the weather in Oslo?", "Get me a human"):
            chat = app.chat.start("web").id
            ask(app, chat, question)
            (heard,) = [message for message in app.chat.messages(chat) if message.author == "bot"]
            tried = app.trial.ask(question)
            assert (tried.text, tried.status) == (heard.text, heard.answer_status)

    def test_internal_articles_answer_only_where_staff_asks(self, app: App) -> None:
        add_article(app, "margin.md", "# Margin\n\nThe margin on jackets is 40 percent.", Audience.INTERNAL)
        question = "What is the margin on jackets?"
        assert "40" not in app.trial.ask(question).text
        assert app.trial.ask(question).passages == ()
        assert "40" in app.trial.ask(question, audience=Audience.INTERNAL).text

    def test_a_pinned_answer_shows_what_it_passed_over(self, app: App) -> None:
        add_article(app, "delivery.md", DELIVERY)
        app.pinned.add(PinnedDraft(QUESTION, "Nothing this week."))
        tried = app.trial.ask(QUESTION)
        assert (tried.text, tried.decision) == ("Nothing this week.", "pinned:question")
        assert tried.passages[0].title == "Delivery"

    @pytest.mark.parametrize("question", ["", " \n\x00 ", "x" * 5000])
    def test_bad_questions_are_told(self, app: App, question: str) -> None:
        with pytest.raises(Invalid):
            app.trial.ask(question)
