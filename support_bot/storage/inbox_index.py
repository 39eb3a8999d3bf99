"""The words of every conversation (SQLite FTS5, PostgreSQL full text), written in the transaction that writes its rows.

A conversation is found by all that belongs to it: what was said, notes included, its tickets' numbers, subjects and
summaries, the visitor's id, name and address, its own id. What a bot is still writing follows once it is said, and so
does what the bot was asked: both are written once, when its turn is over."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, TextClause, bindparam, column, event, inspect, select, text
from sqlalchemy.orm import Session

from support_bot.models import BotTurn, Conversation, Message, MessageStatus, Ticket, TurnState, VisitorProfile
from support_bot.storage.inbox_words import LONGEST, TICKET_NUMBER, Term, indexed
from support_bot.values import Author

_BATCH = 200
_SHOWN = {
    Message: ("text", "status", "audience"),
    Ticket: ("subject", "summary"),
    Conversation: ("visitor",),
    VisitorProfile: ("name", "email"),
}

_SQLITE_KEYS = text("INSERT OR IGNORE INTO conversation_fts_key (conversation_id) VALUES (:id)")
_SQLITE_DROP = text(
    "DELETE FROM conversation_fts WHERE rowid = (SELECT number FROM conversation_fts_key WHERE conversation_id = :id)"
)
_SQLITE_PUT = text(
    "INSERT INTO conversation_fts (rowid, words) "
    "SELECT number, :words FROM conversation_fts_key WHERE conversation_id = :id"
)
_SQLITE_FIND = text(
    "SELECT conversation_id FROM conversation_fts JOIN conversation_fts_key ON number = conversation_fts.rowid "
    "WHERE conversation_fts MATCH :wanted"
)
_POSTGRESQL_PUT = text(
    "INSERT INTO conversation_fts (conversation_id, words) VALUES (:id, to_tsvector('simple', :words)) "
    "ON CONFLICT (conversation_id) DO UPDATE SET words = excluded.words"
)
_POSTGRESQL_PUT_LACKING = text(
    "INSERT INTO conversation_fts (conversation_id, words) VALUES (:id, to_tsvector('simple', :words)) "
    "ON CONFLICT (conversation_id) DO NOTHING"
)
_POSTGRESQL_FIND = text(
    "SELECT conversation_id FROM conversation_fts WHERE words @@ to_tsquery('simple', CAST(:wanted AS text))"
)


class InboxIndex:
    """Notes which conversations a session changes, and brings their words in step before it commits."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._is_sqlite = session.get_bind().dialect.name == "sqlite"
        self._changed: set[str] = set()
        self._asked: set[str] = set()
        self._in_turn: set[str] = set()
        event.listen(session, "after_flush", self._note)

    def _note(self, session: Session, _context: object) -> None:
        for row in session.new:
            asked = isinstance(row, Message) and row.author is Author.CUSTOMER
            (self._asked if asked else self._changed).add(_conversation_of(row))
        for row in (row for row in (*session.new, *session.dirty) if isinstance(row, BotTurn)):
            if row.state is TurnState.ENDED:
                self._in_turn.discard(row.conversation_id)
                self._changed.add(row.conversation_id)
            else:
                self._in_turn.add(row.conversation_id)
        for row in session.dirty:
            names = next((names for kind, names in _SHOWN.items() if isinstance(row, kind)), ())
            if any(inspect(row).attrs[name].history.has_changes() for name in names):
                self._changed.add(_conversation_of(row))

    def keep_in_step(self) -> None:
        """Write the words of what was changed; call it last."""
        self._session.flush()
        changed = self._changed | (self._asked - self._in_turn)
        self._changed, self._asked, self._in_turn = set(), set(), set()
        if changed := changed - {""}:
            self.put(sorted(changed))

    def put(self, conversation_ids: Sequence[str], *, lacking: bool = False) -> None:
        """Write the words of these conversations; doing it twice is doing it once.

        With `lacking`, somebody who wrote in one of them meanwhile knows better."""
        rows = [{"id": key, "words": indexed(words)} for key, words in self._texts(conversation_ids).items()]
        postgresql = _POSTGRESQL_PUT_LACKING if lacking else _POSTGRESQL_PUT
        statements = [_SQLITE_KEYS, _SQLITE_DROP, _SQLITE_PUT] if self._is_sqlite else [postgresql]
        for statement in statements if rows else ():
            self._session.execute(statement, rows)

    def put_lacking(self) -> int:
        """Write the words of some conversations that have none; how many were found, 0 when all have theirs."""
        table = "conversation_fts_key" if self._is_sqlite else "conversation_fts"
        known: Select[Any] = select(column("conversation_id")).select_from(text(table))
        query = select(Conversation.id).where(Conversation.id.not_in(known)).order_by(Conversation.id)
        # Whoever holds a conversation by writing in it writes its words, too; waiting for them could be in a ring.
        query = query.limit(_BATCH).with_for_update(skip_locked=True)
        lacking = self._session.scalars(query).all()
        self.put(lacking, lacking=True)
        return len(lacking)

    def clear(self) -> None:
        """Throw every word away; the conversations stay."""
        # On SQLite the words go with their keys.
        self._session.execute(text(f"DELETE FROM {'conversation_fts_key' if self._is_sqlite else 'conversation_fts'}"))

    def matching(self, wanted: Sequence[Term]) -> Select[Any]:
        """Ids of the conversations that have all of it."""
        statement, say = (_SQLITE_FIND, _for_fts5) if self._is_sqlite else (_POSTGRESQL_FIND, _for_tsquery)
        asked = (" AND " if self._is_sqlite else " & ").join(say(term) for term in wanted)
        found = _bound(statement, asked).columns(column("conversation_id")).subquery()
        return select(found.c.conversation_id)

    def _texts(self, conversation_ids: Sequence[str]) -> dict[str, str]:
        """All words of each conversation, the oldest first; of very long ones the end."""
        about = {key: [visitor or "", key] for key, visitor in self._session.execute(
            select(Conversation.id, Conversation.visitor).where(Conversation.id.in_(conversation_ids))
        )}  # fmt: skip
        known = select(VisitorProfile.conversation_id, VisitorProfile.name, VisitorProfile.email)
        for key, name, email in self._session.execute(
            known.where(VisitorProfile.conversation_id.in_(conversation_ids))
        ):
            about[key] += [name or "", email or ""]
        said = (
            select(Message.conversation_id, Message.text)
            .where(Message.conversation_id.in_(conversation_ids), Message.status != MessageStatus.STREAMING)
            .order_by(Message.id)
        )
        texts: dict[str, list[str]] = {key: [] for key in about}
        for key, words in self._session.execute(said):
            texts[key].append(words)
        tickets = select(Ticket.conversation_id, Ticket.id, Ticket.subject, Ticket.summary)
        for key, number, subject, summary in self._session.execute(
            tickets.where(Ticket.conversation_id.in_(conversation_ids))
        ):
            about[key] += [f"{number} {TICKET_NUMBER}{number}", subject, summary]
        return {key: "\n".join([*about[key], "\n".join(texts[key])[-LONGEST:]]) for key in about}


def _conversation_of(row: object) -> str:
    """The conversation whose words this row changes; none for other rows and for what is still being written."""
    match row:
        case Conversation():
            return row.id
        case Message() if row.status is MessageStatus.STREAMING:
            return ""
        case Message() | Ticket() | VisitorProfile():
            return row.conversation_id
    return ""


def _bound(statement: TextClause, asked: str) -> TextClause:
    return statement.bindparams(bindparam("wanted", asked, unique=True))


def _for_fts5(term: Term) -> str:
    star = " *" if term.is_open else ""
    ways = [f'"{" ".join(term.words)}"{star}', *([f'"{term.joined}"{star}'] if term.joined else [])]
    return f"({' OR '.join(ways)})"


def _for_tsquery(term: Term) -> str:
    star = ":*" if term.is_open else ""
    ways = [
        " <-> ".join(f"'{word}'" for word in term.words) + star,
        *([f"'{term.joined}'{star}"] if term.joined else []),
    ]
    return f"({' | '.join(ways)})"
