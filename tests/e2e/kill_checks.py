"""What has to be true of a data folder after any crash, once the server has come back and is at rest."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from support_bot.engine.fake import HashingEmbedder
from support_bot.index.keyword import KeywordIndex
from support_bot.index.search_index import SearchIndex
from support_bot.index.vector import VectorIndex
from support_bot.storage.database import Database
from tests.e2e.kill_load import Ledger

# Each is a sentence that must not be true of any row.
_NEVER = {
    "a turn is not over": "SELECT id FROM bot_turn WHERE state != 'ended'",
    "a turn is not told as over exactly once": """SELECT t.id FROM bot_turn t LEFT JOIN conversation_event e
        ON e.turn_id = t.id AND e.kind = 'done' GROUP BY t.id HAVING count(e.id) != 1""",
    "a failed turn told nobody": """SELECT id FROM bot_turn t WHERE status = 'failed' AND NOT EXISTS
        (SELECT 1 FROM conversation_event e WHERE e.turn_id = t.id AND e.kind = 'error')""",
    "a message is half written": "SELECT id FROM message WHERE status = 'streaming'",
    "a message is there twice": """SELECT client_message_id FROM message WHERE client_message_id IS NOT NULL
        GROUP BY conversation_id, client_message_id HAVING count(*) > 1""",
    "a conversation has two tickets": "SELECT conversation_id FROM ticket GROUP BY 1 HAVING count(*) > 1",
    "a ticket has no beginning": """SELECT id FROM ticket t WHERE
        (SELECT count(*) FROM ticket_event e WHERE e.ticket_id = t.id AND e.kind = 'opened') != 1""",
    "a solved ticket's history does not say so": """SELECT id FROM ticket t WHERE status = 'solved' AND
        (SELECT count(*) FROM ticket_event e WHERE e.ticket_id = t.id AND e.kind = 'solved') != 1""",
    "a document is not read": "SELECT name FROM document WHERE status != 'ready'",
    "the searched version is not the newest": """SELECT name FROM document d WHERE version !=
        (SELECT max(number) FROM document_version v WHERE v.document_id = d.id)""",
    "a chunk is of another version": """SELECT c.id FROM chunk c JOIN document d ON d.id = c.document_id
        WHERE c.version != d.version""",
}
_UNREST = """SELECT (SELECT count(*) FROM bot_turn WHERE state != 'ended')
    + (SELECT count(*) FROM document WHERE status IN ('pending', 'processing'))"""


def unrest(data: Path) -> int:
    """How many turns and documents are still being worked on."""
    with closing(_open(data)) as database:
        return int(database.execute(_UNREST).fetchone()[0])


def problems(data: Path, ledger: Ledger) -> list[str]:
    """Every broken promise, in words."""
    with closing(_open(data)) as database:
        health = database.execute("PRAGMA integrity_check").fetchone()[0]
        found = [] if health == "ok" else [f"the database is damaged: {health}"]
        for sentence, query in _NEVER.items():
            if rows := database.execute(query).fetchall():
                found.append(f"{sentence}: {rows[:3]}")
        found += _against_ledger(database, ledger)
        found += _blobs(database, data / "files")
    return found + list(_index(data)) + [f"unexpected: {line}" for line in ledger.unexpected]


def _against_ledger(database: sqlite3.Connection, ledger: Ledger) -> Iterator[str]:
    stored = set(database.execute("SELECT conversation_id, client_message_id FROM message"))
    for key in ledger.acknowledged - stored:
        yield f"an acknowledged message is lost: {key}"
    tickets = dict(database.execute("SELECT conversation_id, id FROM ticket"))
    for conversation, ticket in ledger.handoffs.items():
        if tickets.get(conversation) != ticket:
            yield f"conversation {conversation} has ticket {tickets.get(conversation)}, not {ticket}"
    if stray := tickets.keys() - ledger.may_have_tickets:
        yield f"nobody asked for these tickets: {stray}"
    texts = [row[0] for row in database.execute("SELECT text FROM message WHERE author = 'staff'")]
    for reply in ledger.replies:
        if texts.count(reply) != 1:
            yield f"an acknowledged reply is there {texts.count(reply)} times: {reply}"
    newest = """SELECT d.name, v.sha256 FROM document d JOIN document_version v ON v.document_id = d.id
        AND v.number = (SELECT max(number) FROM document_version w WHERE w.document_id = d.id)"""
    documents = dict(database.execute(newest))
    for name, possible in ledger.documents.items():
        hashes = {text and hashlib.sha256(text.encode()).hexdigest() for text in possible}
        if documents.get(name) not in hashes:
            yield f"{name} is not what was acknowledged"


def _blobs(database: sqlite3.Connection, files: Path) -> Iterator[str]:
    for (sha256,) in database.execute("SELECT DISTINCT sha256 FROM document_version"):
        path = files / sha256[:2] / sha256
        if not path.exists() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            yield f"an uploaded file is missing or damaged: {sha256}"


def _index(data: Path) -> Iterator[str]:
    """Both indexes hold exactly the chunks of the database. The server is at rest, so its folder can be copied."""
    copy = data.with_name("index-copy")
    shutil.copytree(data / "chroma", copy)
    db = Database(f"sqlite:///{data / 'support-bot.db'}")
    vectors = VectorIndex(copy, HashingEmbedder())
    try:
        missing, stale = SearchIndex(vectors, KeywordIndex(), HashingEmbedder(), db.read_connection).differences()
        if missing or stale:
            yield f"the index lacks {sorted(missing)[:3]} and has {sorted(stale)[:3]} too many"
        if not vectors.is_usable():
            yield "the vectors cannot be searched"
    finally:
        vectors.close()
        db.close()
        shutil.rmtree(copy)


def _open(data: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{data / 'support-bot.db'}?mode=ro", uri=True, timeout=30)
