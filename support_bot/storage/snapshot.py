"""A copy of the database and of the files it names that belong together, taken while the product works on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from psycopg.conninfo import make_conninfo
from psycopg.pq import Conninfo
from sqlalchemy import URL, Connection, Engine, create_engine, func, select, text

from support_bot.errors import DatabaseUnavailable, Invalid
from support_bot.models import Base, Document, DocumentVersion
from support_bot.storage.blobs import BlobStore
from support_bot.storage.database import Database
from support_bot.storage.inspection import FileTrouble
from support_bot.storage.migrations import revision_of
from support_bot.storage.trouble import in_words, storage_trouble

SQLITE_FILE, POSTGRESQL_FILE = "database.sqlite", "database.pgdump"
FOLDER_PREFIX = ".snapshot-"
_FILES = "files/"
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Files by the names they have in a backup; `counts` are the rows of each table.

    `documents` names a document for each uploaded file, by its SHA-256, also where the file itself is gone."""

    kind: str
    revision: str | None
    counts: dict[str, int]
    files: tuple[tuple[str, Path], ...]
    documents: dict[str, str]


@contextmanager
def snapshot(db: Database, data_dir: Path) -> Iterator[Snapshot]:
    """Take one; it is gone when the block ends. Writers are not kept waiting.

    Files are never changed once they are there, so a hard link keeps one, whatever is deleted meanwhile; a document
    that was deleted between the copy and the links makes both be taken again. A file that is missing then, too, is
    gone, and the snapshot does without it.

    Raises StorageFull or DatabaseUnavailable."""
    with storage_trouble(data_dir), tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX, dir=data_dir) as name:
        folder, blobs = Path(name), BlobStore(data_dir / "files")
        take = _from_sqlite if db.is_sqlite else _from_postgresql
        yield take(db.engine, blobs, folder)


def _from_sqlite(engine: Engine, blobs: BlobStore, folder: Path) -> Snapshot:
    copy, gone = folder / SQLITE_FILE, frozenset[str]()
    for _ in range(_TRIES):
        copy.unlink(missing_ok=True)
        try:
            _copy_sqlite(engine, copy)
        except sqlite3.DatabaseError as error:
            unnamed = DatabaseUnavailable(f"The database cannot be copied ({error}). Run `support-bot doctor`.")
            raise in_words(str(error).lower()) or unnamed from error
        copied = create_engine(URL.create("sqlite", database=str(copy)))
        try:
            with copied.connect() as connection:
                documents, files, missing = _link_blobs(connection, blobs, folder)
                if missing <= gone:
                    return _described(connection, "sqlite", [(SQLITE_FILE, copy), *files], documents)
                gone = missing
        finally:
            copied.dispose()
    raise _too_busy()


def _copy_sqlite(engine: Engine, copy: Path) -> None:
    """SQLite's own online copy, in one step: a consistent state, while WAL lets others write on."""
    source = engine.raw_connection()
    try:
        with closing(sqlite3.connect(copy)) as target:
            driver = source.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.backup(target)
            target.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it
            [(health,)] = target.execute("PRAGMA quick_check(1)").fetchall()
            if health != "ok":
                raise sqlite3.DatabaseError(str(health))
    finally:
        source.close()


def _from_postgresql(engine: Engine, blobs: BlobStore, folder: Path) -> Snapshot:
    """`pg_dump` of the very state whose files are linked: it is given the snapshot of our transaction."""
    dump, gone = folder / POSTGRESQL_FILE, frozenset[str]()
    for _ in range(_TRIES):
        with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
            exported = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
            documents, files, missing = _link_blobs(connection, blobs, folder)
            if missing <= gone:
                dump_postgresql(engine, dump, f"--snapshot={exported}")
                return _described(connection, "postgresql", [(POSTGRESQL_FILE, dump), *files], documents)
            gone = missing
    raise _too_busy()


def dump_postgresql(engine: Engine, dump: Path, *more: str) -> None:
    """Write the whole database into a file."""
    run_postgresql([postgresql_program("pg_dump"), "--format=custom", "--no-owner", f"--file={dump}", *more], engine)


def postgresql_program(name: str) -> str:
    """Where one of PostgreSQL's programs is. Raises Invalid where it is not installed."""
    if (found := shutil.which(name)) is None:
        raise Invalid(f"{name} is not installed; it is needed for backups of PostgreSQL (package postgresql-client).")
    return found


def run_postgresql(command: list[str], engine: Engine) -> None:
    """Run one of PostgreSQL's programs on this database, connected to as we are, its password out of sight.

    Raises Invalid with its words."""
    given = engine.dialect.create_connect_args(engine.url)[1]
    known = {option.keyword.decode() for option in Conninfo.get_defaults()} - {"password"}
    shown = make_conninfo(**{name: value for name, value in given.items() if name in known})
    secret = {"PGPASSWORD": str(given["password"])} if given.get("password") else {}
    done = subprocess.run(
        [*command, f"--dbname={shown}"], env=os.environ | secret, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it gave no reason"]
        reason = next((line for line in said if "error:" in line), said[-1])
        raise Invalid(f"{Path(command[0]).name} failed: {reason}")


def _link_blobs(
    connection: Connection, blobs: BlobStore, folder: Path
) -> tuple[dict[str, str], list[tuple[str, Path]], frozenset[str]]:
    """What this state names: documents by SHA-256, their files, kept in `folder`, and the hashes of those missing."""
    query = select(DocumentVersion.sha256, func.min(Document.name)).join(Document)
    query = query.group_by(DocumentVersion.sha256).order_by(DocumentVersion.sha256)
    documents = {row[0]: row[1] for row in connection.execute(query)}
    files, missing = [], set()
    for sha256 in documents:
        kept = folder / _name(sha256)
        if kept.exists() or blobs.keep(sha256, kept):
            files.append((_name(sha256), kept))
        else:
            missing.add(sha256)
    return documents, files, frozenset(missing)


def _name(sha256: str) -> str:
    return f"{_FILES}{sha256[:2]}/{sha256}"


def find_trouble_in(manifest: Mapping[str, Any]) -> FileTrouble:
    """Uploaded files that were gone or damaged when this backup was made: its names say what their hashes should be."""
    named, files = manifest.get("documents"), manifest["files"]
    documents = {str(sha256): str(name) for sha256, name in named.items()} if isinstance(named, dict) else {}
    missing = [name for sha256, name in documents.items() if _name(sha256) not in files]
    uploaded = {PurePosixPath(name).name: entry["sha256"] for name, entry in files.items() if name.startswith(_FILES)}
    damaged = [documents.get(name, name) for name, sha256 in uploaded.items() if name != sha256]
    return FileTrouble(tuple(sorted(missing)), tuple(sorted(damaged)))


def _described(connection: Connection, kind: str, files: list[tuple[str, Path]], documents: dict[str, str]) -> Snapshot:
    counts = {
        name: connection.scalar(select(func.count()).select_from(table)) or 0
        for name, table in sorted(Base.metadata.tables.items())
    }
    return Snapshot(kind, revision_of(connection), counts, tuple(files), documents)


def _too_busy() -> DatabaseUnavailable:
    return DatabaseUnavailable("Documents are deleted faster than they can be copied. Try again in a while.")
