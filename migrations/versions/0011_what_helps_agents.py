"""Drafts and what became of them, answers that staff flagged, and vectors of solved tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "suggestion",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sources", sa.JSON(), nullable=False),
        sa.Column("fate", sa.String(length=32), nullable=False),
        sa.Column("sent_message_id", sa.Integer(), nullable=True),
        sa.Column("likeness", sa.Double(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _with("suggestion", "conversation_id", "conversation"),
        _with("suggestion", "ticket_id", "ticket"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_suggestion_staff_id_staff")),
        _with("suggestion", "sent_message_id", "message"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suggestion")),
    )
    op.create_index(op.f("ix_suggestion_conversation_id"), "suggestion", ["conversation_id"])
    op.create_index(op.f("ix_suggestion_ticket_id"), "suggestion", ["ticket_id"])
    op.create_table(
        "answer_flag",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("trace_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _with("answer_flag", "conversation_id", "conversation"),
        _with("answer_flag", "message_id", "message"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_answer_flag_staff_id_staff")),
        sa.ForeignKeyConstraint(
            ["trace_id"], ["answer_trace.id"], name=op.f("fk_answer_flag_trace_id_answer_trace"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_flag")),
        sa.UniqueConstraint("message_id", name=op.f("uq_answer_flag_message_id")),
    )
    op.create_index(op.f("ix_answer_flag_conversation_id"), "answer_flag", ["conversation_id"])
    op.create_table(
        "ticket_vector",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("maker", sa.String(length=120), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        _with("ticket_vector", "ticket_id", "ticket"),
        sa.PrimaryKeyConstraint("ticket_id", name=op.f("pk_ticket_vector")),
    )


def _with(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """A row that goes with the row it belongs to."""
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    op.drop_table("ticket_vector")
    op.drop_index(op.f("ix_answer_flag_conversation_id"), table_name="answer_flag")
    op.drop_table("answer_flag")
    op.drop_index(op.f("ix_suggestion_ticket_id"), table_name="suggestion")
    op.drop_index(op.f("ix_suggestion_conversation_id"), table_name="suggestion")
    op.drop_table("suggestion")
