"""The keyword index inside the SQL database (SQLite FTS5, PostgreSQL full text), changed in the chunks' transaction."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, TextClause, text

from support_bot.index.bigrams import has_unspaced, index_words, query_words
from support_bot.values import Audience

_WORD = re.compile(r"\w+(?:['’]\w+)?", re.UNICODE)
_SPACED = re.compile(r"[^\W_]+")
_MOST_TERMS = 40
# Finding chunks is cheap, scoring them is not: the rarest words are taken while so many chunks have one of them, and a
# word that every other chunk of a large index has says little about which is meant.
_MOST_SCORED = 5000
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


@dataclass(frozen=True, slots=True)
class _Dialect:
    """The statements of one database. All take and give chunk ids; `search` gives (chunk id, score), best first."""

    add: TextClause
    remove_document: TextClause
    remove: TextClause
    clear: TextClause
    ids: TextClause
    search: TextClause


def _dialect(key: str, add: str, search: str) -> _Dialect:
    return _Dialect(
        add=text(add),
        remove_document=text(
            f"DELETE FROM chunk_fts WHERE {key} IN (SELECT id FROM chunk WHERE document_id = :document_id)"
        ),
        remove=text(f"DELETE FROM chunk_fts WHERE {key} = :id"),
        clear=text("DELETE FROM chunk_fts"),
        ids=text(f"SELECT {key} FROM chunk_fts"),
        search=text(search),
    )


_SQLITE = _dialect(
    "rowid",
    "INSERT INTO chunk_fts (rowid, title, headings, body, grams) VALUES (:id, :title, :headings, :body, :grams)",
    # A match in the title says more than one in the body: weights of title, headings, body, grams.
    """SELECT chunk_fts.rowid, -bm25(chunk_fts, 4.0, 2.5, 1.0, 1.0) AS score FROM chunk_fts
       JOIN chunk ON chunk.id = chunk_fts.rowid JOIN document ON document.id = chunk.document_id
       WHERE chunk_fts MATCH :words AND (:audience IS NULL OR document.audience = :audience)
       ORDER BY score DESC, chunk_fts.rowid LIMIT :limit""",
)

_SQLITE_COUNT = text("SELECT count(*) FROM chunk_fts WHERE chunk_fts MATCH :word")

# ts_rank knows nothing of how rare a word is, so each word is ranked alone and weighed by BM25's idf, as FTS5 does.
# ts_rank lets repetitions count less and less, and its flag 1 long chunks: with weights of what FTS5's title, headings
# and body come to after that (D, C, B, A), and a factor, the scores of both databases are of one size.
_POSTGRESQL = _dialect(
    "chunk_id",
    """INSERT INTO chunk_fts (chunk_id, words) VALUES (:id,
         setweight(to_tsvector('support_bot', :title), 'A') || setweight(to_tsvector('support_bot', :headings), 'B')
         || to_tsvector('support_bot', :body) || to_tsvector('support_bot', :grams))""",
    """WITH term AS MATERIALIZED (
         SELECT q, (SELECT count(*) FROM chunk_fts WHERE words @@ q) AS df FROM (
           SELECT DISTINCT to_tsquery('support_bot', word) AS q FROM unnest(CAST(:words AS text[])) AS word) AS asked
         WHERE numnode(q) > 0),
       rarest AS MATERIALIZED (
         SELECT q, df FROM (SELECT q, df, sum(df) OVER (ORDER BY df, q::text) AS so_far FROM term) AS by_df
         WHERE so_far <= :most OR so_far = df),
       term_weight AS MATERIALIZED (
         SELECT q, greatest(ln((n - df + 0.5)::float8 / (df + 0.5)::float8), 1e-6) AS idf
         FROM rarest CROSS JOIN (SELECT count(*) AS n FROM chunk_fts) AS every)
       SELECT found.chunk_id, sum(15.6 * idf * ts_rank('{0.59, 0.59, 0.88, 1.0}', found.words, q, 1)) AS score
       FROM term_weight JOIN chunk_fts AS found ON found.words @@ q
       JOIN chunk ON chunk.id = found.chunk_id JOIN document ON document.id = chunk.document_id
       WHERE CAST(:audience AS text) IS NULL OR document.audience = :audience
       GROUP BY found.chunk_id ORDER BY score DESC, found.chunk_id LIMIT :limit""",
)


class KeywordIndex:
    """BM25 over title, headings and text; every call works on the connection (and transaction) it is given."""

    def add(self, connection: Connection, entries: Sequence[KeywordEntry]) -> None:
        prepare = str if _is_sqlite(connection) else _plain
        rows = [
            {
                "id": entry.chunk_id,
                "title": prepare(entry.title),
                "headings": prepare(entry.headings),
                "body": prepare(entry.body),
                "grams": " ".join(index_words(f"{entry.title} {entry.headings} {entry.body}")),
            }
            for entry in entries
        ]
        if rows:
            connection.execute(_of(connection).add, rows)

    def remove_document(self, connection: Connection, document_id: int) -> None:
        """Call it before the document's chunks are deleted: it finds the entries by them."""
        connection.execute(_of(connection).remove_document, {"document_id": document_id})

    def remove(self, connection: Connection, chunk_ids: Sequence[int]) -> None:
        """Drop single entries, also of chunks that SQL no longer has."""
        if chunk_ids:
            connection.execute(_of(connection).remove, [{"id": i} for i in chunk_ids])

    def clear(self, connection: Connection) -> None:
        connection.execute(_of(connection).clear)

    def ids(self, connection: Connection) -> set[int]:
        return {row[0] for row in connection.execute(_of(connection).ids)}

    def search(
        self, connection: Connection, question: str, limit: int, audience: Audience | None
    ) -> list[tuple[int, float]]:
        """Chunks as (chunk id, BM25 score), best first; higher is better. `audience` None searches all."""
        wanted = _wanted(question)
        if not wanted:
            return []
        given: dict[str, object] = {"audience": audience.value if audience else None, "limit": limit}
        if _is_sqlite(connection):
            found = _rarest(connection, [f'"{word}"*' if prefix else f'"{word}"' for word, prefix in wanted])
            if not found:
                return []
            given |= {"words": " OR ".join(found)}
        else:
            words = [f"{word}:*" if prefix else word for word, prefix in wanted if has_unspaced(word)]
            words += [plain for word, _ in wanted for plain in _plain(word).split()]
            given |= {"words": words, "most": _MOST_SCORED}
        return [(row[0], float(row[1])) for row in connection.execute(_of(connection).search, given)]


def _rarest(connection: Connection, words: Sequence[str]) -> list[str]:
    """Of the words that any chunk has, as many as `_MOST_SCORED` allows, at least the rarest one."""
    counts = [(connection.execute(_SQLITE_COUNT, {"word": word}).scalar_one(), word) for word in words]
    rarest: list[str] = []
    so_far = 0
    for count, word in sorted(counted for counted in counts if counted[0]):
        so_far += count
        if rarest and so_far > _MOST_SCORED:
            break
        rarest.append(word)
    return rarest


def _of(connection: Connection) -> _Dialect:
    return _SQLITE if _is_sqlite(connection) else _POSTGRESQL


def _is_sqlite(connection: Connection) -> bool:
    return connection.dialect.name == "sqlite"


def _wanted(question: str) -> list[tuple[str, bool]]:
    """The words to look for, each with whether it is only the beginning of one."""
    pieces = [piece for term in terms(question) for piece in (query_words(term) if has_unspaced(term) else [term])]
    return [(piece.rstrip("*"), piece.endswith("*")) for piece in dict.fromkeys(pieces)][:_MOST_TERMS]


def _plain(written: str) -> str:
    """The words as FTS5 sees them, letters and digits without accents; those without spaces are in the grams.
    PostgreSQL's own cutting would make tokens of addresses, paths and numbers."""
    words = _SPACED.findall(unicodedata.normalize("NFKC", written.lower()))
    return " ".join(_without_accents(word) for word in words if not has_unspaced(word))


def _without_accents(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)) or word
