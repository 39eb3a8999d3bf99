"""Engine, transactions and repositories. The only file that commits; knows no rule of the product."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from support_bot.errors import DatabaseUnavailable
from support_bot.storage.answer_flags import AnswerFlagRepository
from support_bot.storage.channels import ChannelRepository
from support_bot.storage.citations import CitationRepository
from support_bot.storage.clocks import ClockRepository
from support_bot.storage.connections import (
    OTHER_SERVERS,
    PROGRAM,
    SERVER,
    begin_sqlite,
    gave_up,
    prepare_postgresql,
    prepare_sqlite,
    unavailable,
    went_away,
)
from support_bot.storage.connectors import ConnectorRepository
from support_bot.storage.conversations import ConversationRepository
from support_bot.storage.customers import CustomerRepository
from support_bot.storage.documents import DocumentRepository
from support_bot.storage.erasures import ErasureRepository
from support_bot.storage.events import EventRepository
from support_bot.storage.feedback import FeedbackRepository
from support_bot.storage.follow_ups import FollowUpRepository
from support_bot.storage.inbox import InboxRepository
from support_bot.storage.inbox_index import InboxIndex
from support_bot.storage.installation import InstallationRepository
from support_bot.storage.macros import MacroRepository
from support_bot.storage.mails import MailRepository
from support_bot.storage.notices import NoticeRepository
from support_bot.storage.pinned_answers import PinnedAnswerRepository
from support_bot.storage.presences import PresenceRepository
from support_bot.storage.staff import StaffRepository
from support_bot.storage.staff_links import StaffLinkRepository
from support_bot.storage.suggestions import SuggestionRepository
from support_bot.storage.teams import TeamRepository
from support_bot.storage.ticket_vectors import TicketVectorRepository
from support_bot.storage.tickets import TicketRepository
from support_bot.storage.traces import TraceRepository
from support_bot.storage.trouble import database_trouble
from support_bot.storage.turns import TurnRepository
from support_bot.storage.two_factor import TwoFactorRepository
from support_bot.storage.visitors import VisitorRepository

_BUSY = "Too much waits for the database at the moment. Please try again shortly."
_AWAY = "The database does not answer at the moment. Please try again shortly."


class Transaction:
    """The repositories, all on one session; ends with the `with` block that gave it."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.conversations = ConversationRepository(session)
        self.customers = CustomerRepository(session)
        self.erasures = ErasureRepository(session)
        self.turns = TurnRepository(session)
        self.events = EventRepository(session)
        self.tickets = TicketRepository(session)
        self.clocks = ClockRepository(session)
        self.follow_ups = FollowUpRepository(session)
        self.mails = MailRepository(session)
        self.macros = MacroRepository(session)
        self.presences = PresenceRepository(session)
        self.notices = NoticeRepository(session)
        self.words = InboxIndex(session)
        self.inbox = InboxRepository(session, self.words)
        self.ticket_vectors = TicketVectorRepository(session)
        self.suggestions = SuggestionRepository(session)
        self.flags = AnswerFlagRepository(session)
        self.documents = DocumentRepository(session)
        self.citations = CitationRepository(session)
        self.pinned = PinnedAnswerRepository(session)
        self.feedback = FeedbackRepository(session)
        self.staff = StaffRepository(session)
        self.teams = TeamRepository(session)
        self.staff_links = StaffLinkRepository(session)
        self.two_factor = TwoFactorRepository(session)
        self.channels = ChannelRepository(session)
        self.visitors = VisitorRepository(session)
        self.traces = TraceRepository(session)
        self.connectors = ConnectorRepository(session)
        self.installation = InstallationRepository(session)

    @property
    def connection(self) -> Connection:
        """The connection below, for the keyword index, which writes in the same transaction."""
        self._session.flush()
        return self._session.connection()

    def one_at_a_time(self, subject: str) -> None:
        """Wait until no other transaction has asked for this subject, and keep it until this one ends.

        For looking whether something is there and adding it if not; a transaction that writes to SQLite is alone
        from its first statement on."""
        connection = self.connection
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:subject))"), {"subject": subject})


class Database:
    """One database by URL.

    SQLite runs in WAL mode with foreign keys and a busy timeout of 15 s. On PostgreSQL a lock is waited for as long,
    connections that died (a restart of the server, a firewall) are replaced, and at most `connections` are held."""

    def __init__(self, url: str, *, connections: int = 5, serves: bool = False) -> None:
        self._url = make_url(url)
        self.is_sqlite = self._url.get_backend_name() == "sqlite"
        self._instance = f"{SERVER} {secrets.token_hex(4)}" if serves else PROGRAM
        if self.is_sqlite:
            if self._url.database:
                Path(self._url.database).parent.mkdir(parents=True, exist_ok=True)
            self.engine = create_engine(self._url, hide_parameters=True, connect_args={"timeout": 15}, pool_size=40)
            event.listen(self.engine, "connect", prepare_sqlite)
            event.listen(self.engine, "begin", begin_sqlite)
            self._readers = self.engine.execution_options(read_only=True)
        else:
            arguments = {"application_name": self._instance, "connect_timeout": 10}
            self.engine = create_engine(
                self._url,
                hide_parameters=True,
                connect_args=arguments,
                pool_pre_ping=True,
                pool_size=connections,
                max_overflow=0,
            )  # fmt: skip
            event.listen(self.engine, "connect", prepare_postgresql)
            self._readers = self.engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """A transaction that may write: committed at the end, rolled back on any error. Keep it short.

        Raises DatabaseUnavailable where the database went away, or no connection gets free, StorageFull or Unavailable
        where it cannot work right now."""
        with self._answering(), Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield (tx := Transaction(session))
            tx.words.keep_in_step()

    @contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A consistent view for reading; what is changed in it is thrown away. Takes no write lock."""
        with self._answering(), Session(self._readers, expire_on_commit=False) as session:
            yield Transaction(session)

    @contextmanager
    def read_connection(self) -> Iterator[Connection]:
        """A plain connection for reading, for the index, which speaks SQLAlchemy Core."""
        with self._answering(), self._readers.connect() as connection:
            yield connection

    @contextmanager
    def one_at_a_time(self, subject: str) -> Iterator[None]:
        """Nobody else, in whatever process, is in a block with this subject; SQLite has one process anyway."""
        with self.transaction() as tx:
            tx.one_at_a_time(subject)
            yield

    def secret(self, name: str) -> str:
        """A random secret of this installation, made when it is first asked for."""
        with self.transaction() as tx:
            tx.one_at_a_time("secret")
            return tx.installation.secret(name)

    def check(self) -> None:
        """Raise DatabaseUnavailable if the database does not answer."""
        with self.read_connection() as connection:
            connection.execute(text("SELECT 1"))

    def require(self) -> None:
        """The same for whoever starts: the error says where the database is and what it said. Not for customers."""
        try:
            self.check()
        except DatabaseUnavailable as error:
            raise DatabaseUnavailable(unavailable(self._url, error.__cause__)) from error

    def others_serve(self) -> bool:
        """Whether another server works on this database right now; never on SQLite, whose folder has one owner."""
        if self.is_sqlite:
            return False
        with self.read_connection() as connection:
            return bool(connection.scalar(OTHER_SERVERS, {"server": f"{SERVER} %", "own": self._instance}))

    def connection_parameters(self) -> Mapping[str, Any]:
        """Host, user and so on, password included, for others who connect to the same PostgreSQL database."""
        return self.engine.dialect.create_connect_args(self._url)[1]

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            with database_trouble():
                yield
        except OperationalError as error:
            if self.is_sqlite or not (went_away(error) or gave_up(error)):
                raise
            raise DatabaseUnavailable(_AWAY if went_away(error) else _BUSY, retry_after=5.0) from error
        except PoolTimeout as error:
            raise DatabaseUnavailable(_BUSY, retry_after=5.0) from error
