"""Backup and restore of PostgreSQL: what is brought back, what is kept, and that no refusal changes anything."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import make_url

from support_bot.assembly import App, build_app
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.storage.snapshot import postgresql_program
from tests.factories import DELIVERY, RETURNS, add_article, ask, make_app, settings
from tests.integration.test_cli_commands import Run, run
from tests.postgres import Cluster

__all__ = ["run"]  # a fixture


@pytest.fixture(autouse=True)
def by_environment(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPPORT_BOT_DATABASE_URL", postgres_url)


@pytest.fixture
def chat(tmp_path: Path) -> tuple[str, str]:
    """A conversation (id and token), which nobody has open."""
    with closing(make_app(tmp_path)) as app:
        add_article(app, "delivery.md", DELIVERY)
        started = app.chat.start("web")
        ask(app, started.id, "How much does standard delivery cost?")
    return started.id, started.token


@pytest.fixture
def backup(run: Run, tmp_path: Path, chat: tuple[str, str]) -> Path:
    made = run("backup", tmp_path / "b.zip")
    assert made.status == 0, made.err
    return tmp_path / "b.zip"


@pytest.fixture
def elsewhere(postgres_server: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, backup: Path) -> Iterator[str]:
    """From here on commands are about an empty database and another data folder; the database's name."""
    monkeypatch.setenv("SUPPORT_BOT_DATABASE_URL", postgres_server.create("elsewhere"))
    monkeypatch.setenv("SUPPORT_BOT_DATA_DIR", str(tmp_path / "elsewhere" / "data"))
    yield "elsewhere"
    postgres_server.drop("elsewhere")


def reopened(folder: Path) -> App:
    return build_app(settings(folder), engine=FakeEngine(), embedder=HashingEmbedder())


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"server.lock"}


class TestRoundTrip:
    def test_everything_is_back_and_tokens_stay_valid(
        self, run: Run, tmp_path: Path, backup: Path, elsewhere: str, chat: tuple[str, str]
    ) -> None:
        restored = run("restore", backup, "--json")
        assert (restored.status, restored.json["index"], restored.json["kept"]) == (0, "1 chunks", "")
        assert left_in(tmp_path / "elsewhere" / "data") == {"files", "chroma"}
        with closing(reopened(tmp_path / "elsewhere")) as app:
            app.chat.authorize(*chat)
            assert "$4.90" in app.chat.messages(chat[0])[-1].text
            assert app.knowledge.heal_index() == 0
            document = app.catalogue.page()[0].id
            app.knowledge.roll_back(app.knowledge.replace(document, RETURNS.encode()).id, 1)  # its file is there

    def test_replacing_keeps_what_was_there(
        self, run: Run, tmp_path: Path, backup: Path, chat: tuple[str, str], postgres_server: Cluster, postgres_url: str
    ) -> None:
        with closing(reopened(tmp_path)) as app:
            late = app.chat.start("web").id
        assert "--replace" in run("restore", backup).err
        replaced = run("restore", backup, "--replace", "--json")
        assert replaced.status == 0, replaced.err
        name = make_url(postgres_url).database or ""
        assert postgres_server.execute("SELECT id FROM conversation", name) == [(chat[0],)]
        kept = Path(replaced.json["kept"])
        assert kept.stat().st_mode & 0o077 == 0
        dump = [postgresql_program("pg_restore"), "--data-only", "--file=-", str(kept / "database.pgdump")]
        assert late in subprocess.run(dump, capture_output=True, text=True, check=True).stdout

    def test_rights_of_people_that_another_server_does_not_know_are_left_out(
        self, run: Run, tmp_path: Path, chat: tuple[str, str], postgres_server: Cluster, postgres_url: str
    ) -> None:
        name = make_url(postgres_url).database or ""
        postgres_server.execute("CREATE ROLE reporting")
        try:
            postgres_server.execute("GRANT SELECT ON message TO reporting", name)
            assert run("backup", tmp_path / "b.zip").status == 0
        finally:
            postgres_server.execute("DROP OWNED BY reporting", name)
            postgres_server.execute("DROP ROLE reporting")
        restored = run("restore", tmp_path / "b.zip", "--replace")
        assert restored.status == 0, restored.err

    def test_the_programs_connect_as_the_product_does(
        self, run: Run, tmp_path: Path, chat: tuple[str, str], postgres_url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cert = tmp_path / "root.crt"
        monkeypatch.setenv("SUPPORT_BOT_DATABASE_URL", f"{postgres_url}?sslmode=prefer&sslrootcert={cert}")
        cert.write_text("no certificate")
        assert run("backup", tmp_path / "b.zip").status == 0
        monkeypatch.setenv("SUPPORT_BOT_DATABASE_URL", f"{postgres_url}?options=-c%20search_path%3Dnowhere")
        assert "there is nothing in" in run("backup", tmp_path / "c.zip").err


class TestRefusals:
    def test_a_database_that_somebody_works_on(
        self, run: Run, tmp_path: Path, backup: Path, monkeypatch: pytest.MonkeyPatch, chat: tuple[str, str]
    ) -> None:
        with closing(reopened(tmp_path)) as app:
            late = app.chat.start("web").id
            monkeypatch.setenv("SUPPORT_BOT_DATA_DIR", str(tmp_path / "elsewhere" / "data"))
            refused = run("restore", backup, "--replace")
            assert (refused.status, "stop it first" in refused.err) == (1, True)
            assert app.chat.mode(late) == "bot"
        assert left_in(tmp_path / "elsewhere" / "data") == set()

    def test_a_database_with_tables_that_the_backup_does_not_know(
        self, run: Run, tmp_path: Path, backup: Path, postgres_server: Cluster, elsewhere: str
    ) -> None:
        postgres_server.execute("CREATE TABLE newer (id int PRIMARY KEY)", elsewhere)
        refused = run("restore", backup, "--replace")
        assert (refused.status, "does not know (newer)" in refused.err) == (1, True)
        assert postgres_server.execute("SELECT relname FROM pg_stat_user_tables", elsewhere) == [("newer",)]
        assert left_in(tmp_path / "elsewhere" / "data") == set()

    def test_a_database_that_does_not_answer(
        self, run: Run, tmp_path: Path, backup: Path, postgres_server: Cluster, elsewhere: str
    ) -> None:
        postgres_server.drop(elsewhere)
        refused = run("restore", backup)
        assert (refused.status, "does not exist" in refused.err) == (1, True)
        assert left_in(tmp_path / "elsewhere" / "data") == set()

    def test_a_dump_that_cannot_be_loaded_changes_nothing(
        self, run: Run, tmp_path: Path, backup: Path, postgres_server: Cluster, postgres_url: str, chat: tuple[str, str]
    ) -> None:
        name = make_url(postgres_url).database or ""
        postgres_server.execute("CREATE VIEW asked AS SELECT text FROM message", name)  # forbids to drop the table
        refused = run("restore", backup, "--replace")
        assert refused.status == 1
        assert "pg_restore failed" in refused.err and "other objects depend on it" in refused.err
        with closing(reopened(tmp_path)) as app:
            assert "$4.90" in app.chat.messages(chat[0])[-1].text
            app.knowledge.heal_index()
            assert app.knowledge.search("standard delivery cost")
