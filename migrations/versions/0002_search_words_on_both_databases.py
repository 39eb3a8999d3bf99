"""Search words on both databases: PostgreSQL full text, and pairs of characters for languages without spaces."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TOKENIZER = "tokenize='porter unicode61 remove_diacritics 2'"
_BATCH = 500


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute("DROP TABLE chunk_fts")
        op.execute(f"CREATE VIRTUAL TABLE chunk_fts USING fts5(title, headings, body, grams, {_TOKENIZER})")
        insert = (
            "INSERT INTO chunk_fts (rowid, title, headings, body, grams) VALUES (:id, :title, :headings, :body, :grams)"
        )
        _fill(connection, insert, plain=False)
        return
    # English endings are cut, as in FTS5, and no word is left out.
    op.execute("CREATE TEXT SEARCH DICTIONARY support_bot_stem (TEMPLATE = snowball, Language = english)")
    op.execute("CREATE TEXT SEARCH CONFIGURATION support_bot (COPY = pg_catalog.simple)")
    op.execute(
        "ALTER TEXT SEARCH CONFIGURATION support_bot ALTER MAPPING FOR asciiword, word, numword WITH support_bot_stem"
    )
    op.execute("CREATE TABLE chunk_fts (chunk_id INTEGER PRIMARY KEY, words TSVECTOR NOT NULL)")
    op.execute("CREATE INDEX ix_chunk_fts_words ON chunk_fts USING gin (words)")
    insert = """INSERT INTO chunk_fts (chunk_id, words) VALUES (:id,
        setweight(to_tsvector('support_bot', :title), 'A') || setweight(to_tsvector('support_bot', :headings), 'B')
        || to_tsvector('support_bot', :body) || to_tsvector('support_bot', :grams))"""
    _fill(connection, insert, plain=True)


def downgrade() -> None:
    connection = op.get_bind()
    op.execute("DROP TABLE chunk_fts")
    if connection.dialect.name == "sqlite":
        op.execute(f"CREATE VIRTUAL TABLE chunk_fts USING fts5(title, headings, body, {_TOKENIZER})")
        insert = "INSERT INTO chunk_fts (rowid, title, headings, body) VALUES (:id, :title, :headings, :body)"
        _fill(connection, insert, plain=False)
        return
    op.execute("DROP TEXT SEARCH CONFIGURATION support_bot")
    op.execute("DROP TEXT SEARCH DICTIONARY support_bot_stem")


# ---- the index as it was made when this migration was written; `index/keyword.py` may go on without it

_HAN = "\u3005-\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
_KANA = "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
_RUN = re.compile(f"([{_HAN}{_KANA}\uac00-\ud7a3]+)")
_WORD = re.compile(r"[^\W_]+")


def _fill(connection: sa.Connection, insert: str, *, plain: bool) -> None:
    """Index every chunk; `plain` cuts the words here, for PostgreSQL."""
    statement, batch = sa.text(insert), []
    for row in _entries(connection, plain):
        batch.append({key: value for key, value in row.items() if f":{key}" in insert})
        if len(batch) == _BATCH:
            connection.execute(statement, batch)
            batch = []
    if batch:
        connection.execute(statement, batch)


def _entries(connection: sa.Connection, plain: bool) -> Iterator[dict[str, object]]:
    last = 0
    query = sa.text(
        "SELECT chunk.id, document.title, chunk.heading_path, chunk.text FROM chunk "
        "JOIN document ON document.id = chunk.document_id WHERE chunk.id > :last ORDER BY chunk.id LIMIT :most"
    )
    while rows := connection.execute(query, {"last": last, "most": _BATCH}).all():
        for chunk_id, title, heading_path, body in rows:
            path = json.loads(heading_path) if isinstance(heading_path, str) else heading_path
            parts = {"title": title, "headings": " ".join(part for part in path if part != title), "body": body}
            grams = _grams(" ".join(parts.values()))
            cut = {name: _plain(part) if plain else part for name, part in parts.items()}
            yield {"id": chunk_id, **cut, "grams": grams}
        last = rows[-1][0]


def _words(text: str) -> list[str]:
    return _WORD.findall(unicodedata.normalize("NFKC", text.lower()))


def _grams(text: str) -> str:
    found: list[str] = []
    for word in (word for word in _words(text) if _RUN.search(word)):
        for piece in filter(None, _RUN.split(word)):
            pairs = [piece[at : at + 2] for at in range(len(piece) - 1)]
            found += [*pairs, piece[-1]] if _RUN.match(piece) else [piece]
    return " ".join(found)


def _plain(text: str) -> str:
    return " ".join(_without_accents(word) for word in _words(text) if not _RUN.search(word))


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)) or word
