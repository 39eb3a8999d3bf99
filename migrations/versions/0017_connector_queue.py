"""Connectors remember what they asked for; indexes for the queue, and for erasing a conversation that stands in it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("connector") as batch:
        batch.add_column(sa.Column("cursor", sa.String(length=40), nullable=False, server_default=""))
    with op.batch_alter_table("connector") as batch:
        batch.alter_column("cursor", server_default=None)
    op.create_index("ix_connector_link_connector_id_status", "connector_link", ["connector_id", "status"])
    op.create_index(op.f("ix_outbox_item_message_id"), "outbox_item", ["message_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_outbox_item_message_id"), "outbox_item")
    op.drop_index("ix_connector_link_connector_id_status", "connector_link")
    with op.batch_alter_table("connector") as batch:
        batch.drop_column("cursor")
