"""What each kind of database needs of a connection, and how one that does not answer is told of."""

from __future__ import annotations

from typing import Any

from psycopg.types.string import StrDumperUnknown
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import DBAPIError

PROGRAM = "support-bot"
SERVER = "support-bot server"
"""How connections are named in pg_stat_activity; a server adds a word of its own."""

OTHER_SERVERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name LIKE :server AND application_name <> :own"
)
_BUSY_MS = 15_000
_GAVE_UP = ("55P03", "40P01", "40001", "57014")  # lock and statement timeouts, deadlocks, serialization
_SETTINGS = ("lock_timeout = '15s'", "timezone = 'UTC'")


def prepare_sqlite(connection: Any, _record: Any) -> None:
    # SQLAlchemy begins transactions itself (below); the driver's own guessing would begin them too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={_BUSY_MS}", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where writing is meant, so that two writers wait instead of failing half-way."""
    read_only = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def prepare_postgresql(connection: Any, _record: Any) -> None:
    for setting in _SETTINGS:
        connection.execute(f"SET {setting}")
    connection.commit()
    connection.adapters.register_dumper(str, _WithoutNul)


class _WithoutNul(StrDumperUnknown):
    """PostgreSQL takes every character but U+0000, which no text of a customer or an article needs."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\x00", ""))


def went_away(error: DBAPIError) -> bool:
    """Whether there is no connection (any more), as opposed to a statement that failed."""
    state = getattr(error.orig, "sqlstate", None)
    return error.connection_invalidated or state is None or state[:2] in ("08", "28", "3D", "53") or state[:3] == "57P"


def gave_up(error: DBAPIError) -> bool:
    """Whether a statement waited too long for others, or stood in a ring of them that waited for each other."""
    return getattr(error.orig, "sqlstate", None) in _GAVE_UP


def unavailable(url: URL, error: BaseException | None) -> str:
    """Where the database is and what it (or the way to it) said, in one line without the password."""
    said = " ".join(str(error.orig if isinstance(error, DBAPIError) else error).split())
    if url.password:
        said = said.replace(str(url.password), "***")
    return (
        f"The database {url.render_as_string(hide_password=True)} does not answer: {said}. "
        "Look whether it runs and whether SUPPORT_BOT_DATABASE_URL is right."
    )
