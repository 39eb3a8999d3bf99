"""Connectors to other help desks: their tickets, what goes out, what came in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "connector",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("safe", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector")),
        sa.UniqueConstraint("name", name=op.f("uq_connector_name")),
    )
    _create_link()
    _create_outbox()
    op.create_table(
        "connector_delivery",
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("delivery_id", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        *_states("state"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _with("connector_delivery", "connector_id", "connector"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector_delivery")),
        sa.UniqueConstraint("connector_id", "delivery_id", name=op.f("uq_connector_delivery_connector_id")),
    )
    op.create_index("ix_connector_delivery_state_next_at", "connector_delivery", ["state", "next_at"])


def _create_link() -> None:
    op.create_table(
        "connector_link",
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.String(length=120), nullable=True),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        _with("connector_link", "connector_id", "connector"),
        _with("connector_link", "ticket_id", "ticket"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_connector_link")),
        sa.UniqueConstraint("connector_id", "ticket_id", name=op.f("uq_connector_link_connector_id")),
    )
    op.create_index(op.f("ix_connector_link_ticket_id"), "connector_link", ["ticket_id"])
    op.create_index(op.f("ix_connector_link_external_id"), "connector_link", ["external_id"])


def _create_outbox() -> None:
    op.create_table(
        "outbox_item",
        sa.Column("connector_id", sa.Integer(), nullable=False),
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.String(length=40), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        *_states("state"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        _with("outbox_item", "connector_id", "connector"),
        _with("outbox_item", "ticket_id", "ticket"),
        _with("outbox_item", "message_id", "message"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox_item")),
        sa.UniqueConstraint("connector_id", "key", name=op.f("uq_outbox_item_connector_id")),
    )
    op.create_index(op.f("ix_outbox_item_ticket_id"), "outbox_item", ["ticket_id"])
    op.create_index("ix_outbox_item_state_next_at", "outbox_item", ["state", "next_at"])


def _states(state: str) -> list[sa.Column[object]]:
    return [
        sa.Column(state, sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
    ]


def _with(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    """A row that goes with the row it belongs to."""
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete="CASCADE")


def downgrade() -> None:
    for table in ("connector_delivery", "outbox_item", "connector_link", "connector"):
        op.drop_table(table)
