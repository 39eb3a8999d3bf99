"""The threshold chosen on an exam, with its curve."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "risk_point",
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("wrong_at_most", sa.Double(), nullable=False),
        sa.Column("points", sa.JSON(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_point")),
    )


def downgrade() -> None:
    op.drop_table("risk_point")
