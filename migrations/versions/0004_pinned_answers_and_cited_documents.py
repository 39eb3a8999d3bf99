"""Pinned answers, and which document each answer cites."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BATCH = 1000


def upgrade() -> None:
    op.create_table(
        "message_citation",
        sa.Column("document_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("message_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"], ["message.id"], name=op.f("fk_message_citation_message_id_message"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("document_id", "message_id", name=op.f("pk_message_citation")),
    )
    op.create_index(op.f("ix_message_citation_message_id"), "message_citation", ["message_id"])
    op.create_table(
        "pinned_answer",
        sa.Column("question", sa.String(length=500), nullable=False),
        sa.Column("key", sa.String(length=500), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=True),
        sa.Column("document_id", sa.Integer(), nullable=True),
        sa.Column("document_version", sa.Integer(), nullable=True),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_pinned_answer_document_id_document"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pinned_answer")),
        sa.UniqueConstraint("key", name=op.f("uq_pinned_answer_key")),
    )
    op.create_index(op.f("ix_pinned_answer_document_id"), "pinned_answer", ["document_id"])
    _note_earlier_citations()


def _note_earlier_citations() -> None:
    """Answers given before this step count too."""
    connection = op.get_bind()
    message = sa.table("message", sa.column("id", sa.Integer), sa.column("citations", sa.JSON))
    target = sa.table("message_citation", sa.column("document_id", sa.Integer), sa.column("message_id", sa.Integer))
    last = 0
    while True:
        query = sa.select(message.c.id, message.c.citations).where(message.c.id > last)
        rows = connection.execute(query.order_by(message.c.id).limit(_BATCH)).all()
        if not rows:
            return
        last = rows[-1][0]
        pairs = {(int(cited["document_id"]), row[0]) for row in rows for cited in _listed(row[1])}
        if pairs:
            found = [{"document_id": document, "message_id": number} for document, number in sorted(pairs)]
            connection.execute(target.insert(), found)


def _listed(citations: object) -> list[dict[str, int]]:
    listed = json.loads(citations) if isinstance(citations, str) else citations
    listed = [cited for cited in listed or [] if isinstance(cited, dict) and "document_id" in cited]
    return listed if isinstance(listed, list) else []


def downgrade() -> None:
    op.drop_index(op.f("ix_pinned_answer_document_id"), "pinned_answer")
    op.drop_table("pinned_answer")
    op.drop_index(op.f("ix_message_citation_message_id"), "message_citation")
    op.drop_table("message_citation")
