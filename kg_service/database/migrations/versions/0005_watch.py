"""The watch: last verdicts, notices, subscriptions and their deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "watched",
        sa.Column("subject", sa.String(96), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("knowledge", sa.String(64), nullable=False),
        sa.Column("statuses", sa.LargeBinary(), nullable=False),
        sa.Column("evaluated", sa.String(32), nullable=False),
    )
    op.create_table(
        "watch_orders",
        sa.Column("knowledge", sa.String(64), primary_key=True),
        sa.Column("norms", sa.Text(), nullable=False),
    )
    op.create_table(
        "watch_notices",
        sa.Column("seq", BIG, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(96), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("knowledge_before", sa.String(64), nullable=False),
        sa.Column("knowledge_after", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
    )
    op.create_index("watch_notices_subject", "watch_notices", ["subject", "seq"])
    op.create_table(
        "watch_subscriptions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("subject", sa.String(96), nullable=True),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32), nullable=True),
    )
    op.create_table(
        "watch_deliveries",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("subscription", sa.String(32), sa.ForeignKey("watch_subscriptions.id"), nullable=False),
        sa.Column("notice", BIG, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", sa.String(32), nullable=True),
        sa.Column("delivered", sa.String(32), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
    )
    op.create_index("watch_deliveries_due", "watch_deliveries", ["due"])
