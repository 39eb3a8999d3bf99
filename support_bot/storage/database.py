"""Engine, transactions and repositories. The only file that commits; knows no rule of the product."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session

from support_bot.storage.channels import ChannelRepository
from support_bot.storage.conversations import ConversationRepository
from support_bot.storage.documents import DocumentRepository
from support_bot.storage.events import EventRepository
from support_bot.storage.feedback import FeedbackRepository
from support_bot.storage.installation import InstallationRepository
from support_bot.storage.staff import StaffRepository
from support_bot.storage.tickets import TicketRepository
from support_bot.storage.traces import TraceRepository
from support_bot.storage.turns import TurnRepository


class Transaction:
    """The repositories, all on one session; ends with the `with` block that gave it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.conversations = ConversationRepository(session)
        self.turns = TurnRepository(session)
        self.events = EventRepository(session)
        self.tickets = TicketRepository(session)
        self.documents = DocumentRepository(session)
        self.feedback = FeedbackRepository(session)
        self.staff = StaffRepository(session)
        self.channels = ChannelRepository(session)
        self.traces = TraceRepository(session)
        self.installation = InstallationRepository(session)

    @property
    def connection(self) -> Connection:
        """The connection below, for the keyword index, which writes in the same transaction."""
        self._session.flush()
        return self._session.connection()


class Database:
    """One database by URL. SQLite runs in WAL mode with foreign keys and a busy timeout of 15 s."""

    def __init__(self, url: str) -> None:
        parsed = make_url(url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        if self.is_sqlite and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        arguments: dict[str, Any] = {"connect_args": {"timeout": 15}, "pool_size": 40} if self.is_sqlite else {}
        self.engine: Engine = create_engine(url, hide_parameters=True, pool_pre_ping=not self.is_sqlite, **arguments)
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._readers = self.engine.execution_options(read_only=True)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that may write: committed at the end, rolled back on any error. Keep it short."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield Transaction(session)

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A consistent view for reading; what is changed in it is thrown away. Takes no write lock."""
        with Session(self._readers, expire_on_commit=False) as session:
            yield Transaction(session)

    @contextmanager
    def read_connection(self) -> Iterator[Connection]:
        """A plain connection for reading, for the index, which speaks SQLAlchemy Core."""
        with self._readers.connect() as connection:
            yield connection

    def check(self) -> None:
        """Raise if the database does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # SQLAlchemy begins transactions itself (below); the driver's own guessing would begin them too late.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "busy_timeout=15000", "synchronous=NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where writing is meant, so that two writers wait instead of failing half-way."""
    read_only = connection.get_execution_options().get("read_only")
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")
