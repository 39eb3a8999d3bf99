"""The inbox at any size: since when customers wait, indexes for each view, and words by which conversations are found.

The words are filled in at the next start, a few hundred conversations at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_OPEN = sa.text("status IN ('new', 'open', 'pending', 'on_hold')")


def upgrade() -> None:
    # Plain ALTER TABLE: building the table anew would delete, by its foreign keys, every message on SQLite.
    op.add_column("conversation", sa.Column("waiting_since", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE conversation SET waiting_since = updated_at WHERE mode = 'waiting'")
    op.create_index(op.f("ix_conversation_visitor"), "conversation", ["visitor"])
    op.create_index(
        "ix_ticket_open_assignee_id_id", "ticket", ["assignee_id", "id"], sqlite_where=_OPEN, postgresql_where=_OPEN
    )
    op.create_index("ix_ticket_status_id", "ticket", ["status", "id"])
    op.create_index("ix_ticket_updated_at_id", "ticket", ["updated_at", "id"])
    op.drop_index(op.f("ix_ticket_status"), "ticket")
    op.drop_index(op.f("ix_ticket_updated_at"), "ticket")
    if op.get_bind().dialect.name == "sqlite":
        _words_on_sqlite()
    else:
        _words_on_postgresql()


def _words_on_sqlite() -> None:
    # A conversation's id is no number, as FTS5 wants one; numbers are not given out twice while their words are there.
    op.execute(
        """CREATE TABLE conversation_fts_key (
             number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
             conversation_id VARCHAR(32) NOT NULL UNIQUE REFERENCES conversation (id) ON DELETE CASCADE)"""
    )
    op.execute(
        "CREATE VIRTUAL TABLE conversation_fts "
        "USING fts5(words, tokenize='unicode61 remove_diacritics 0', prefix='2 4')"
    )
    # Whoever erases a conversation, by whatever statement, erases its words.
    op.execute(
        """CREATE TRIGGER conversation_fts_erase AFTER DELETE ON conversation_fts_key
           BEGIN DELETE FROM conversation_fts WHERE rowid = old.number; END"""
    )


def _words_on_postgresql() -> None:
    op.execute(
        """CREATE TABLE conversation_fts (
             conversation_id VARCHAR(32) PRIMARY KEY REFERENCES conversation (id) ON DELETE CASCADE,
             words TSVECTOR NOT NULL)"""
    )
    op.execute("CREATE INDEX ix_conversation_fts_words ON conversation_fts USING gin (words)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER conversation_fts_erase")
        op.execute("DROP TABLE conversation_fts_key")
    op.execute("DROP TABLE conversation_fts")
    op.create_index(op.f("ix_ticket_updated_at"), "ticket", ["updated_at"])
    op.create_index(op.f("ix_ticket_status"), "ticket", ["status"])
    op.drop_index("ix_ticket_updated_at_id", "ticket")
    op.drop_index("ix_ticket_status_id", "ticket")
    op.drop_index("ix_ticket_open_assignee_id_id", "ticket", sqlite_where=_OPEN, postgresql_where=_OPEN)
    op.drop_index(op.f("ix_conversation_visitor"), "conversation")
    op.drop_column("conversation", "waiting_since")
