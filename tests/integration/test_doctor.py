"""The doctor names what is wrong and what to do, and changes nothing."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from support_bot.commands import doctor
from support_bot.commands.doctor import Finding, examine
from support_bot.errors import Conflict
from support_bot.settings import EngineSettings, RemoteSettings, Settings
from support_bot.storage.data_folder import DataFolder
from support_bot.storage.database import Database
from support_bot.storage.migrations import upgrade
from support_bot.storage.snapshot import snapshot
from tests.factories import DELIVERY, add_article, make_app, settings
from tests.openai_servers import KEY, Script, ScriptedServer, refuses, says


@pytest.fixture
def given(tmp_path: Path) -> Settings:
    """Settings of an installation with an article, which nobody has open."""
    app = make_app(tmp_path)
    add_article(app, "delivery.md", DELIVERY)
    app.close()
    return settings(tmp_path)


def found(given: Settings) -> dict[str, Finding]:
    return {finding.name: finding for finding in examine(given)}


def test_a_healthy_installation_has_no_problem(given: Settings) -> None:
    assert [finding for finding in found(given).values() if not finding.ok] == []
    assert {"database", "clock", "uploaded files", "index", "port"} <= found(given).keys()


def spoil_database(data: Path) -> None:
    (data / "support-bot.db").write_bytes(b"garbage" * 5000)


def spoil_pages(data: Path) -> None:
    content = bytearray((data / "support-bot.db").read_bytes())
    content[20 * 4096 : 60 * 4096] = b"\xff" * (40 * 4096)
    (data / "support-bot.db").write_bytes(content)


def make_newer(data: Path) -> None:
    with closing(sqlite3.connect(data / "support-bot.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")


def spoil_file(data: Path) -> None:
    [file] = [path for path in (data / "files").rglob("*") if path.is_file()]
    file.write_bytes(file.read_bytes().replace(b"4.90", b"9.90"))


def spoil_index(data: Path) -> None:
    (data / "chroma" / "chroma.sqlite3").write_bytes(b"garbage" * 1000)


def turn_the_clock_back(data: Path) -> None:
    later = time.time() + 7200
    os.utime(data / "support-bot.db", (later, later))


@pytest.mark.parametrize(
    ("spoil", "name", "detail"),
    [
        (spoil_database, "database", "it is damaged (file is not a database): restore the newest backup"),
        (spoil_pages, "database", "restore the newest backup"),
        (make_newer, "database", "a newer version of the product made it (schema 9999): install that version"),
        (lambda data: shutil.rmtree(data / "files"), "uploaded files", "1 is gone (delivery.md): restore a backup"),
        (spoil_file, "uploaded files", "1 is damaged (delivery.md): restore a backup, or upload these documents again"),
        (lambda data: shutil.rmtree(data / "chroma"), "index", "1 chunks missing, 0 too many: run `support-bot reind"),
        (spoil_index, "index", "file is not a database: run `support-bot reindex`"),
        (turn_the_clock_back, "clock", "120 minutes behind files that are there: set it"),
    ],
    ids=["no database", "damaged", "newer", "files gone", "file damaged", "index gone", "index damaged", "clock"],
)
def test_what_is_wrong_is_named_with_its_remedy(
    given: Settings, spoil: Callable[[Path], None], name: str, detail: str
) -> None:
    spoil(given.data_dir)
    sick = found(given)[name]
    assert not sick.ok
    assert detail in sick.detail
    again = found(given)[name]  # nothing was mended by looking
    assert again == sick


def test_of_many_files_that_are_gone_some_are_named(tmp_path: Path) -> None:
    with closing(make_app(tmp_path, start=False)) as app:
        for number in range(5):
            app.knowledge.add(f"{number}.md", f"# Delivery {number}\n\nA day.".encode())
    shutil.rmtree(tmp_path / "data" / "files")
    detail = found(settings(tmp_path))["uploaded files"].detail
    assert detail.startswith("5 are gone (0.md, 1.md, 2.md and 2 more): ")


def test_a_locked_database_is_named(given: Settings) -> None:
    with closing(sqlite3.connect(given.data_dir / "support-bot.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "another program keeps it locked" in found(given)["database"].detail


def test_a_taken_port_is_named(given: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = given.server.model_copy(update={"port": port})
        sick = found(given.model_copy(update={"server": server}))["port"]
    assert not sick.ok
    assert f"127.0.0.1:{port} cannot be used" in sick.detail


@pytest.mark.parametrize("name", ["50%20 off", "a#b", "what?x"])
def test_a_folder_of_any_name_holds_its_data_itself(tmp_path: Path, name: str) -> None:
    make_app(tmp_path / name).close()
    assert [finding for finding in found(settings(tmp_path / name)).values() if not finding.ok] == []
    with (
        DataFolder(tmp_path / name / "data").own(),
        closing(Database(settings(tmp_path / name).effective_database_url)) as db,
        snapshot(db, tmp_path / name / "data") as taken,
    ):
        assert taken.counts["channel"] == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name / "data" / "support-bot.db").is_file()


def test_a_port_that_does_not_exist_is_named(given: Settings) -> None:
    server = given.server.model_copy(update={"port": 99_999})
    sick = found(given.model_copy(update={"server": server}))["port"]
    assert (sick.ok, "127.0.0.1:99999 cannot be used" in sick.detail) == (False, True)


def test_a_disk_that_is_nearly_full_is_named(given: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_LEAST_FREE", 10**18)
    assert "free at least" in found(given)["disk of data"].detail


def test_a_folder_that_cannot_be_written_is_named(given: Settings) -> None:
    sick = found(given.model_copy(update={"data_dir": Path("/proc/self/data")}))["data folder"]
    assert not sick.ok
    assert "set SUPPORT_BOT_DATA_DIR" in sick.detail


def test_a_newer_database_is_not_served(given: Settings) -> None:
    make_newer(given.data_dir)
    db = Database(given.effective_database_url)
    with pytest.raises(Conflict, match="newer version of the product"):
        upgrade(db.engine)
    db.close()


@pytest.mark.parametrize(
    ("script", "ok", "detail"),
    [
        (says("Hi"), True, "remote:127.0.0.1:"),
        (refuses(401), False, "refuses the key"),
        (refuses(404), False, "path in the URL"),
    ],
)
def test_a_model_elsewhere_is_asked_for_a_word(given: Settings, script: Script, ok: bool, detail: str) -> None:
    server = ScriptedServer(script)
    remote = RemoteSettings(url=server.url, model="writer", api_key=KEY, timeout_s=60)
    model = found(given.model_copy(update={"engine": EngineSettings(kind="openai", remote=remote)}))["model"]
    server.close()
    assert model.ok is ok and detail in model.detail and KEY not in model.detail
