"""Type, snooze, tags, watchers and merges of tickets; `on_hold` counts as open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_INDEX = "uq_ticket_open_conversation"
_BEFORE = sa.text("status IN ('new', 'open', 'pending')")
_NOW = sa.text("status IN ('new', 'open', 'pending', 'on_hold')")


def _replace_index(old: sa.TextClause, new: sa.TextClause) -> None:
    op.drop_index(_INDEX, "ticket", sqlite_where=old, postgresql_where=old)
    op.create_index(_INDEX, "ticket", ["conversation_id"], unique=True, sqlite_where=new, postgresql_where=new)


def upgrade() -> None:
    types = sa.Enum("question", "problem", "incident", "task", name="tickettype", native_enum=False, length=32)
    op.add_column("ticket", sa.Column("type", types, nullable=True))
    op.add_column("ticket", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_ticket_snoozed_until"), "ticket", ["snoozed_until"], unique=False)
    op.add_column("ticket", sa.Column("merged_into_id", sa.Integer(), nullable=True))
    op.add_column("ticket", sa.Column("before_merge", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("ticket", sa.Column("score", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_ticket_merged_into_id"), "ticket", ["merged_into_id"], unique=False)
    _replace_index(_BEFORE, _NOW)
    op.create_table(
        "ticket_tag",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tag", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_tag_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "tag", name=op.f("pk_ticket_tag")),
    )
    op.create_index(op.f("ix_ticket_tag_tag"), "ticket_tag", ["tag"], unique=False)
    op.create_table(
        "ticket_watcher",
        sa.Column("ticket_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket_id"], ["ticket.id"], name=op.f("fk_ticket_watcher_ticket_id_ticket"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.id"], name=op.f("fk_ticket_watcher_staff_id_staff"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("ticket_id", "staff_id", name=op.f("pk_ticket_watcher")),
    )
    op.create_index(op.f("ix_ticket_watcher_staff_id"), "ticket_watcher", ["staff_id"], unique=False)


def downgrade() -> None:
    op.drop_table("ticket_watcher")
    op.drop_table("ticket_tag")
    op.execute("UPDATE ticket SET status = 'open' WHERE status = 'on_hold'")
    _replace_index(_NOW, _BEFORE)
    op.drop_index(op.f("ix_ticket_merged_into_id"), "ticket")
    op.drop_index(op.f("ix_ticket_snoozed_until"), "ticket")
    # Plain ALTER TABLE: building the table anew would delete, by its foreign keys, the whole history on SQLite.
    for name in ("score", "before_merge", "merged_into_id", "snoozed_until", "type"):
        op.drop_column("ticket", name)
