"""How a database stands against the newest schema, without making or changing one; and bringing it there."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import func, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from support_bot.errors import DamagedFile, Invalid, NotFound, SupportBotError
from support_bot.models import Document, DocumentVersion
from support_bot.storage.blobs import BlobStore
from support_bot.storage.database import Database
from support_bot.storage.migrations import current_revision, head_revision, is_known, upgrade

_NAMES = 3  # of documents in a line


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """`current` is None for a database without our tables; `problem` says why it could not be read, or nothing."""

    current: str | None
    head: str | None
    problem: str = ""

    @property
    def is_newer(self) -> bool:
        """Whether a newer version of the product has made it."""
        return not is_known(self.current)

    @property
    def is_newest(self) -> bool:
        """Whether the product can work on it as it is."""
        return not self.problem and self.current is not None and self.current == self.head


def inspect(url: str) -> DatabaseState:
    """The state of the database at this URL; a SQLite file that does not exist counts as empty."""
    head = head_revision()
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists():
        return DatabaseState(None, head)
    db = Database(url)
    try:
        db.require()
        return DatabaseState(current_revision(db.engine), head)
    except SupportBotError as error:
        return DatabaseState(None, head, error.detail)
    except SQLAlchemyError as error:
        where = parsed.render_as_string(hide_password=True)
        return DatabaseState(None, head, f"{where} does not answer: {str(error).splitlines()[0]}")
    finally:
        db.close()


def shown(url: str) -> str:
    """The database as people may see it: its kind and where it is, without the password."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return f"SQLite in {parsed.database}"
    return f"PostgreSQL at {parsed.set(drivername='postgresql', query={}).render_as_string(hide_password=True)}"


def find_trouble(url: str) -> str:
    """What is wrong inside a SQLite database, or who keeps it locked; nothing where it can be worked on."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite" or not Path(parsed.database or "").exists():
        return ""
    try:
        with closing(sqlite3.connect(f"file:{quote(parsed.database or '')}?mode=rw", uri=True, timeout=2)) as database:
            [first, *_] = database.execute("PRAGMA quick_check(1)").fetchall()
            if first[0] != "ok":
                return f"it is damaged ({first[0]}): restore the newest backup"
            database.execute("BEGIN IMMEDIATE")
            database.rollback()
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            return "another program keeps it locked: find it (`fuser`, `lsof`) and end it"
        return f"it cannot be written ({error}): check the rights and the disk of {parsed.database}"
    except sqlite3.DatabaseError as error:
        return f"it is damaged ({error}): restore the newest backup"
    return ""


@dataclass(frozen=True, slots=True)
class FileTrouble:
    """Uploaded files that are `missing`, or `damaged`, by the names of their documents."""

    missing: tuple[str, ...]
    damaged: tuple[str, ...]

    @property
    def in_words(self) -> str:
        """`1 is gone (a.md), 2 are damaged (b.md, c.md)`; empty where all is well."""
        return ", ".join(
            f"{len(names)} {'is' if len(names) == 1 else 'are'} {state} ({_some(names)})"
            for state, names in (("gone", self.missing), ("damaged", self.damaged))
            if names
        )


def find_file_trouble(url: str, folder: Path) -> FileTrouble:
    """Read every uploaded file that the database names, also of earlier versions, and compare it with its hash."""
    db, blobs = Database(url), BlobStore(folder)
    try:
        with db.read_connection() as connection:
            name = func.min(Document.name)
            query = select(DocumentVersion.sha256, name).join(Document).group_by(DocumentVersion.sha256).order_by(name)
            named = connection.execute(query).all()
    finally:
        db.close()
    missing, damaged = [], []
    for sha256, document in named:
        try:
            blobs.get(sha256)
        except NotFound:
            missing.append(document)
        except DamagedFile:
            damaged.append(document)
    return FileTrouble(tuple(missing), tuple(damaged))


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMES
    return ", ".join(names[:_NAMES]) + (f" and {more} more" if more > 0 else "")


def make_newest(url: str) -> DatabaseState:
    """Bring the database to the newest schema, making it where there is none. Raises Invalid where it cannot be."""
    db = Database(url)
    try:
        db.require()
        upgrade(db.engine)
    except SQLAlchemyError as error:
        raise Invalid(f"The database cannot be upgraded: {str(error).splitlines()[0]}") from error
    finally:
        db.close()
    return inspect(url)
