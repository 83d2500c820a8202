"""The audit trail: events, the texts of their notes, checkpoints."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "audit_events",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    op.create_index("audit_events_subject", "audit_events", ["subject", "seq"])
    op.create_index("audit_events_action", "audit_events", ["action", "seq"])
    op.create_table(
        "audit_notes",
        sa.Column("seq", BIG, sa.ForeignKey("audit_events.seq"), primary_key=True),
        sa.Column("field", sa.String(128), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    op.create_table(
        "audit_checkpoints",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
