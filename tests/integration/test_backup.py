"""Backup and restore by command: what is brought back, what is refused, and that a failure leaves nothing half-done."""

from __future__ import annotations

import io
import json
import re
import resource
import shutil
import signal
import sqlite3
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from support_bot.assembly import App, build_app
from support_bot.engine.fake import FakeEngine, HashingEmbedder
from support_bot.storage import restoring
from support_bot.storage.archive import opened
from support_bot.storage.data_folder import DataFolder
from support_bot.storage.migrations import head_revision
from tests.factories import DELIVERY, RETURNS, add_article, add_staff, ask, make_app, settings
from tests.integration.test_cli_commands import Run, run

NEWEST = f'"{head_revision()}"'.encode()

__all__ = ["run"]  # a fixture

EXAM = '{"id": "1", "question": "How much does standard delivery cost?"}\n{"id": "2", "question": "Returns within?"}\n'


@pytest.fixture
def chat(tmp_path: Path) -> tuple[str, str]:
    """A conversation (id and token) in the data folder, which nobody has open."""
    app = make_app(tmp_path)
    try:
        add_staff(app)
        add_article(app, "delivery.md", DELIVERY)
        add_article(app, "returns.md", RETURNS)
        started = app.chat.start("web")
        ask(app, started.id, "How much does standard delivery cost?")
        return started.id, started.token
    finally:
        app.close()


@pytest.fixture
def backup(run: Run, tmp_path: Path, chat: tuple[str, str]) -> Path:
    (tmp_path / "exam.jsonl").write_text(EXAM)
    made = run("backup", tmp_path / "b.zip", "--exam", tmp_path / "exam.jsonl", "--json")
    assert made.status == 0, made.err
    assert made.json["counts"]["document"] == 2
    return tmp_path / "b.zip"


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, backup: Path) -> Path:
    """From here on commands are about another data folder, which does not exist yet."""
    monkeypatch.setenv("SUPPORT_BOT_DATA_DIR", str(tmp_path / "elsewhere" / "data"))
    return tmp_path / "elsewhere" / "data"


def reopened(folder: Path) -> App:
    return build_app(settings(folder.parent), engine=FakeEngine(), embedder=HashingEmbedder())


def left_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"server.lock"} if folder.exists() else set()


class TestRoundTrip:
    def test_everything_is_back_and_tokens_stay_valid(self, run: Run, elsewhere: Path, chat: tuple[str, str]) -> None:
        restored = run("restore", elsewhere.parents[1] / "b.zip", "--check", "--json")
        assert restored.status == 0, restored.err
        assert restored.json["same_answers"] == "2 of 2"
        app = reopened(elsewhere)
        app.chat.authorize(*chat)
        assert "$4.90" in app.chat.messages(chat[0])[-1].text
        assert app.staff.sign_in("ana@example.com", "correct horse battery")
        assert app.knowledge.heal_index() == 0  # the index was built, and is complete
        assert [p.name for p in app.knowledge.search("standard delivery cost")][:1] == ["delivery.md"]
        app.close()

    def test_nobody_but_the_owner_may_read_a_backup(self, backup: Path) -> None:
        assert backup.stat().st_mode & 0o077 == 0

    def test_a_folder_as_target_gets_a_file_named_by_the_time(self, run: Run, tmp_path: Path, backup: Path) -> None:
        (tmp_path / "all").mkdir()
        assert run("backup", tmp_path / "all").status == 0
        assert [path.suffix for path in (tmp_path / "all").iterdir()] == [".zip"]

    @pytest.mark.parametrize("exam", [False, True])
    def test_the_folder_of_a_backup_is_made(self, run: Run, tmp_path: Path, backup: Path, exam: bool) -> None:
        target = tmp_path / "new" / "folder" / "b.zip"
        made = run("backup", target, *(["--exam", tmp_path / "exam.jsonl"] if exam else []))
        assert (made.status, target.exists()) == (0, True), made.err

    def test_two_restores_in_one_second_keep_both(self, tmp_path: Path) -> None:
        for number in (1, 2):
            (tmp_path / "support-bot.db").write_text(str(number))
            (tmp_path / "files").mkdir(exist_ok=True)
            (tmp_path / "files" / "file").write_text(str(number))
            (tmp_path / "restore.part").mkdir()
            kept = restoring.place(tmp_path)
            assert kept is not None
            assert (kept / "support-bot.db").read_text() == (kept / "files" / "file").read_text() == str(number)
        assert len(list(tmp_path.glob("before-restore-*"))) == 2

    def test_replacing_keeps_what_was_there(
        self, run: Run, tmp_path: Path, backup: Path, chat: tuple[str, str]
    ) -> None:
        app = reopened(tmp_path / "data")
        late = app.chat.start("web").id
        app.close()
        assert run("restore", backup).status == 1
        replaced = run("restore", backup, "--replace", "--json")
        with closing(sqlite3.connect(tmp_path / "data" / "support-bot.db")) as now:
            assert now.execute("SELECT id FROM conversation").fetchall() == [(chat[0],)]
        with closing(sqlite3.connect(Path(replaced.json["kept"]) / "support-bot.db")) as before:
            assert (late,) in before.execute("SELECT id FROM conversation").fetchall()


class TestRefusals:
    def test_an_existing_file_is_not_overwritten(self, run: Run, backup: Path) -> None:
        before = backup.read_bytes()
        refused = run("backup", backup)
        assert (refused.status, "exists already" in refused.err) == (1, True)
        assert backup.read_bytes() == before

    def test_nothing_to_back_up_is_said(self, run: Run, tmp_path: Path) -> None:
        assert "there is nothing in" in run("backup", tmp_path / "b.zip").err
        assert not (tmp_path / "b.zip").exists()

    @pytest.mark.parametrize(
        ("spoil", "complaint"),
        [
            (lambda path: path.write_bytes(b""), "is no backup"),
            (lambda path: path.write_bytes(b"hello" * 1000), "is no backup"),
            (lambda path: path.write_bytes(path.read_bytes()[:-3000]), "its end is missing"),
            (lambda path: path.write_bytes(_with_a_flipped_bit(path)), "damaged"),
            (lambda path: path.unlink(), "is no file"),
            (lambda path: _rewrite(path, "files/", b"", b"other"), "damaged"),
            (lambda path: _rewrite(path, "manifest", b"", None), "no manifest"),
            (lambda path: _rewrite(path, "manifest", NEWEST, b'"9999"'), "newer than this one"),
            (lambda path: _rewrite(path, "manifest", b'"files/', b'"../fi/'), "holds '../fi/"),
            (lambda path: _rewrite(path, "manifest", b'"sqlite"', b'"postgresql"'), "names sqlite"),
            (lambda path: _rewrite(path, "exam", b"$4", b"$9"), "1 of 2 answers differ"),
            (lambda path: _forget_the_database(path), "does not name database.sqlite"),
            (lambda path: _rewrite(path, "manifest", b'"settings"', b'"x"'), "does not name settings"),
            (lambda path: _rewrite(path, "exam", b"", b"{}"), "cannot be read"),
        ],
        ids=["empty", "another file", "cut off", "flipped bit", "gone", "exchanged file", "no manifest", "newer",
             "outside", "other database", "other answers", "no database", "no settings", "no exam"],
    )  # fmt: skip
    def test_what_cannot_be_restored_changes_nothing(
        self, run: Run, elsewhere: Path, spoil: Callable[[Path], object], complaint: str
    ) -> None:
        backup = elsewhere.parents[1] / "b.zip"
        spoil(backup)
        refused = run("restore", backup, "--check")
        assert refused.status == 1
        assert complaint in refused.err.splitlines()[-1]
        assert left_in(elsewhere) == set()


class TestInterrupted:
    def test_a_restore_that_was_cut_off_at_any_move_is_finished_by_the_next_owner(
        self, tmp_path: Path, backup: Path, chat: tuple[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for moves in range(12):
            target = tmp_path / f"t{moves}" / "data"
            shutil.copytree(tmp_path / "data", target)
            (target / "support-bot.db-wal").write_bytes(b"of another database")
            with opened(backup) as archive:
                restoring.stage(archive, target)
            with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
                patched.setattr(Path, "replace", _cut_off_after(moves))
                restoring.place(target)
                raise KeyboardInterrupt
            with DataFolder(target).own():
                pass
            staged = moves > 0  # before the first move nothing was decided
            assert (target / "support-bot.db-wal").exists() is not staged
            with closing(sqlite3.connect(target / "support-bot.db")) as now:
                assert now.execute("SELECT count(*) FROM document").fetchone() == (2,)
            assert bool(list(target.glob("before-restore-*"))) is staged
            assert not list(target.glob("restore.*"))

    def test_a_full_disk_leaves_no_backup_behind(self, tmp_path: Path, backup: Path, run: Run) -> None:
        with _LargestFile(100_000):
            full = run("backup", tmp_path / "c.zip")
        assert full.status == 1
        assert re.search("no room left on the disk|cannot be written", full.err)
        assert {path.name for path in tmp_path.glob("*.zip*")} | {p.name for p in tmp_path.glob(".*")} == {"b.zip"}
        assert not list((tmp_path / "data").glob(".snapshot-*"))

    def test_a_full_disk_leaves_nothing_restored(self, elsewhere: Path, run: Run) -> None:
        with _LargestFile(20_000):
            full = run("restore", elsewhere.parents[1] / "b.zip")
        assert full.status == 1
        assert "no room left on the disk" in full.err
        assert left_in(elsewhere) == set()


def _with_a_flipped_bit(path: Path) -> bytes:
    """Within the database, which comes first: the first bit that matters, since packed bits may say the same twice."""
    data = bytearray(path.read_bytes())
    for place in range(2000, len(data)):
        data[place] ^= 1
        if not _unpacks(bytes(data)):
            return bytes(data)
        data[place] ^= 1
    raise AssertionError("no bit of the archive matters")


def _unpacks(data: bytes) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.testzip() is None
    except (zipfile.BadZipFile, zlib.error, EOFError):
        return False


def _rewrite(path: Path, which: str, old: bytes, new: bytes | None) -> None:
    """Replace bytes in files whose name begins so; `new` None drops the files, no `old` is all of their content."""
    with zipfile.ZipFile(path) as before:
        files = {name: before.read(name) for name in before.namelist()}
    with zipfile.ZipFile(path, "w") as after:
        for name, data in files.items():
            if not name.startswith(which):
                after.writestr(name, data)
            elif new is not None:
                after.writestr(name, data.replace(old, new) if old else new)


def _forget_the_database(path: Path) -> None:
    with zipfile.ZipFile(path) as before:
        manifest = json.loads(before.read("manifest.json"))
    del manifest["files"]["database.sqlite"]
    _rewrite(path, "manifest", b"", json.dumps(manifest).encode())


def _cut_off_after(moves: int) -> Callable[[Path, Path], Path]:
    left = moves
    move = Path.replace

    def replace(self: Path, target: Path) -> Path:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        return move(self, target)

    return replace


class _LargestFile:
    """As on a full disk: no file of this process may grow beyond so many bytes."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __enter__(self) -> None:
        self._handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        self._before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._size, self._before[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._before)
        signal.signal(signal.SIGXFSZ, self._handler)
