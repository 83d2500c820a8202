"""The steps from one schema to the next, in order; Alembic runs them when a database is opened."""
