"""Who was erased, as salted hashes: rows in the database, and the same lines in a file that outlives a restore."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session

from support_bot.models import Conversation, Erasure, Message, Ticket
from support_bot.storage.trouble import storage_trouble
from support_bot.values.customers import Customer

_FILE = "erased.jsonl"


@dataclass(frozen=True, slots=True)
class Erased:
    """One erasure as it is kept: it says whom it meant only to those who ask with the right name."""

    salt: str
    digests: frozenset[str]
    at: dt.datetime

    def means(self, *names: str | None) -> bool:
        """Whether somebody with one of these names is meant."""
        return any(digest(self.salt, name) in self.digests for name in names if name)


def digest(salt: str, name: str) -> str:
    return hashlib.sha256(f"{salt}:{name.lower()}".encode()).hexdigest()


def fresh_id(session: Session, kind: type[Message] | type[Ticket]) -> int | None:
    """The id of a new row where SQLite would give it one that an erased row had; else None, and the database says."""
    if session.get_bind().dialect.name != "sqlite":
        return None
    had = Erasure.last_message if kind is Message else Erasure.last_ticket
    last = session.scalar(select(func.max(had))) or 0
    return last + 1 if last and last > (session.scalar(select(func.max(kind.id))) or 0) else None


class ErasureRepository:
    """Erasures, the oldest first."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, row: Erasure) -> Erasure:
        self._session.add(row)
        self._session.flush()
        return row

    def last_ids(self) -> tuple[int, int]:
        """The highest ids of messages and tickets, as an erasure keeps them; call it before rows go."""
        message = self._session.scalar(select(func.max(Message.id)))
        return message or 0, self._session.scalar(select(func.max(Ticket.id))) or 0

    def unfinished(self) -> Sequence[Erasure]:
        return self._session.scalars(select(Erasure).where(Erasure.finished_at.is_(None)).order_by(Erasure.id)).all()

    def page(self, limit: int) -> Sequence[Erasure]:
        """The newest first."""
        return self._session.scalars(select(Erasure).order_by(Erasure.id.desc()).limit(limit)).all()

    def count(self) -> int:
        return self._session.scalar(select(func.count(Erasure.id))) or 0

    def is_kept(self) -> bool:
        """Whether this database is new enough to have the table."""
        return inspect(self._session.connection()).has_table(Erasure.__tablename__)

    def all(self) -> list[Erased]:
        rows = self._session.scalars(select(Erasure).order_by(Erasure.id))
        return [erased(row) for row in rows if row.digests]

    def names(self) -> list[tuple[str, str | None, dt.datetime]]:
        """Every conversation: its id, the name that a site gave, when it was begun."""
        query = select(Conversation.id, Conversation.visitor, Conversation.created_at)
        return [(row[0], row[1], row[2]) for row in self._session.execute(query)]


def erased(row: Erasure) -> Erased:
    return Erased(row.salt, frozenset(row.digests), row.created_at)


def names(customer: Customer) -> list[str]:
    """What somebody is recognised by in an older copy."""
    return [*customer.conversations, *customer.visitors, *customer.emails]


def read_list(folder: Path) -> list[Erased]:
    """The erasures written down in a data folder; a line that a crash cut off is left out, the database has it."""
    file = folder / _FILE
    if not file.exists():
        return []
    found = []
    for line in file.read_text("utf-8").splitlines():
        try:
            kept = json.loads(line)
            at = dt.datetime.fromisoformat(kept["at"])
            found.append(Erased(str(kept["salt"]), frozenset(map(str, kept["digests"])), at))
        except (ValueError, KeyError, TypeError):
            continue
    return found


def add_to_list(folder: Path, rows: Iterable[Erased]) -> None:
    """Write erasures down that the list does not have yet. Raises StorageFull."""
    known = {one.digests for one in read_list(folder)}
    fresh = [one for one in rows if one.digests not in known]
    if not fresh:
        return
    with storage_trouble(folder), (folder / _FILE).open("a", encoding="utf-8") as out:
        for one in fresh:
            line = {"at": one.at.isoformat(), "salt": one.salt, "digests": sorted(one.digests)}
            out.write(json.dumps(line) + "\n")
        out.flush()
        os.fsync(out.fileno())
