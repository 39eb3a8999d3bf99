"""That customers were erased, and indexes without which erasing one reads every message for each of theirs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_INDEXES = (
    ("message", "reply_to_id"), ("answer_trace", "message_id"), ("answer_flag", "trace_id"),
    ("bot_turn", "bot_message_id"), ("received_mail", "message_id"), ("suggestion", "sent_message_id"),
    ("outgoing_mail", "ticket_id"),
)  # fmt: skip


def upgrade() -> None:
    op.create_table(
        "erasure",
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("digests", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("last_message", sa.Integer(), nullable=False),
        sa.Column("last_ticket", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name=op.f("fk_erasure_staff_id_staff")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    for table, column in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{column}"), table)
    op.drop_table("erasure")
