"""PostgreSQL alone: a server that is away, restarts, lets nobody in; two processes that start at once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from support_bot.assembly import build_app, prepare
from support_bot.commands.doctor import examine
from support_bot.engine.fake import FakeEngine
from support_bot.errors import DatabaseUnavailable, DataFolderInUse
from support_bot.models import Channel, Conversation
from support_bot.queue import Job, JobQueue
from support_bot.services import sole_server
from support_bot.settings import Settings
from support_bot.storage import connections
from support_bot.storage.database import Database
from support_bot.storage.inspection import inspect, make_newest, shown
from support_bot.values import AnswerStatus, Done, Evidence, Mode
from tests import factories
from tests.factories import DELIVERY, add_article, ask, make_app, wait_for
from tests.postgres import PASSWORD, Cluster

SECRET = "hunter2 is no password"


@pytest.fixture(autouse=True)
def by_environment(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_BOT_DATABASE_URL", postgres_url)


def support_bot(url: str, folder: Path, *words: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "SUPPORT_BOT_DATABASE_URL": url, "SUPPORT_BOT_DATA_DIR": str(folder)}
    environment["SUPPORT_BOT_ENGINE__KIND"] = "fake"
    program = [sys.executable, "-c", "from support_bot.cli import main; main()", *words]
    return subprocess.Popen(program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


class TestUrl:
    @pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
    def test_every_way_to_write_it_is_taken(self, postgres_url: str, scheme: str) -> None:
        url = postgres_url.replace("postgresql+psycopg", scheme)
        assert Settings(database_url=url).effective_database_url == postgres_url

    @pytest.mark.parametrize("url", ["mysql://a:b@c/d", "postgresql+asyncpg://a:b@c/d", "somewhere"])
    def test_another_database_is_refused_without_its_password(self, url: str) -> None:
        with pytest.raises(ValidationError, match="sqlite:// or postgresql://") as caught:
            Settings(database_url=url)
        assert "a:b" not in caught.value.errors()[0]["msg"]

    def test_settings_that_are_printed_hold_no_password(self, postgres_url: str) -> None:
        assert PASSWORD.split()[0] not in repr(Settings(database_url=postgres_url))
        assert shown(postgres_url).startswith("PostgreSQL at postgresql://bot:***@127.0.0.1:")


class TestAway:
    def test_a_start_says_where_the_database_should_be(self, postgres_server: Cluster, tmp_path: Path) -> None:
        for url, reason in (
            (f"postgresql://bot:{SECRET}@127.0.0.1:1/x", "onnection refused"),
            (postgres_server.url("postgres", password=SECRET), "password authentication failed"),
            (postgres_server.url("nobody_made_it"), "does not exist"),
        ):
            settings = factories.settings(tmp_path).model_copy(
                update={"database_url": Settings(database_url=url).database_url}
            )
            with pytest.raises(DatabaseUnavailable, match=reason) as caught:
                prepare(settings)
            assert SECRET not in caught.value.detail
            assert "SUPPORT_BOT_DATABASE_URL" in caught.value.detail
            assert inspect(settings.database_url).problem == caught.value.detail

    def test_the_command_says_it_in_one_line(self, postgres_server: Cluster, tmp_path: Path) -> None:
        url = postgres_server.url("postgres", password="hunter2")
        with support_bot(url, tmp_path, "serve", "--port", "0") as started:
            said, _ = started.communicate(timeout=60)
        assert started.returncode == 1
        assert "password authentication failed" in said
        assert "hunter2" not in said
        assert "Traceback" not in said

    def test_doctor_names_the_database_and_its_schema(self, postgres_server: Cluster, tmp_path: Path) -> None:
        found = {finding.name: finding for finding in examine(factories.settings(tmp_path))}
        assert found["database"].ok
        assert "PostgreSQL at postgresql://bot:***@127.0.0.1" in found["database"].detail
        assert "revision" in found["database"].detail
        assert found["index"].ok

    def test_a_restart_of_the_database_is_outlived(self, postgres_server: Cluster, tmp_path: Path) -> None:
        with closing(make_app(tmp_path)) as app:
            add_article(app, "delivery.md", DELIVERY)
            chat = app.chat.start("web")
            postgres_server.stop()
            with pytest.raises(DatabaseUnavailable, match="try again shortly") as caught:
                app.chat.say(chat.id, "How much does delivery cost?")
            assert caught.value.retry_after
            assert "127.0.0.1" not in caught.value.detail
            assert app.health.ready().ok is False
            postgres_server.start()
            assert app.health.ready().ok
            last = ask(app, chat.id, "How much does standard delivery cost?")[-1]
            assert isinstance(last, Done)
            assert last.status is AnswerStatus.ANSWERED
            postgres_server.restart()  # nobody noticed: the first that asks is answered all the same
            assert app.chat.mode(chat.id) is Mode.BOT
            added = app.knowledge.add("more.md", DELIVERY.replace("$12", "$13").encode())
            assert app.knowledge.wait_until_ready([added.document.id], 20)[0].status == "ready"


class TestBusy:
    @pytest.fixture
    def db(self, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
        monkeypatch.setattr(connections, "_SETTINGS", ("lock_timeout = '300ms'",))
        with closing(Database(postgres_url)) as db:
            yield db

    def two_conversations(self, db: Database) -> list[str]:
        with db.transaction() as tx:
            channel = tx.channels.add(Channel(slug="web", name="Web"))
            return [tx.conversations.add(Conversation(channel_id=channel.id)).id for _ in range(2)]

    def test_a_lock_that_is_not_given_is_no_fault_of_ours(self, db: Database) -> None:
        chat, _ = self.two_conversations(db)
        with db.transaction() as holder, pytest.raises(DatabaseUnavailable, match="Too much waits") as caught:
            holder.conversations.lock(chat)
            with db.transaction() as waiter:
                waiter.conversations.lock(chat)
        assert caught.value.retry_after

    def test_of_two_that_wait_for_each_other_one_goes_on(self, postgres_url: str, db: Database) -> None:
        chats, both, ended = self.two_conversations(db), threading.Barrier(2, timeout=20), []

        def lock(first: str, second: str) -> None:
            try:
                with db.transaction() as tx:
                    tx.connection.execute(text("SET LOCAL lock_timeout = 0"))
                    tx.conversations.lock(first)
                    both.wait()
                    tx.conversations.lock(second)
                ended.append("done")
            except DatabaseUnavailable as error:
                ended.append(error.code)

        threads = [threading.Thread(target=lock, args=order) for order in (chats, chats[::-1])]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(ended) == ["database_unavailable", "done"]

    def test_a_standby_that_takes_no_writes_is_named(self, db: Database) -> None:
        with pytest.raises(DatabaseUnavailable, match="cannot be written"), db.transaction() as tx:
            tx.connection.execute(text("SET TRANSACTION READ ONLY"))
            tx.channels.add(Channel(slug="web", name="Web"))


class TestTwoProcesses:
    def test_an_upgrade_waits_for_another_one(self, empty_postgres_url: str) -> None:
        lock = 7_270_001  # as in migrations/env.py
        with closing(Database(empty_postgres_url)) as db, db.engine.connect() as other:
            other.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": lock})
            upgrade = threading.Thread(target=make_newest, args=(empty_postgres_url,))
            upgrade.start()
            waiting = text(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND objid = :lock"
            )
            wait_for(lambda: other.scalar(waiting, {"lock": lock}) or not upgrade.is_alive())
            assert upgrade.is_alive()
            assert inspect(empty_postgres_url).current is None
            other.commit()
            upgrade.join(60)
        assert inspect(empty_postgres_url).is_newest

    def test_two_that_upgrade_at_once_make_one_schema(self, empty_postgres_url: str, tmp_path: Path) -> None:
        started = [support_bot(empty_postgres_url, tmp_path / str(n), "db", "upgrade") for n in range(3)]
        said = [process.communicate(timeout=90)[0] for process in started]
        assert [process.returncode for process in started] == [0, 0, 0], said
        assert inspect(empty_postgres_url).is_newest

    def test_a_second_server_with_vectors_of_its_own_is_refused(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sole_server, "GONE_S", 0.3)
        with closing(make_app(tmp_path / "one")) as first:
            first.health.ready()
            with pytest.raises(DataFolderInUse, match="SUPPORT_BOT_CHROMA_URL"):
                build_app(factories.settings(tmp_path / "two"))
        make_app(tmp_path / "two").close()


def test_a_job_is_queued_right_after_a_restart(postgres_server: Cluster, postgres_url: str) -> None:
    with closing(Database(postgres_url)) as db, closing(JobQueue.in_postgresql(db.connection_parameters())) as jobs:
        jobs.enqueue(Job.PROCESS_DOCUMENT, 1)
        postgres_server.restart()
        jobs.enqueue(Job.PROCESS_DOCUMENT, 2)
        assert jobs.pending() == 2


def test_a_reader_waits_for_no_writer(tmp_path: Path) -> None:
    with closing(make_app(tmp_path, FakeEngine(delay_s=0.5))) as app:
        add_article(app, "delivery.md", DELIVERY)
        chat = app.chat.start("web")
        app.chat.say(chat.id, "How much does delivery cost?")
        wait_for(lambda: any(isinstance(e.event, Evidence) for e in app.chat.events(chat.id)))
        app.chat._touched.clear()
        read: list[int] = []
        with app._parts.db.transaction() as tx:
            conversation = tx.conversations.lock(chat.id)
            turn = tx.turns.find_running(conversation.id)
            assert turn is not None
            turn.begin()
            tx.conversations.add(conversation)  # flushes: the turn's row is locked too
            reader = threading.Thread(target=lambda: read.append(len(app.chat.messages(chat.id))))
            reader.start()
            reader.join(5)
            assert read
