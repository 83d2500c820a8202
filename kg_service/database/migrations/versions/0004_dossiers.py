"""Dossiers, the files that are their evidence, and answers to requests that are carried out once."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "dossiers",
        sa.Column("id", sa.String(80), primary_key=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("archived", sa.Boolean(), nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
        sa.Column("updated", sa.String(32), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
    )
    op.create_index("dossiers_created", "dossiers", ["created", "id"])
    op.create_table(
        "dossier_files",
        sa.Column("dossier", sa.String(80), sa.ForeignKey("dossiers.id"), primary_key=True),
        sa.Column("evidence", sa.String(16), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", BIG, nullable=False),
    )
    op.create_index("dossier_files_sha256", "dossier_files", ["sha256"])
    op.create_table(
        "requests_once",
        sa.Column("actor", sa.String(200), primary_key=True),
        sa.Column("key", sa.String(200), primary_key=True),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
    )
    op.create_index("requests_once_at", "requests_once", ["at"])
