"""Queries of strangers for a remote SPARQL server: checked text, dataset and format are passed on, no header of theirs."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlencode

from kg_service.errors import QueryError, StoreError
from kg_service.settings import Settings
from kg_service.sparql.negotiate import XLSX, Format
from kg_service.sparql.request import FORM_TYPE, Query
from kg_service.store.http import Connection, Place


@dataclass(frozen=True, slots=True)
class Remote:
    """One server. A query whose asker leaves goes on there until its time is over; the server's own limits hold besides."""

    place: Place
    connection: Connection

    @classmethod
    def of(cls, settings: Settings) -> Remote:
        """The server that the settings name, with the rights to read."""
        return cls(Place(settings.store, settings.store_credentials), Connection(settings.answer_bytes))

    async def run(self, text: str, query: Query, wanted: Format, seconds: float) -> bytes:
        """The whole answer of the server.

        Raises:
            DeadlineError: where it is not there in time.
            QueryError: where the server finds fault with the query, or cannot write the format.
            StoreError: where it does not answer as it should.
        """
        if wanted is XLSX:
            raise QueryError("A spreadsheet is not written from a remote store; ask for csv.")
        fields = [("query", text)]
        fields += [("default-graph-uri", iri) for iri in query.default_graphs]
        fields += [("named-graph-uri", iri) for iri in query.named_graphs]
        headers = {"Content-Type": FORM_TYPE, "Accept": wanted.media_type}
        found = await asyncio.to_thread(self.connection.send, self.place, "POST", urlencode(fields).encode(), headers, seconds)
        if found.status == HTTPStatus.OK and found.media_type in (wanted.media_type, *wanted.also):
            return found.body
        if found.status == HTTPStatus.OK:
            raise QueryError(f"The graph store does not write {wanted.media_type}; it sent {found.media_type[:80]}.")
        if found.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_ACCEPTABLE, HTTPStatus.UNPROCESSABLE_ENTITY):
            raise QueryError(f"The graph store refuses the query: {found.told}")
        raise StoreError(f"the graph store answers with HTTP {found.status}: {found.told}")
