"""Keys with which programs ask on a channel."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "channel_key",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channel.id"], name=op.f("fk_channel_key_channel_id_channel"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channel_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_channel_key_key_hash")),
    )
    with op.batch_alter_table("channel_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_channel_key_channel_id"), ["channel_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("channel_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_channel_key_channel_id"))

    op.drop_table("channel_key")
