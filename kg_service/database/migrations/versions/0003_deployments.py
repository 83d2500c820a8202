"""Stored deployments."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "deployments",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("content", sa.Text(), nullable=False),
    )
