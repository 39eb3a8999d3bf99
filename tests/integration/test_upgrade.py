"""A database of the first release, with rows in every table, is brought to the newest schema and keeps everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import JSON, Boolean, Connection, DateTime, Double, Integer, MetaData, Table, inspect, text

from support_bot.index.keyword import KeywordIndex
from support_bot.storage.database import Database
from support_bot.storage.migrations import current_revision, downgrade, head_revision, upgrade

FIRST_RELEASE = "0001"
# Words that a column may hold where any text would not do.
ALLOWED = {
    "audience": "public", "author": "customer", "mode": "bot", "role": "admin", "reason": "policy", "kind": "opened",
    "answer_status": "answered", "accent": "#123456", "title": "返品について", "heading_path": ["返品について", "送料"],
    "document.status": "ready", "ticket.status": "open", "message.status": "final", "bot_turn.status": "answered",
    "bot_turn.state": "ended", "document.version": 1,
    "text": "商品の返品は30日以内です。 Refunds take <5> days & 'more' — ☂", "headings": "",
}  # fmt: skip
ROWS = 3


@pytest.fixture(params=["sqlite", "postgresql"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database of the first release, filled."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        url = request.getfixturevalue("empty_postgres_url")
    with closing(Database(url)) as database:
        upgrade(database.engine, FIRST_RELEASE)
        with database.engine.begin() as connection:
            _fill(connection)
        yield database


def _tables(connection: Connection) -> list[Table]:
    """The tables of the first release as they are in the database, parents first; not the keyword index."""
    metadata = MetaData()
    derived = ("chunk_fts", "conversation_fts", "alembic")
    names = [n for n in inspect(connection).get_table_names() if not n.startswith(derived)]
    metadata.reflect(connection, only=names)
    return metadata.sorted_tables


def _fill(connection: Connection) -> None:
    for table in _tables(connection):
        for number in range(1, ROWS + 1):
            row = {column.name: _value(table, column, number) for column in table.columns if column.name != "id"}
            if table.name == "conversation":
                row["id"] = f"c{number}"
            connection.execute(table.insert(), row)
    if connection.dialect.name == "sqlite":
        connection.execute(text("INSERT INTO chunk_fts (rowid, title, body) SELECT id, 'old', text FROM chunk"))


def _value(table: Table, column: Any, number: int) -> Any:
    if column.foreign_keys:
        (key,) = column.foreign_keys
        return f"c{number}" if key.column.table.name == "conversation" else number
    if found := ALLOWED.get(f"{table.name}.{column.name}", ALLOWED.get(column.name)):
        return found
    match column.type:
        case JSON():
            return ["ü", {"deep": [number]}]
        case DateTime():
            return dt.datetime(2026, 3, number, 12, 30, 15, 123456, tzinfo=dt.UTC)
        case Boolean():
            return number == 1
        case Double():
            return number / 3
        case Integer():
            return number
        case _:
            return f"{column.name[:8]} {number}"[: column.type.length]


def _contents(db: Database) -> dict[str, list[dict[str, Any]]]:
    with db.engine.connect() as connection:
        return {
            table.name: [
                dict(row) for row in connection.execute(table.select().order_by(*table.primary_key)).mappings()
            ]
            for table in _tables(connection)
        }


def test_every_row_is_kept(db: Database) -> None:
    before = _contents(db)
    assert len(before) >= 16
    assert all(len(rows) == ROWS for rows in before.values()), {name: len(rows) for name, rows in before.items()}
    upgrade(db.engine)
    assert current_revision(db.engine) == head_revision()
    after = _contents(db)
    kept = {name: [{key: new[key] for key in old} for old, new in zip(rows, after[name], strict=True)]
            for name, rows in before.items()}  # fmt: skip
    assert kept == before


def test_the_old_articles_are_found_by_words_of_every_language(db: Database) -> None:
    upgrade(db.engine)
    with db.read_connection() as connection:
        for question in ("refunds", "返品", "送料"):
            found = KeywordIndex().search(connection, question, 10, None)
            assert {chunk_id for chunk_id, _ in found} == {1, 2, 3}, question


def test_upgrading_twice_is_upgrading_once(db: Database) -> None:
    upgrade(db.engine)
    before = _contents(db)
    upgrade(db.engine)
    assert _contents(db) == before


def test_the_way_back_keeps_every_row_too(db: Database) -> None:
    before = _contents(db)
    upgrade(db.engine)
    downgrade(db.engine, FIRST_RELEASE)
    assert _contents(db) == before
    upgrade(db.engine)
    with db.read_connection() as connection:
        assert KeywordIndex().ids(connection) == {1, 2, 3}
