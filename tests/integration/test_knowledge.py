"""Articles from upload to search, and out again, on a real database and a real index."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from support_bot.assembly import App
from support_bot.errors import Invalid, NotFound, TooLarge, UnreadableDocument
from support_bot.models import Chunk, Document, PieceVectors
from support_bot.services.knowledge import clean_name
from support_bot.values import Audience, DocumentStatus
from tests.factories import DELIVERY, RETURNS, add_article, ask, make_app, wait_for

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    yield app
    app.close()


def test_an_upload_becomes_searchable_by_itself(app: App) -> None:
    added = app.knowledge.add("returns.md", RETURNS.encode())
    (ready,) = app.knowledge.wait_until_ready([added.document.id], 20)
    assert ready.status is DocumentStatus.READY
    assert ready.title == "Returns and refunds"
    assert app.knowledge.search("refund to a gift card")[0].name == "returns.md"


def test_the_same_file_twice_is_one_document(app: App) -> None:
    first = add_article(app, "returns.md", RETURNS)
    assert app.knowledge.add("returns.md", RETURNS.encode()).outcome == "unchanged"
    twin = app.knowledge.add("copy-of-returns.md", RETURNS.encode())
    assert twin.outcome == "duplicate"
    assert twin.document.id == first
    assert len(app.catalogue.page()) == 1


@pytest.mark.parametrize("sent", [RETURNS, RETURNS + "\n\nStaff may waive the fee."])
def test_an_article_sent_again_for_agents_only_leaves_the_customers_at_once(app: App, sent: str) -> None:
    document_id = add_article(app, "returns.md", RETURNS)
    added = app.knowledge.add("returns.md", sent.encode(), audience=Audience.INTERNAL)
    assert (added.document.id, added.document.audience) == (document_id, Audience.INTERNAL)
    app.knowledge.wait_until_ready([document_id], 20)
    assert app.knowledge.search("refund to a gift card") == []
    assert app.knowledge.search("refund to a gift card", audience=None)
    assert app.knowledge.heal_index() == 0
    assert app.knowledge.add("returns.md", RETURNS.encode()).document.audience is Audience.INTERNAL


def test_a_file_that_could_not_be_read_under_its_name_may_come_under_another(app: App) -> None:
    failed = app.knowledge.add("returns.eml", RETURNS.encode()).document.id
    assert app.knowledge.wait_until_ready([failed], 20)[0].status is DocumentStatus.FAILED
    added = app.knowledge.add("returns.md", RETURNS.encode())
    assert added.outcome == "created"
    assert app.knowledge.wait_until_ready([added.document.id], 20)[0].status is DocumentStatus.READY


def test_what_waits_already_is_not_queued_again_each_minute(app: App) -> None:
    app.jobs.close()
    for number in range(3):
        app.knowledge.add(f"{number}.md", f"{RETURNS} {number}".encode())
    app.knowledge.requeue_pending()
    assert app.jobs.pending() == 3


def test_a_new_version_replaces_the_old_words_at_once(app: App) -> None:
    document_id = add_article(app, "delivery.md", DELIVERY)
    app.knowledge.replace(document_id, DELIVERY.replace("$4.90", "$7.77").encode())
    app.knowledge.wait_until_ready([document_id], 20)
    texts = [passage.text for passage in app.knowledge.search("standard delivery cost")]
    assert any("$7.77" in text for text in texts)
    assert not any("$4.90" in text for text in texts)
    assert [version.number for version in app.catalogue.get(document_id).versions] == [2, 1]


def test_a_deleted_article_is_gone_from_search_and_from_citations(app: App) -> None:
    document_id = add_article(app, "delivery.md", DELIVERY)
    chat = app.chat.start("web")
    ask(app, chat.id, "How much does delivery cost?")
    (source,) = app.chat.messages(chat.id)[-1].citations
    assert "$4.90" in app.chat.source(chat.id, source.document_id, source.chunk_id).text
    app.knowledge.delete(document_id)
    assert app.knowledge.search("delivery cost") == []
    with pytest.raises(NotFound):
        app.chat.source(chat.id, source.document_id, source.chunk_id)
    with pytest.raises(NotFound):
        app.catalogue.get(document_id)


def test_deleting_while_it_is_processed_leaves_nothing_behind(app: App) -> None:
    added = app.knowledge.add("returns.md", RETURNS.encode())
    app.knowledge.delete(added.document.id)
    app.knowledge.process(added.document.id)
    assert app.knowledge.search("return a jacket") == []


def test_two_workers_on_one_document_leave_one_whole_set_of_chunks(app: App) -> None:
    for text in (RETURNS, RETURNS + "\nMore.", RETURNS + "\nEven more."):
        added = app.knowledge.add("returns.md", text.encode())
        workers = [threading.Thread(target=app.knowledge.process, args=(added.document.id,)) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    app.knowledge.wait_until_ready([added.document.id], 20)
    missing, _stale = app.knowledge._index.differences()
    assert missing == set()
    assert "Even more." in app.catalogue.get(added.document.id).text


def test_an_article_made_internal_is_out_of_reach_at_once(app: App) -> None:
    document_id = add_article(app, "delivery.md", DELIVERY)
    app.knowledge.set_audience(document_id, Audience.INTERNAL)
    assert app.knowledge.search("delivery cost") == []
    assert app.knowledge.search("delivery cost", audience=None)


def test_an_unreadable_file_says_why_and_the_old_version_stays(app: App) -> None:
    document_id = add_article(app, "delivery.md", DELIVERY)
    app.knowledge.replace(document_id, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
    (view,) = app.knowledge.wait_until_ready([document_id], 20)
    assert view.status is DocumentStatus.FAILED
    assert view.reason
    assert app.knowledge.search("delivery cost")[0].name == "delivery.md"


def test_empty_and_too_large_files_are_refused_at_once(app: App) -> None:
    with pytest.raises(UnreadableDocument, match="empty"):
        app.knowledge.add("empty.md", b"  \n")
    with pytest.raises(TooLarge, match="50 MB"):
        app.knowledge.add("huge.txt", b"x" * 50_000_001)
    assert app.catalogue.page() == []


@pytest.mark.parametrize(
    ("name", "kept"),
    [("../../x.md", "x.md"), ("C:\\docs\\y.md", "docs/y.md"), ("/etc/passwd", "etc/passwd"), ("a/./b.md", "a/b.md")],
)
def test_names_lose_their_tricks(name: str, kept: str) -> None:
    assert clean_name(name) == kept


def test_a_name_of_nothing_but_tricks_is_refused() -> None:
    with pytest.raises(Invalid):
        clean_name("../..")


def test_a_new_version_answers_by_its_words_while_its_vectors_are_made_and_a_failure_is_tried_again(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    document_id = add_article(app, "delivery.md", DELIVERY)
    app.jobs.close()
    seen: list[str] = []

    def break_down(*_: object) -> None:
        seen.extend(passage.text for passage in app.knowledge.search("delivery zeppelin"))
        raise OSError("disk full")

    with monkeypatch.context() as patched:
        patched.setattr(app.knowledge._index, "put_vectors", break_down)
        app.knowledge.replace(document_id, DELIVERY.replace("Standard", "Zeppelin").encode())
        with pytest.raises(OSError, match="disk full"):
            app.knowledge.process(document_id)
    assert any("Zeppelin" in text for text in seen)
    assert app.catalogue.page()[0].status is DocumentStatus.PENDING
    app.knowledge.process(document_id)
    assert app.catalogue.page()[0].status is DocumentStatus.READY


def test_an_audience_that_changes_while_vectors_are_made_is_the_one_that_counts(
    app: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    app.jobs.close()
    added = app.knowledge.add("delivery.md", DELIVERY.encode(), audience=Audience.INTERNAL)
    index, put = app.knowledge._index, app.knowledge._index.put_vectors
    changes = [Audience.PUBLIC]

    def put_and_change(document: Document, chunks: list[Chunk]) -> None:
        if changes:
            app.knowledge.set_audience(document.id, changes.pop())
        put(document, chunks)

    monkeypatch.setattr(index, "put_vectors", put_and_change)
    app.knowledge.process(added.document.id)
    assert index.vector_hits(index.embed_questions(["delivery"])[0], 5, Audience.PUBLIC)


def test_healing_touches_only_what_is_wrong(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    add_article(app, "returns.md", RETURNS)
    second = add_article(app, "delivery.md", DELIVERY)
    app.knowledge._index.remove_vectors(second)
    monkeypatch.setattr(app.knowledge._index, "reset_vectors", lambda: pytest.fail("everything was built again"))
    assert app.knowledge.heal_index() > 0
    assert app.knowledge._index.differences() == (set(), set())


def test_reindex_finds_the_same_passages(app: App) -> None:
    add_article(app, "returns.md", RETURNS)
    add_article(app, "delivery.md", DELIVERY)
    before = [(p.chunk_id, p.scores) for p in app.knowledge.search("how long do refunds take")]
    assert app.knowledge.reindex() > 0
    assert [(p.chunk_id, p.scores) for p in app.knowledge.search("how long do refunds take")] == before


def test_an_index_that_lost_its_vectors_heals_from_sql(app: App, tmp_path: Path) -> None:
    add_article(app, "returns.md", RETURNS)
    found = app.knowledge.search("refund to a gift card")
    app.knowledge._index.reset_vectors()
    assert app.knowledge.heal_index() > 0
    assert app.knowledge.search("refund to a gift card") == found


def _with_pieces(app: App) -> dict[int, int]:
    """How many pieces are embedded, by chunk id."""
    with app._parts.db.read_connection() as connection:
        rows = connection.execute(select(PieceVectors.chunk_id, PieceVectors.count))
        return {row.chunk_id: row.count for row in rows}


def _chunks(app: App) -> set[int]:
    with app._parts.db.read_connection() as connection:
        return set(connection.scalars(select(Chunk.id)))


def test_each_sentence_is_embedded_once_an_article_is_ready_and_goes_with_it(app: App) -> None:
    first, second = add_article(app, "returns.md", RETURNS), add_article(app, "delivery.md", DELIVERY)
    wait_for(lambda: _with_pieces(app).keys() == _chunks(app))
    assert min(_with_pieces(app).values()) > 0
    app.knowledge.replace(first, RETURNS.replace("30 days", "45 days").encode())
    app.knowledge.wait_until_ready([first], 20)
    wait_for(lambda: _with_pieces(app).keys() == _chunks(app))
    app.knowledge.delete(first)
    app.knowledge.delete(second)
    assert _with_pieces(app) == {}


def test_sentences_that_were_never_embedded_are_in_the_background_and_no_answer_waits_for_it(app: App) -> None:
    add_article(app, "returns.md", RETURNS)
    wait_for(lambda: _with_pieces(app).keys() == _chunks(app))
    before = app.knowledge.search("refund to a gift card")
    with app._parts.db.transaction() as tx:
        tx.connection.execute(delete(PieceVectors))
    without = app.knowledge.search("refund to a gift card")
    assert [passage.chunk_id for passage in without] == [passage.chunk_id for passage in before]
    assert without[0].scores.rerank == pytest.approx(before[0].scores.rerank, abs=0.01)
    assert app.knowledge.complete_index() == 1
    assert _with_pieces(app).keys() == _chunks(app)
    assert app.knowledge.complete_index() == 0


def test_what_another_model_made_of_a_sentence_is_not_compared(app: App) -> None:
    add_article(app, "returns.md", RETURNS)
    wait_for(lambda: _with_pieces(app).keys() == _chunks(app))
    with app._parts.db.transaction() as tx:
        tx.connection.execute(update(PieceVectors).values(maker="another:1", vectors=b"", count=0))
    assert app.knowledge.search("refund to a gift card")[0].scores.rerank is not None
    assert app.knowledge.complete_index() == 1


def test_the_passage_with_the_closest_sentence_comes_first(app: App) -> None:
    long = "# Lamps\n\n" + " ".join(f"The lamp stands on shelf number {n}." for n in range(8))
    add_article(app, "lamps.md", long + " A broken lamp is replaced free of charge within two years.")
    add_article(app, "bulbs.md", "# Bulbs\n\nA bulb for a broken lamp is to be paid for, and so is a lamp.")
    best = app.knowledge.search("Is a broken lamp replaced free of charge?")[0]
    assert best.name == "lamps.md"
    assert (best.scores.rerank or 0) > (best.scores.vector or 0)
