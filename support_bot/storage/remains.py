"""Whether something is still somewhere: a search through every column of every table and every byte of every file.

It knows no table: what another version, a search index or a job queue keeps is looked through like the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, LargeBinary, Text, bindparam, cast, column, func, inspect, or_, select, table
from sqlalchemy.types import Boolean, Date, DateTime, Integer, Numeric, TypeEngine

from support_bot.errors import DatabaseUnavailable
from support_bot.storage.inbox_words import codes
from support_bot.values.customers import Remain

_PIECE = 1 << 20
_PLAIN = (Integer, Numeric, Boolean, DateTime, Date)
_SHORTEST_CODE = 8


def forms(words: Sequence[str]) -> list[str]:
    """Each of the words as it may be written down: as it is, as JSON spells it, as one code of the search words."""
    found: list[str] = []
    for word in words:
        found += [word, json.dumps(word)[1:-1]]
        found += [code for code in codes(word) if len(code) >= _SHORTEST_CODE]
    return [form for form in dict.fromkeys(found) if form]


def search_database(connection: Connection, words: Sequence[str]) -> list[Remain]:
    """Columns that hold one of the words, in capitals or not, with in how many rows; each table is read once."""
    wanted = forms(words)
    if not wanted:
        return []
    inspector = inspect(connection)
    found: list[Remain] = []
    for name in sorted(inspector.get_table_names()):
        columns = [(entry["name"], entry["type"]) for entry in inspector.get_columns(name)]
        texts = [(key, kind) for key, kind in columns if not isinstance(kind, _PLAIN)]
        found += _in_table(connection, name, texts, wanted) if texts else []
    return found


def _in_table(
    connection: Connection, name: str, columns: Sequence[tuple[str, TypeEngine[Any]]], wanted: Sequence[str]
) -> list[Remain]:
    is_sqlite = connection.dialect.name == "sqlite"
    counts = [
        func.count().filter(or_(*(_holds(key, kind, word, is_sqlite=is_sqlite) for word in wanted)))
        for key, kind in columns
    ]
    row = connection.execute(select(*counts).select_from(table(name))).one()
    return [Remain(f"{name}.{key}", count) for (key, _), count in zip(columns, row, strict=True) if count]


def _holds(key: str, kind: TypeEngine[Any], word: str, *, is_sqlite: bool) -> Any:
    if isinstance(kind, LargeBinary):
        raw = bindparam(None, word.encode(), type_=LargeBinary())
        place = func.instr(column(key), raw) if is_sqlite else func.position(raw.op("IN")(column(key)))
        return place > 0
    return cast(column(key), Text).icontains(word, autoescape=True)


def search_files(places: Sequence[Path], words: Sequence[str]) -> list[Remain]:
    """Files below these folders (or these files) that hold one of the words, in capitals or not (A to Z), packed ones
    as they lie there. What cannot be read, or goes meanwhile, is passed over."""
    wanted = [form.encode().lower() for form in forms(words)]
    if not wanted:
        return []
    files = sorted({file for place in places for file in _files(place)})
    return [Remain(str(file), count) for file in files if (count := _count(file, wanted))]


def _files(place: Path) -> Iterator[Path]:
    return (file for file in ([place] if place.is_file() else place.rglob("*")) if file.is_file())


def _count(file: Path, wanted: Sequence[bytes]) -> int:
    """How many pieces of the file hold one of them."""
    overlap, before, count = max(map(len, wanted)) - 1, b"", 0
    try:
        with file.open("rb") as source:
            while piece := source.read(_PIECE):
                text = before + piece.lower()
                count += any(word in text for word in wanted)
                before = text[-overlap:] if overlap else b""
    except OSError:
        return count
    return count


def drop_traces(engine: Engine) -> None:
    """Write SQLite's file anew, so that no page of it, and no log beside it, holds what was deleted.

    Readers go on meanwhile, writers wait. On PostgreSQL the server's own cleaning does it in time. Raises
    what the database raises where the disk is full or somebody writes for too long, and DatabaseUnavailable where
    somebody reads for too long; then it is to be done again."""
    if engine.dialect.name != "sqlite":
        return
    with closing(engine.raw_connection()) as connection:
        cursor = connection.cursor()
        # The word index only marks rows as deleted until its parts are merged.
        cursor.execute("INSERT INTO conversation_fts (conversation_fts) VALUES ('optimize')")
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.close()
        if busy:
            raise DatabaseUnavailable("Somebody reads the database for too long; its log still holds what was erased.")
