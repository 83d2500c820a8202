"""What databases report, as errors that say what to do. No message carries a URL's password or a statement's values."""

from __future__ import annotations

from typing import Final

from sqlalchemy import exc

from kg_service.errors import DatabaseError

# What the driver's own text holds, and what is told; the first that fits.
_SQLITE: Final = (
    ("disk is full", "the disk is full; free some space, nothing was changed"),
    ("readonly", "the file cannot be written; check its owner and permissions, and those of its folder"),
    ("read-only", "the file cannot be written; check its owner and permissions, and those of its folder"),
    ("locked", "another process holds it; try again, or end what holds it"),
    ("unable to open", "the file cannot be opened; check that its folder exists and may be written (SEXTANT_DATA)"),
    ("not a database", "the file is no database; put it aside and restore a backup (sextant restore)"),
    ("malformed", "the file is damaged; put it aside and restore a backup (sextant restore)"),
    ("disk i/o", "the disk does not read or write; check it, nothing was changed"),
    ("no such table", "a table is missing; put the file aside and restore a backup (sextant restore)"),
)
_POSTGRESQL: Final = {  # SQLSTATE, longest prefix first
    "53100": "its disk is full; free some space, nothing was changed",
    "53300": "it takes no more connections; raise max_connections or run fewer processes",
    "25006": "it is read-only (a standby?); point SEXTANT_DATABASE to the primary",
    "28": "it refuses the user or the password; check SEXTANT_DATABASE",
    "3D000": "there is no such database on the server; create it (createdb)",
    "42501": "the user may not do this; grant it the rights on the schema",
    "42P01": "a table is missing; restore a backup (sextant restore)",
    "55P03": "another process holds it for too long; try again, or end what holds it",
    "57014": "it took too long; try again",
    "57P": "the server is shutting down or starting; look in a moment whether the change was made",
    "08": "the connection was lost, perhaps after the change was made; look before you try again",
}
_OURS: Final = (exc.IntegrityError, exc.ProgrammingError, exc.DataError)  # bugs, unless the server says one of the above


def translated(error: exc.SQLAlchemyError, place: str) -> DatabaseError | None:
    """``error`` as one that says what to do with the database at ``place``; None where it is a bug of ours."""
    if isinstance(error, exc.TimeoutError):
        return DatabaseError(f"the database {place} is busy: every connection is in use; try again in a moment.")
    if not isinstance(error, exc.DBAPIError):
        return None
    state = getattr(error.orig, "sqlstate", None) or ("08" if error.connection_invalidated else None)
    if isinstance(state, str):
        for prefix, told in _POSTGRESQL.items():
            if state.startswith(prefix):
                return DatabaseError(f"the database {place} cannot be used: {told}.")
    if isinstance(error, _OURS):
        return None
    said = str(error.orig).strip()
    for word, told in _SQLITE:
        if word in said.lower():
            return DatabaseError(f"the database {place} cannot be used: {told}.")
    first = said.splitlines()[0][:200] if said else type(error.orig).__name__
    return DatabaseError(f"the database {place} does not answer: {first}; check that it runs and can be reached.")
