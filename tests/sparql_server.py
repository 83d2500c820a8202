"""A second SPARQL server for tests: the ``oxigraph`` program, in memory."""

from __future__ import annotations

from contextlib import AbstractContextManager

from local_server import running


def serving(*options: str) -> AbstractContextManager[str]:
    """The address of a server that answers until the block ends; skips where the program is not installed."""
    return running("oxigraph", lambda port: ("serve", "--bind", f"127.0.0.1:{port}", *options), "/query?query=ASK%7B%7D")
