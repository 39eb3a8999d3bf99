"""What channels promise, and the clocks of tickets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_METRIC = sa.Enum("first_reply", "next_reply", "resolution", name="metric", native_enum=False, length=32)


def upgrade() -> None:
    op.create_table(
        "channel_promise",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("week", sa.JSON(), nullable=False),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("patience_minutes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_channel_promise_channel_id_channel"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_channel_promise")),
    )
    moments = ("since", "warn_at", "due_at", "warned_at", "breached_at", "ended_at")
    op.create_table(
        "ticket_clock",
        sa.Column("metric", _METRIC, nullable=False),
        sa.Column("target_s", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("used_s", sa.Double(), nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=True) for name in moments),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_clock_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_clock")),
        sa.UniqueConstraint("ticket_id", "metric", name=op.f("uq_ticket_clock_ticket_id")),
    )
    for name in ("warn_at", "due_at"):
        op.create_index(op.f(f"ix_ticket_clock_{name}"), "ticket_clock", [name])
    op.create_table(
        "follow_up",
        sa.Column("conversation_id", sa.String(length=32), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=True),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_follow_up_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("conversation_id", name=op.f("pk_follow_up")),
    )


def downgrade() -> None:
    op.drop_table("follow_up")
    op.drop_table("ticket_clock")
    op.drop_table("channel_promise")
