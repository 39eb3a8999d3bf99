"""What is broken from outside: a lost or damaged index, a locked database, a full disk, files that others share."""

from __future__ import annotations

import resource
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from support_bot.assembly import App
from support_bot.errors import DamagedFile, DatabaseUnavailable, IndexBroken, NotFound, StorageFull
from support_bot.services.knowledge import KnowledgeService
from support_bot.storage.data_folder import DataFolder
from support_bot.values import Audience, Done, Text
from tests.factories import DELIVERY, RETURNS, add_article, ask, make_app, wait_for

QUESTION = "How much does standard delivery cost?"


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    app = make_app(tmp_path)
    yield app
    app.close()


def text_of(app: App) -> str:
    return " ".join(e.sentence for e in ask(app, app.chat.start("web").id, QUESTION) if isinstance(e, Text))


def spoil_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"garbage" * 1000)


def empty_database(folder: Path) -> None:
    (folder / "chroma.sqlite3").write_bytes(b"")


def spoil_middle(folder: Path) -> None:
    data = bytearray((folder / "chroma.sqlite3").read_bytes())
    data[8192 : len(data) // 2] = b"\xff" * (len(data) // 2 - 8192)
    (folder / "chroma.sqlite3").write_bytes(data)


def flip_a_bit(file: Path) -> None:
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)


def cut_short(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def put_a_folder_there(file: Path) -> None:
    file.unlink()
    file.mkdir()


class TestIndex:
    @pytest.mark.parametrize("spoil", [shutil.rmtree, spoil_database, empty_database, spoil_middle])
    def test_a_folder_that_is_gone_or_damaged_is_built_anew_at_the_start(
        self, tmp_path: Path, spoil: Callable[[Path], None]
    ) -> None:
        before = make_app(tmp_path)
        add_article(before, "delivery.md", DELIVERY)
        found = before.knowledge.search(QUESTION)
        before.close()
        spoil(tmp_path / "data" / "chroma")
        after = make_app(tmp_path)
        assert after.knowledge.search(QUESTION) == found
        assert after.knowledge._index.differences() == (set(), set())
        after.close()

    def test_a_folder_lost_while_serving_is_built_anew_and_questions_are_answered_meanwhile(
        self, app: App, tmp_path: Path
    ) -> None:
        add_article(app, "delivery.md", DELIVERY)
        shutil.rmtree(tmp_path / "data" / "chroma")
        assert "$4.90" in text_of(app)
        late = app.knowledge.add("returns.md", RETURNS.encode()).document.id
        app.knowledge.mend_index()
        wait_for(
            lambda: app.knowledge.requeue_pending() == 0 and app.catalogue.get(late).document.status == "ready", 30
        )
        assert app.knowledge._index.differences() == (set(), set())

    def test_without_vectors_words_still_find_something(self, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
        add_article(app, "delivery.md", DELIVERY)

        def broken(*_: object) -> list[tuple[int, float]]:
            raise IndexBroken("broken")

        monkeypatch.setattr(app.knowledge._index._vectors, "search", broken)
        assert [p.name for p in app.knowledge.search(QUESTION)] == ["delivery.md"]

    def test_an_audience_that_never_reached_the_index_is_healed(
        self, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        document = add_article(app, "delivery.md", DELIVERY)
        with monkeypatch.context() as patched:  # as after a crash between the two
            patched.setattr(app.knowledge._index, "put_vectors", lambda *_: None)
            app.knowledge.set_audience(document, Audience.INTERNAL)
        assert app.knowledge.heal_index() > 0
        assert app.knowledge._index.differences() == (set(), set())

    def test_what_became_internal_is_out_of_reach_before_the_index_follows(
        self, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        document = add_article(app, "delivery.md", DELIVERY)
        monkeypatch.setattr(app.knowledge._index, "put_vectors", lambda *_: None)
        app.knowledge.set_audience(document, Audience.INTERNAL)
        index = app.knowledge._index
        hits = [number for number, _ in index.vector_hits(index.embed_questions([QUESTION])[0], 5, Audience.PUBLIC)]
        assert hits  # the vectors still say public
        assert app.knowledge.search(QUESTION) == []

    def test_internal_articles_take_no_place_of_public_ones(self, app: App) -> None:
        for number in range(3):
            add_article(app, f"secret-{number}.md", f"# Delivery delivery\n\nDelivery {number}.", Audience.INTERNAL)
        add_article(app, "delivery.md", DELIVERY)
        [hit] = app.knowledge._index.keyword_hits("delivery", 1, Audience.PUBLIC)
        assert app.knowledge._index.read([hit[0]], Audience.PUBLIC)

    def test_deleting_leaves_nothing_in_either_index(self, app: App) -> None:
        app.knowledge.delete(add_article(app, "delivery.md", DELIVERY))
        assert app.knowledge._index.differences() == (set(), set())


class TestFiles:
    def test_a_file_stays_while_another_document_needs_it(self, app: App) -> None:
        first = add_article(app, "first.md", DELIVERY)
        app.knowledge.replace(first, RETURNS.encode())
        second = app.knowledge.add("second.md", DELIVERY.encode()).document.id
        app.knowledge.delete(first)
        [view] = app.knowledge.wait_until_ready([second], 20)
        assert view.status == "ready", view.reason

    def test_a_file_deleted_between_its_storing_and_its_row_is_stored_again(
        self, app: App, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = add_article(app, "first.md", DELIVERY)
        app.knowledge.replace(first, RETURNS.encode())
        store = KnowledgeService._store

        def store_and_delete(service: KnowledgeService, data: bytes) -> str:
            sha256 = store(service, data)
            app.knowledge.delete(first)
            return sha256

        monkeypatch.setattr(KnowledgeService, "_store", store_and_delete)
        second = app.knowledge.add("second.md", DELIVERY.encode()).document.id
        [view] = app.knowledge.wait_until_ready([second], 20)
        assert view.status == "ready", view.reason

    @pytest.mark.parametrize("spoil", [flip_a_bit, cut_short, put_a_folder_there])
    def test_a_damaged_file_is_not_ingested_and_uploading_it_again_mends_it(
        self, tmp_path: Path, spoil: Callable[[Path], None]
    ) -> None:
        with closing(make_app(tmp_path, start=False)) as app:
            document = app.knowledge.add("delivery.md", DELIVERY.encode()).document.id
            [file] = [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]
            spoil(file)
            app.knowledge.process(document)
            failed = app.catalogue.get(document).document
            assert (failed.status, failed.chunks) == ("failed", 0)
            assert "Upload it again, or restore a backup" in failed.reason
            if file.is_dir():
                file.rmdir()  # no program but an admin does that
            app.knowledge.add("delivery.md", DELIVERY.encode())
            app.knowledge.process(document)
            assert app.catalogue.get(document).document.status == "ready"

    def test_a_damaged_version_is_not_brought_back(self, app: App, tmp_path: Path) -> None:
        document = add_article(app, "delivery.md", DELIVERY)
        [file] = [path for path in (tmp_path / "data" / "files").rglob("*") if path.is_file()]
        app.knowledge.replace(document, RETURNS.encode())
        flip_a_bit(file)
        with pytest.raises(DamagedFile, match="is not what was uploaded"):
            app.knowledge.roll_back(document, 1)
        assert len(app.catalogue.get(document).versions) == 2

    def test_a_damaged_job_queue_is_begun_anew_and_the_work_goes_on(self, tmp_path: Path) -> None:
        before = make_app(tmp_path, start=False)
        document = before.knowledge.add("delivery.md", DELIVERY.encode()).document.id
        before.close()
        for path in (tmp_path / "data").glob("jobs.db*"):
            path.write_bytes(b"garbage" * 1000)
        after = make_app(tmp_path)
        [view] = after.knowledge.wait_until_ready([document], 20)
        assert view.status == "ready"
        after.close()


class TestDatabase:
    def test_the_same_client_id_in_two_conversations_is_two_messages(self, app: App) -> None:
        chats = [app.chat.start("web").id for _ in range(2)]
        started = [app.chat.say(chat, "hello", "1") for chat in chats]
        assert not started[1].duplicate
        assert started[0].message_id != started[1].message_id

    def test_a_lock_of_another_program_is_named_and_nothing_is_lost_after_it(
        self, app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        chat = app.chat.start("web").id
        app._parts.db.close()  # connections of the pool have a patience of their own
        with closing(sqlite3.connect(tmp_path / "data" / "support-bot.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            with monkeypatch.context() as patched:
                patched.setattr("support_bot.storage.connections._BUSY_MS", 200)
                with pytest.raises(DatabaseUnavailable, match="locked") as refused:
                    app.chat.say(chat, "hello", "1")
            assert refused.value.retry_after
        app._parts.db.close()
        assert not app.chat.say(chat, "hello", "1").duplicate

    @pytest.mark.parametrize("size", [0, 40_000])
    def test_a_full_disk_is_named_and_what_was_stored_stays(self, app: App, size: int) -> None:
        add_article(app, "delivery.md", DELIVERY)
        chat = app.chat.start("web").id
        with full_disk(size), pytest.raises((StorageFull, DatabaseUnavailable)):
            for number in range(200):
                app.chat.say(chat, f"a message {number} " + "x" * 3000, str(number))
        with full_disk(size), pytest.raises((StorageFull, DatabaseUnavailable)):
            app.knowledge.add("large.md", b"large " * 20_000)
        assert isinstance(ask(app, app.chat.start("web").id, QUESTION)[-1], Done)
        said = [message.text for message in app.chat.messages(chat) if message.author == "customer"]
        assert [text.split(" x")[0] for text in said] == [f"a message {number}" for number in range(len(said))]
        with pytest.raises(NotFound):
            app.catalogue.get(2)


def test_what_cut_off_backups_and_restores_left_is_swept_up(tmp_path: Path) -> None:
    for left in (".snapshot-abc", "restore.part"):
        (tmp_path / left).mkdir()
        (tmp_path / left / "database.sqlite").write_bytes(b"half")
    mine = tmp_path / "backup-monday" / "b.zip"
    mine.parent.mkdir()
    mine.write_bytes(b"of the owner's own")
    with DataFolder(tmp_path).own():
        assert {path.name for path in tmp_path.iterdir()} == {"server.lock", "server.json", "backup-monday"}
    assert mine.exists()


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes."""
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
