"""Every table, in one ``MetaData``. A change here goes with a step in ``migrations/versions``; a test holds the two together."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table, Text

METADATA: Final = MetaData()
BIG: Final = BigInteger().with_variant(Integer(), "sqlite")  # an INTEGER PRIMARY KEY is SQLite's own row number: no second index

AUDIT_EVENTS: Final = Table(
    "audit_events",
    METADATA,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("actor", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("content", Text, nullable=False),  # canonical JSON: what the hash covers; the columns before repeat parts of it
    Column("hash", String(64), nullable=False),
    Index("audit_events_subject", "subject", "seq"),
    Index("audit_events_action", "action", "seq"),
)
AUDIT_NOTES: Final = Table(
    "audit_notes",
    METADATA,
    Column("seq", BIG, ForeignKey(AUDIT_EVENTS.c.seq), primary_key=True),
    Column("field", String(128), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("text", Text, nullable=False),
)
AUDIT_CHECKPOINTS: Final = Table(
    "audit_checkpoints",
    METADATA,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
)
PEOPLE_KEYS: Final = Table(
    "people_keys",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("name", Text, nullable=False),
    Column("holder", Text, nullable=False),
    Column("roles", Text, nullable=False),  # JSON list
    Column("scopes", Text, nullable=False),  # JSON list
    Column("hash", String(64), nullable=False),
    Column("created", String(32), nullable=False),
    Column("expires", String(32), nullable=False),
    Column("revoked", String(32), nullable=True),
)
DEPLOYMENTS: Final = Table(
    "deployments",
    METADATA,
    Column("id", String(80), primary_key=True),
    Column("content", Text, nullable=False),  # JSON, as deployments.record writes it
)
DOSSIERS: Final = Table(
    "dossiers",
    METADATA,
    Column("id", String(80), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("archived", Boolean, nullable=False),
    Column("created", String(32), nullable=False),
    Column("updated", String(32), nullable=False),
    Column("state", Text, nullable=False),  # JSON: kg_service/dossiers/codec.py
    Index("dossiers_created", "created", "id"),
)
DOSSIER_FILES: Final = Table(
    "dossier_files",
    METADATA,
    Column("dossier", String(80), ForeignKey(DOSSIERS.c.id), primary_key=True),
    Column("evidence", String(16), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("size", BIG, nullable=False),
    Index("dossier_files_sha256", "sha256"),
)
REQUESTS_ONCE: Final = Table(
    "requests_once",
    METADATA,
    Column("actor", String(200), primary_key=True),
    Column("key", String(200), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("at", String(32), nullable=False),
    Column("answer", Text, nullable=False),  # JSON: status, headers, body
    Index("requests_once_at", "at"),
)
WATCHED: Final = Table(
    "watched",
    METADATA,
    Column("subject", String(96), primary_key=True),  # dossier/<id> or deployment/<id>
    Column("version", Integer, nullable=False),  # of the record whose facts were evaluated
    Column("facts", Text, nullable=False),  # JSON, as evaluated
    Column("day", String(10), nullable=False),
    Column("knowledge", String(64), nullable=False),
    Column("statuses", LargeBinary, nullable=False),  # kg_service/watch/rows.py
    Column("evaluated", String(32), nullable=False),
)
WATCH_ORDERS: Final = Table(
    "watch_orders",
    METADATA,
    Column("knowledge", String(64), primary_key=True),
    Column("norms", Text, nullable=False),  # JSON list
)
WATCH_NOTICES: Final = Table(
    "watch_notices",
    METADATA,
    Column("seq", BIG, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("subject", String(96), nullable=False),
    Column("day", String(10), nullable=False),
    Column("knowledge_before", String(64), nullable=False),
    Column("knowledge_after", String(64), nullable=False),
    Column("content", Text, nullable=False),  # JSON
    Index("watch_notices_subject", "subject", "seq"),
)
WATCH_SUBSCRIPTIONS: Final = Table(
    "watch_subscriptions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("url", Text, nullable=False),
    Column("secret", Text, nullable=False),
    Column("subject", String(96), nullable=True),  # None: everything
    Column("owner", Text, nullable=False),
    Column("created", String(32), nullable=False),
    Column("ended", String(32), nullable=True),
)
WATCH_DELIVERIES: Final = Table(
    "watch_deliveries",
    METADATA,
    Column("id", String(40), primary_key=True),
    Column("subscription", String(32), ForeignKey(WATCH_SUBSCRIPTIONS.c.id), nullable=False),
    Column("notice", BIG, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due", String(32), nullable=True),  # None: delivered, or given up
    Column("delivered", String(32), nullable=True),
    Column("problem", Text, nullable=True),
    Index("watch_deliveries_due", "due"),
)
