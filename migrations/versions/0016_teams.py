"""Teams, who gets which tickets by which rule, who is there, and notices to staff."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "team",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("name", name=op.f("uq_team_name")),
    )
    op.create_table(
        "team_member",
        sa.Column("team_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        _with("team_member", "team_id", "team"),
        _with("team_member", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("team_id", "staff_id", name=op.f("pk_team_member")),
    )
    op.create_index(op.f("ix_team_member_staff_id"), "team_member", ["staff_id"])
    op.add_column("ticket", sa.Column("team_id", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_ticket_team_id"), "ticket", ["team_id"])
    op.create_table(
        "routing",
        sa.Column("channel_id", sa.Integer(), nullable=True),
        sa.Column("team_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.String(length=32), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        _with("routing", "channel_id", "channel"),
        _with("routing", "team_id", "team", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing")),
        sa.UniqueConstraint("channel_id", name=op.f("uq_routing_channel_id")),
    )
    op.create_table(
        "staff_availability",
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("online_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("away", sa.Boolean(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        _with("staff_availability", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_staff_availability")),
    )
    _notices()


def _notices() -> None:
    op.create_table(
        "notice_choice",
        sa.Column("staff_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("escalation_mail", sa.Boolean(), nullable=False),
        sa.Column("assignment_mail", sa.Boolean(), nullable=False),
        sa.Column("escalation_browser", sa.Boolean(), nullable=False),
        sa.Column("assignment_browser", sa.Boolean(), nullable=False),
        sa.Column("sound", sa.Boolean(), nullable=False),
        sa.Column("quiet", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        _with("notice_choice", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("staff_id", name=op.f("pk_notice_choice")),
    )
    op.create_table(
        "notice",
        sa.Column("ticket_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("via", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.Integer(), nullable=True),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        _with("notice", "ticket_id", "ticket"),
        _with("notice", "staff_id", "staff"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index("ix_notice_state_next_at", "notice", ["state", "next_at"])
    op.create_index(op.f("ix_notice_ticket_id"), "notice", ["ticket_id"])


def _with(table: str, column: str, other: str, ondelete: str = "CASCADE") -> sa.ForeignKeyConstraint:
    """A row that goes with the row it belongs to, or forgets it."""
    name = op.f(f"fk_{table}_{column}_{other}")
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=name, ondelete=ondelete)


def downgrade() -> None:
    for name in ("notice", "notice_choice", "staff_availability", "routing"):
        op.drop_table(name)
    op.drop_index(op.f("ix_ticket_team_id"), "ticket")
    op.drop_column("ticket", "team_id")
    op.drop_table("team_member")
    op.drop_table("team")
