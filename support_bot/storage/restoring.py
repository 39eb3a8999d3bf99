"""Put a backup in the place of a data folder: prepared aside, then moved in so that a crash is finished, not lost."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from pathlib import Path

from sqlalchemy import inspect, text

from support_bot.errors import Conflict, Invalid
from support_bot.storage.archive import Archive
from support_bot.storage.blobs import BlobStore
from support_bot.storage.connections import PROGRAM
from support_bot.storage.database import Database
from support_bot.storage.snapshot import (
    FOLDER_PREFIX,
    POSTGRESQL_FILE,
    SQLITE_FILE,
    dump_postgresql,
    postgresql_program,
    run_postgresql,
)

DATABASE = "support-bot.db"
_PART, _READY, _PLACING = "restore.part", "restore.ready", "restore.placing"
_BESIDE = ("-wal", "-shm", "-journal")
_OURS = (
    *(f"{name}{end}" for name in (DATABASE, "jobs.db") for end in ("", *_BESIDE)), "files", "chroma",
)  # fmt: skip
_ASIDE = "before-restore"
_ALL_OR_NOTHING = ("--single-transaction", "--exit-on-error", "--no-owner", "--no-acl")
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    f"AND application_name LIKE '{PROGRAM}%'"
)


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
    aside = _made_aside(folder)
    for name in there:
        (folder / name).replace(aside / name)
    return aside


def _made_aside(folder: Path) -> Path:
    """A new folder for what was there, for its owner's eyes only."""
    name = f"{_ASIDE}-{dt.datetime.now(dt.UTC):%Y%m%d-%H%M%S}"
    places = (folder / f"{name}{end}" for end in ("", *(f"-{number}" for number in range(2, 100))))
    aside = next(place for place in places if not place.exists())
    aside.mkdir(mode=0o700)
    return aside


def place_postgresql(db: Database, staged: Path, folder: Path, *, replace: bool) -> Path | None:
    """The same for PostgreSQL: files, which never change, join those that are there, then the dump is loaded in one
    transaction. Where the database from before lies now, if there were tables.

    Cut off anywhere, the database is the old or the new one, with all its files. Raises Conflict where there are
    tables that may not be lost or that the backup does not know, or where somebody works on them."""
    try:
        there = _refuse_unless_free(db, staged / POSTGRESQL_FILE, replace=replace)
        aside = _made_aside(folder) if there else None
        if aside is not None:
            dump_postgresql(db.engine, aside / POSTGRESQL_FILE)
        blobs = BlobStore(folder / "files")
        for path in (staged / "files").rglob("*"):
            if path.is_file():
                blobs.put(path.read_bytes())
        shutil.rmtree(folder / "chroma", ignore_errors=True)  # the numbers of chunks would mean others
        clean = ["--clean", "--if-exists"] if there else []
        command = [postgresql_program("pg_restore"), *_ALL_OR_NOTHING, *clean, str(staged / POSTGRESQL_FILE)]
        run_postgresql(command, db.engine)
        return aside
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _refuse_unless_free(db: Database, dump: Path, *, replace: bool) -> set[str]:
    """The tables that are there, all of which the dump replaces."""
    db.require()
    with db.read_connection() as connection:
        there = set(inspect(connection).get_table_names())
        others = connection.scalar(_OTHERS) or 0
    if there and not replace:
        raise Conflict("The database holds tables already; --replace lets the backup take their place.")
    if others:
        raise Conflict("Another server or worker works on this database: stop it first.")
    unknown = {name for name in there - _tables(dump) if not name.startswith("huey_")}
    if unknown:
        raise Conflict(
            f"The database holds tables that the backup does not know ({', '.join(sorted(unknown)[:5])}), those of a "
            "newer version or of another program. Restore into an empty database."
        )
    return there


def _tables(dump: Path) -> set[str]:
    command = [postgresql_program("pg_restore"), "--list", str(dump)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Invalid(f"The dump in the backup cannot be read: {done.stderr.strip()}")
    return set(re.findall(r"^\d+; \d+ \d+ TABLE \S+ (\S+) ", done.stdout, re.M))
