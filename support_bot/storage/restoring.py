"""Put a backup in the place of a data folder: prepared aside, then moved in so that a crash is finished, not lost."""

from __future__ import annotations

import datetime as dt
import shutil
from pathlib import Path

from sqlalchemy import create_engine, inspect

from support_bot.errors import Conflict, Invalid
from support_bot.storage.archive import Archive
from support_bot.storage.snapshot import FOLDER_PREFIX, POSTGRESQL_FILE, SQLITE_FILE, run_postgresql

DATABASE = "support-bot.db"
_PART, _READY, _PLACING = "restore.part", "restore.ready", "restore.placing"
_BESIDE = ("-wal", "-shm", "-journal")
_OURS = (
    *(f"{name}{end}" for name in (DATABASE, "jobs.db") for end in ("", *_BESIDE)), "files", "chroma",
)  # fmt: skip
_ASIDE = "before-restore"


def holds_data(folder: Path) -> bool:
    """Whether something of ours lies in the data folder."""
    return any((folder / name).exists() for name in _OURS)


def stage(archive: Archive, folder: Path) -> Path:
    """Unpack beside the data, within its folder; what is in use is not touched. Raises Invalid or StorageFull."""
    part = folder / _PART
    shutil.rmtree(part, ignore_errors=True)
    try:
        archive.unpack(part)
        (part / "files").mkdir(exist_ok=True)
        if (part / SQLITE_FILE).exists():
            (part / SQLITE_FILE).replace(part / DATABASE)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return part


def place(folder: Path) -> Path | None:
    """Let what was staged take the place of the data, all of it; where the data from before lies now, if there was any.

    From here on a crash loses nothing: the next owner of the folder finishes."""
    (folder / _PART).replace(folder / _READY)
    return finish(folder)


def finish(folder: Path) -> Path | None:
    """Go on with a restore that was cut off, and sweep up what cut-off backups left. Call it as the folder's owner."""
    aside: Path | None = None
    ready, placing = folder / _READY, folder / _PLACING
    if ready.exists():
        # What was there goes first, as a whole: an old log beside a new database would be applied to it.
        aside = _move_aside(folder)
        ready.replace(placing)
    if placing.exists():
        for name in _OURS:
            if (placing / name).exists():
                (placing / name).replace(folder / name)
        shutil.rmtree(placing)
    shutil.rmtree(folder / _PART, ignore_errors=True)
    for left in folder.glob(f"{FOLDER_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    return aside


def _move_aside(folder: Path) -> Path | None:
    there = [name for name in _OURS if (folder / name).exists()]
    if not there:
        return None
    aside = folder / f"{_ASIDE}-{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}"
    aside.mkdir(exist_ok=True)
    for name in there:
        (folder / name).replace(aside / name)
    return aside


def fill_postgresql(url: str, staged: Path, *, replace: bool) -> None:
    """Load the staged dump in one transaction. Raises Conflict where there are tables that may not be lost."""
    program = shutil.which("pg_restore")
    if program is None:
        raise Invalid("pg_restore is not installed; it is needed to restore PostgreSQL (package postgresql-client).")
    engine = create_engine(url)
    try:
        if inspect(engine).get_table_names() and not replace:
            raise Conflict("The database holds tables already; --replace lets the backup take their place.")
        clean = ["--clean", "--if-exists"] if replace else []
        command = [program, "--single-transaction", "--exit-on-error", "--no-owner", *clean]
        run_postgresql([*command, str(staged / POSTGRESQL_FILE)], engine)
    finally:
        engine.dispose()
