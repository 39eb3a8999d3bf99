"""Backup and restore: from the server that runs or straight from the folder, and into a folder that nobody uses."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from support_bot.commands import local
from support_bot.commands.forward import find_server, forward
from support_bot.commands.index import open_index
from support_bot.engine.weights import Progress, WeightsStore
from support_bot.errors import Conflict, Invalid, SupportBotError
from support_bot.evaluation import sameness
from support_bot.evaluation.dataset import Question, read_questions
from support_bot.services.backup import BackupService, answer_settings
from support_bot.services.erasure import ErasureService
from support_bot.services.models import ModelService
from support_bot.services.publishing import Publisher
from support_bot.settings import Settings
from support_bot.storage import archive, restoring
from support_bot.storage.data_folder import DataFolder
from support_bot.storage.database import Database
from support_bot.storage.erasures import add_to_list
from support_bot.storage.inspection import FileTrouble, inspect
from support_bot.storage.migrations import is_known, upgrade
from support_bot.storage.snapshot import POSTGRESQL_FILE, SQLITE_FILE, find_trouble_in
from support_bot.storage.trouble import storage_trouble

_EXAM = "exam.json"
_SAID = ("product", "created_at", "counts", "settings")
_DUMPS = {"sqlite": SQLITE_FILE, "postgresql": POSTGRESQL_FILE}


class Backups:
    """Needs no weights, but to ask an exam."""

    def __init__(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self._store = WeightsStore(settings.weights_dir, offline=settings.offline)

    # ---- making one

    def write(self, target: Path, exam: Path | None) -> dict[str, Any]:
        """Write everything into one file; with `exam` also how its questions are answered from this backup.

        Not `ok` where an uploaded file was gone or damaged: then the backup holds everything else, and `trouble`
        says which. Raises SupportBotError; then there is no file."""
        questions = read_questions(exam) if exam else []
        if target.is_dir():
            target = target / f"support-bot-{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}.zip"
        if questions:
            self._write_examined(target, questions)
        else:
            with self._bytes() as pieces:
                archive.store(pieces, target)
        with archive.opened(target) as written:
            found = find_trouble_in(written.about)
            return {
                "file": str(target), "bytes": target.stat().st_size, "created_at": written.about["created_at"],
                "counts": written.about["counts"], "exam": len(questions), "ok": not found.in_words,
                "missing": found.missing, "damaged": found.damaged, "trouble": _told(found),
            }  # fmt: skip

    def _write_examined(self, target: Path, questions: list[Question]) -> None:
        """The name appears with the whole backup only, its answers included."""
        if target.exists():
            raise Invalid(f"{target} exists already; choose another name, or delete it first.")
        with storage_trouble(target):
            target.absolute().parent.mkdir(parents=True, exist_ok=True)
            made = tempfile.TemporaryDirectory(prefix=".support-bot-", dir=target.absolute().parent)
        with made as folder:
            part = Path(folder) / target.name
            with self._bytes() as pieces:
                archive.store(pieces, part)
            with archive.opened(part) as whole:
                found = self._ask_copy(whole, questions)
            archive.add(part, _EXAM, sameness.to_file(questions, found))
            part.replace(target)

    @contextmanager
    def _bytes(self) -> Iterator[Iterator[bytes]]:
        folder = DataFolder(self._settings.data_dir)
        if server := find_server(folder):
            with forward(server) as api, api.download("POST", "/backup") as pieces:
                yield pieces
            return
        state = inspect(self._settings.effective_database_url)
        if state.problem or not state.current:
            nothing = f"there is nothing in {self._settings.data_dir}"
            raise Invalid(f"The database cannot be backed up: {state.problem or nothing}.")
        with folder.own():
            db = Database(self._settings.effective_database_url)
            models = ModelService(db, self._store, self._settings)
            try:
                with closing(BackupService(db, models, self._store, self._settings).open()) as pieces:
                    yield pieces
            finally:
                db.close()

    # ---- taking one back

    def restore(self, source: Path, *, replace: bool, check: bool) -> dict[str, Any]:
        """Put a backup in the place of the data folder's content, all of it or nothing. What was there is kept aside.

        Raises Conflict where there is data and `replace` is not said, Invalid where the backup cannot be used or,
        with `check`, is not answered from as it was where it was made."""
        settings = self._settings
        with archive.opened(source) as backup, DataFolder(settings.data_dir).own():
            self._refuse_unfit(backup, source, replace=replace)
            compared = self._compare(backup, source) if check else None
            staged = restoring.stage(backup, settings.data_dir)
            self._list_erasures()
            aside = self._place(staged, replace=replace)
            index = self._index()
            again = self._erase_again()
            others = _others(backup.about["settings"], answer_settings(settings))
            return {
                "restored": str(settings.data_dir.absolute()), "created_at": backup.about["created_at"],
                "counts": backup.about["counts"], "same_answers": compared, "index": index, "erased_again": again,
                "other_settings": others, "kept": str(aside or ""), "trouble": _told(find_trouble_in(backup.about)),
            }  # fmt: skip

    def _refuse_unfit(self, backup: archive.Archive, source: Path, *, replace: bool) -> None:
        settings, about = self._settings, backup.about
        kind = "postgresql" if settings.uses_postgresql else "sqlite"
        if about.get("database") != kind:
            raise Invalid(f"{source} is of {about.get('database')}, but SUPPORT_BOT_DATABASE_URL names {kind}.")
        if lacks := {*_SAID, _DUMPS[kind]} - {*about, *about["files"]}:
            raise Invalid(f"{source} is damaged: its manifest does not name {min(lacks)}.")
        if kind == "sqlite" and settings.database_url:
            raise Invalid("A backup is restored into the data folder; leave SUPPORT_BOT_DATABASE_URL empty.")
        if not is_known(about.get("revision")):
            newer = f"{source} was made by version {about.get('product')}, which is newer than this one"
            raise Invalid(f"{newer} (schema {about.get('revision')}); install that version.")
        if restoring.holds_data(settings.data_dir) and not replace:
            raise Conflict(f"{settings.data_dir} holds data already; --replace lets the backup take its place.")

    def _place(self, staged: Path, *, replace: bool) -> Path | None:
        """Where what was there lies now."""
        settings = self._settings
        if not settings.uses_postgresql:
            return restoring.place(settings.data_dir)
        with closing(Database(settings.database_url)) as db:
            return restoring.place_postgresql(db, staged, settings.data_dir, replace=replace)

    def _index(self) -> str:
        """Bring the schema up to date and build both indexes from SQL; what was done, in words."""
        db = Database(self._settings.effective_database_url)
        try:
            upgrade(db.engine)
            with closing(open_index(self._settings, self._store, db)) as index:
                chunks = Publisher(db, index).reindex(lambda done, total: self._progress("Indexing", done, total))
            return f"{chunks} chunks"
        except SupportBotError as error:
            return f"built at the next start ({error.detail})"
        finally:
            db.close()

    def _list_erasures(self) -> None:
        """Write down who was erased, by the database that is about to go."""
        if inspect(self._settings.effective_database_url).current:
            with closing(Database(self._settings.effective_database_url)) as db, db.reading() as tx:
                add_to_list(self._settings.data_dir, tx.erasures.all() if tx.erasures.is_kept() else [])

    def _erase_again(self) -> int:
        """Erase what was erased since the backup was made; how many conversations it had of them."""
        with closing(Database(self._settings.effective_database_url)) as db:
            return ErasureService(db, self._settings).apply_again()

    # ---- the exam

    def _compare(self, backup: archive.Archive, source: Path) -> str:
        recorded = backup.read_extra(_EXAM)
        if recorded is None:
            raise Invalid(
                f"{source} holds no exam to check; make backups with --exam FILE, or restore without --check."
            )
        questions, before = sameness.from_file(recorded)
        different = sameness.differences(before, self._ask_copy(backup, questions))
        if different:
            shown = "; ".join(different[:5])
            raise Conflict(
                f"{len(different)} of {len(questions)} answers differ ({shown}). Nothing was restored; compare "
                "weights and settings, or restore without --check."
            )
        return f"{len(questions)} of {len(questions)}"

    def _ask_copy(self, backup: archive.Archive, questions: list[Question]) -> sameness.Answers:
        """The answers from a copy in a temporary folder, which no customer sees."""
        with tempfile.TemporaryDirectory(prefix="support-bot-exam-", ignore_cleanup_errors=True) as name:
            if backup.about["database"] != "sqlite":
                raise Invalid("An exam can be asked of SQLite backups only so far; restore without --check.")
            folder = Path(name)
            restoring.stage(backup, folder)
            restoring.place(folder)
            copied = self._settings.model_copy(update={"data_dir": folder, "database_url": "", "sample_data": False})
            app = local.build(copied, self._progress)
            try:
                app.start()
                return sameness.answers(app, questions, self._progress)
            finally:
                app.close()


def _told(found: FileTrouble) -> str:
    advice = "upload these documents again, or take them from an older backup; everything else is in this one"
    return f"of the uploaded files {found.in_words}: {advice}" if found.in_words else ""


def _others(before: dict[str, Any], now: dict[str, Any]) -> list[str]:
    """Names of settings that answers depend on and that are not what they were."""
    return [
        f"{group}.{name}"
        for group, values in sorted(now.items())
        for name, value in sorted(values.items())
        if before.get(group, {}).get(name, value) != value
    ]
