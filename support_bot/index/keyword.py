"""The keyword index inside the SQL database, so that it changes in the same transaction as the chunks (SQLite FTS5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from support_bot.values import Audience

# A match in the title says more than one in the body; weights of title, headings, body for bm25().
_WEIGHTS = "4.0, 2.5, 1.0"
_WORD = re.compile(r"\w+(?:['’]\w+)?", re.UNICODE)
_MOST_TERMS = 40
# Words that say how something is asked, not what is asked for. Without them BM25 ranks by content.
_FUNCTION_WORDS = frozenset(
    """a about after again all also am an and any are as at be because been but by can cannot could did do does doing
    don for from get give go got had has have he hello help her hey hi him his how i if im in into is it its just like
    may me might more most must my no not now of off ok on or our out please she should so some such tell than thank
    thanks that the their them then there these they this those to too up us very want was we were what when where
    which who why will with would you your""".split()
)


@dataclass(frozen=True, slots=True)
class KeywordEntry:
    """One chunk as it is indexed."""

    chunk_id: int
    title: str
    headings: str
    body: str


def terms(question: str) -> list[str]:
    """The words of a question that are worth looking for, lower case, in order, each once."""
    words = [
        w.group().split("'")[0].split("’")[0] for w in _WORD.finditer(unicodedata.normalize("NFKC", question.lower()))
    ]
    content = [word for word in dict.fromkeys(words) if word not in _FUNCTION_WORDS]
    return (content or list(dict.fromkeys(words)))[:_MOST_TERMS]


class KeywordIndex:
    """BM25 over title, headings and text; every call works on the connection (and transaction) it is given."""

    def add(self, connection: Connection, entries: Sequence[KeywordEntry]) -> None:
        statement = text("INSERT INTO chunk_fts (rowid, title, headings, body) VALUES (:id, :title, :headings, :body)")
        rows = [{"id": e.chunk_id, "title": e.title, "headings": e.headings, "body": e.body} for e in entries]
        if rows:
            connection.execute(statement, rows)

    def remove_document(self, connection: Connection, document_id: int) -> None:
        """Call it before the document's chunks are deleted: it finds the entries by them."""
        connection.execute(
            text("DELETE FROM chunk_fts WHERE rowid IN (SELECT id FROM chunk WHERE document_id = :id)"),
            {"id": document_id},
        )

    def remove(self, connection: Connection, chunk_ids: Sequence[int]) -> None:
        """Drop single entries, also of chunks that SQL no longer has."""
        if chunk_ids:
            connection.execute(text("DELETE FROM chunk_fts WHERE rowid = :id"), [{"id": i} for i in chunk_ids])

    def clear(self, connection: Connection) -> None:
        connection.execute(text("DELETE FROM chunk_fts"))

    def ids(self, connection: Connection) -> set[int]:
        return {row[0] for row in connection.execute(text("SELECT rowid FROM chunk_fts"))}

    def search(
        self, connection: Connection, question: str, limit: int, audience: Audience | None
    ) -> list[tuple[int, float]]:
        """Chunks as (chunk id, BM25 score), best first; higher is better. `audience` None searches all."""
        wanted = terms(question)
        if not wanted:
            return []
        match = " OR ".join(f'"{term}"' for term in wanted)
        rows = connection.execute(
            text(
                f"""SELECT chunk_fts.rowid, bm25(chunk_fts, {_WEIGHTS}) AS rank FROM chunk_fts
                    JOIN chunk ON chunk.id = chunk_fts.rowid JOIN document ON document.id = chunk.document_id
                    WHERE chunk_fts MATCH :match AND (:audience IS NULL OR document.audience = :audience)
                    ORDER BY rank LIMIT :limit"""
            ),
            {"match": match, "audience": audience.value if audience else None, "limit": limit},
        )
        return [(row[0], -row[1]) for row in rows]
