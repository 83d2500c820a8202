"""Which format an answer takes: ``Accept`` with its weights (RFC 9110, 12.5.1), or ``?format=`` for browsers. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from kg_service.sparql.refusal import Refusal


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write an answer. ``names`` are what ``?format=`` takes, the first is shown; ``also`` are other media types."""

    media_type: str
    names: tuple[str, ...]
    suffix: str
    content_type: str
    also: tuple[str, ...] = ()
    iri: str | None = None  # https://www.w3.org/ns/formats/

    @property
    def name(self) -> str:
        return self.names[0]


def _format(media_type: str, names: str, suffix: str, *also: str, iri: str | None = None, charset: bool = False) -> Format:
    written = f"{media_type}; charset=utf-8" if charset else media_type
    return Format(media_type, tuple(names.split()), suffix, written, also, iri)


JSON: Final = _format(
    "application/sparql-results+json", "json srj", "srj", "application/json", "text/json", iri="SPARQL_Results_JSON"
)
XML: Final = _format("application/sparql-results+xml", "xml srx", "srx", "application/xml", "text/xml", iri="SPARQL_Results_XML")
CSV: Final = _format("text/csv", "csv", "csv", iri="SPARQL_Results_CSV", charset=True)
TSV: Final = _format("text/tab-separated-values", "tsv", "tsv", iri="SPARQL_Results_TSV", charset=True)
XLSX: Final = _format("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx excel", "xlsx")
TURTLE: Final = _format("text/turtle", "turtle ttl n3", "ttl", "application/x-turtle", "text/n3", iri="Turtle", charset=True)
JSON_LD: Final = _format("application/ld+json", "json-ld jsonld json", "jsonld", "application/json", iri="JSON-LD")
RDF_XML: Final = _format(
    "application/rdf+xml", "rdf-xml rdfxml rdf rdf+xml xml", "rdf", "application/xml", "text/xml", iri="RDF_XML"
)
N_TRIPLES: Final = _format("application/n-triples", "n-triples ntriples nt", "nt", "text/plain", iri="N-Triples")
TRIG: Final = _format("application/trig", "trig", "trig", "application/x-trig", iri="TriG")
N_QUADS: Final = _format("application/n-quads", "n-quads nquads nq", "nq", "text/x-nquads", iri="N-Quads")
HTML: Final = _format("text/html", "html", "html", "application/xhtml+xml", charset=True)

TABLES: Final = (JSON, XML, CSV, TSV, XLSX)
GRAPHS: Final = (TURTLE, JSON_LD, RDF_XML, N_TRIPLES, TRIG, N_QUADS)
BY_FORM: Final[Mapping[str, tuple[Format, ...]]] = {
    "SELECT": TABLES,
    "ASK": (JSON, XML, CSV, TSV),
    "CONSTRUCT": GRAPHS,
    "DESCRIBE": GRAPHS,
}

_RANGE: Final = re.compile(r"\s*([!#$%&'*+.^_`|~\w-]+)/([!#$%&'*+.^_`|~\w-]+)\s*((?:;[^,]*)?)", re.ASCII)
_WEIGHT: Final = re.compile(r";\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*(?:;|$)", re.ASCII | re.IGNORECASE)
_RANGES_MAX: Final = 100
_COMMON_LENGTH: Final = 400


def choose(offered: Sequence[Format], accept: str | None, wanted: str | None = None) -> Format | Refusal:
    """The format to write: ``wanted`` by name, otherwise the one that ``accept`` weighs highest, the first offered if equal.

    No header, or one without a single readable range, asks for nothing in particular.
    """
    if len(accept or "") + len(wanted or "") > _COMMON_LENGTH:
        return _chosen(tuple(offered), accept, wanted)
    return _commonly_chosen(tuple(offered), accept, wanted)


def _chosen(offered: tuple[Format, ...], accept: str | None, wanted: str | None) -> Format | Refusal:
    if wanted is not None:
        name = wanted.lower()
        for one in offered:
            if name in one.names or name == one.media_type:
                return one
        return _none(offered, f"There is no format {wanted[:60]!r} for this answer.")
    ranges = _ranges(accept or "")
    if not ranges:
        return offered[0]
    weights = [_weight(one, ranges) for one in offered]
    best = max(weights)
    if best <= 0:
        return _none(offered, "None of the formats in the Accept header can be written for this answer.")
    return offered[weights.index(best)]


_commonly_chosen: Final = lru_cache(maxsize=256)(_chosen)


@lru_cache(maxsize=64)
def _ranges(accept: str) -> tuple[tuple[str, str, float], ...]:
    """Type, subtype and weight of each readable range of the header; others are passed over."""
    found = []
    for piece in accept.split(",", _RANGES_MAX)[:_RANGES_MAX]:
        match = _RANGE.fullmatch(piece.rstrip())
        if match is None or (match[1] == "*" and match[2] != "*"):
            continue
        parameters = match[3]
        weight = 1.0
        if re.search(r";\s*q\s*=", parameters, re.IGNORECASE):
            said = _WEIGHT.search(parameters)
            if said is None:
                continue
            weight = float(said[1])
        found.append((match[1].lower(), match[2].lower(), weight))
    return tuple(found)


def _weight(one: Format, ranges: Sequence[tuple[str, str, float]]) -> float:
    """The weight of the most specific range that fits the format; of several names of a format the one liked best counts."""
    best = 0.0
    for position, media_type in enumerate((one.media_type, *one.also)):
        kind, subtype = media_type.split("/")
        fits = [
            ((kind == r_kind) + (subtype == r_subtype), weight)
            for r_kind, r_subtype, weight in ranges
            if (r_kind in (kind, "*") and r_subtype in (subtype, "*")) and (position == 0 or r_subtype != "*")
        ]
        if fits:
            best = max(best, max(fits)[1])
    return best


def _none(offered: Sequence[Format], told: str) -> Refusal:
    listing = [{"format": one.name, "media_type": one.media_type} for one in offered]
    names = ", ".join(f"{one.name} ({one.media_type})" for one in offered)
    return Refusal(406, "not-acceptable", "Not Acceptable", f"{told} There are: {names}.", more={"available": listing})
