"""What Alembic runs. The connection comes in, inside a transaction that the caller holds and ends."""

from alembic import context

from kg_service.database.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
with context.begin_transaction():
    context.run_migrations()
