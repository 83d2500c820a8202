"""The one database of a service: SQLite by default, PostgreSQL by URL."""
