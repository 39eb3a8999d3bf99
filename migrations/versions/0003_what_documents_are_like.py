"""What documents are like: their language, a fingerprint of their text, and what they nearly repeat."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ALTER TABLE: building the table anew would delete, by its foreign keys, every chunk on SQLite.
    op.add_column("document", sa.Column("language", sa.String(length=8), nullable=False, server_default=""))
    op.add_column("document", sa.Column("fingerprint", sa.String(length=16), nullable=False, server_default=""))
    op.add_column("document", sa.Column("near_copy_of", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("document", "near_copy_of")
    op.drop_column("document", "fingerprint")
    op.drop_column("document", "language")
