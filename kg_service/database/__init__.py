"""Where what users do is kept: SQLite in a file, or PostgreSQL by URL, behind one small class."""
