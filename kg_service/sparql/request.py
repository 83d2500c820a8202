"""The parts of an HTTP request to an operation of the SPARQL 1.1 Protocol (section 2). Pure: no HTTP library, no IO.

Every rule of the protocol that a request can break is told here, with the status that the protocol asks for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from kg_service.sparql.refusal import Refusal, bad_request, refused

READ_ONLY: Final = (
    "This endpoint only reads. The law changes through the files under 'regulations/', deployments through the interface under "
    "'/api/v1'; nothing changes by SPARQL Update."
)
METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
QUERY_TYPE: Final = "application/sparql-query"
FORM_TYPE: Final = "application/x-www-form-urlencoded"
UPDATE_TYPE: Final = "application/sparql-update"
_PARAMETERS_MAX: Final = 2_000
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")

Parameters: TypeAlias = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Parts:
    """What of an HTTP request says what is asked: nothing else of it is looked at."""

    method: str
    query_string: bytes = b""
    content_type: str | None = None
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Query:
    """A query as it was asked, with the dataset that the protocol names for it; ``format`` is the parameter of that name."""

    text: str
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    format: str | None = None


@dataclass(frozen=True, slots=True)
class Describe:
    """The endpoint is asked what it is (SPARQL 1.1 Service Description, section 2)."""

    format: str | None = None


def parse(parts: Parts) -> Query | Describe | Refusal:
    """The operation that the request asks for, or why it is none."""
    if parts.method not in METHODS:
        allow = ", ".join(METHODS)
        return Refusal(405, "method-not-allowed", "Method Not Allowed", f"Ask by {allow}.", {"Allow": allow})
    given = _form(parts.query_string, "the URL")
    if isinstance(given, Refusal):
        return given
    if parts.method != "POST":
        return _operation(given)
    media_type, charset = _media_type(parts.content_type)
    if charset not in {None, "utf-8", "utf8", "us-ascii"}:
        return _wrong_type(f"a body in {charset!r}; SPARQL is written in UTF-8")
    if media_type == UPDATE_TYPE:
        return refused(READ_ONLY)
    if media_type == FORM_TYPE:
        return _form_post(given, parts.body)
    if media_type == QUERY_TYPE:
        return _direct_post(given, parts.body)
    return _wrong_type(repr(media_type) if media_type else "a body without Content-Type")


def _form_post(given: Parameters, body: bytes) -> Query | Describe | Refusal:
    posted = _form(body, "the body")
    if isinstance(posted, Refusal):
        return posted
    for name, values in posted.items():
        given.setdefault(name, []).extend(values)
    if "query" not in given and "update" not in given:
        return bad_request("The form has no field 'query'.")
    return _operation(given)


def _direct_post(given: Parameters, body: bytes) -> Query | Describe | Refusal:
    if "query" in given or "update" in given:
        return bad_request("The query stands in the body; the URL must then have no 'query' and no 'update'.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return bad_request(f"The body is not UTF-8 (byte {error.start}).")
    return _operation({**given, "query": [text]})


def _operation(given: Parameters) -> Query | Describe | Refusal:
    if "update" in given:
        return refused(READ_ONLY)
    for name in ("query", "format"):
        if len(given.get(name, ())) > 1:
            return bad_request(f"The parameter {name!r} may be given once; it is there {len(given[name])} times.")
    if "using-graph-uri" in given or "using-named-graph-uri" in given:
        return bad_request("'using-graph-uri' and 'using-named-graph-uri' are for updates; a query takes 'default-graph-uri'.")
    wanted = (given.get("format") or [""])[0].strip() or None
    graphs = (tuple(given.get("default-graph-uri", ())), tuple(given.get("named-graph-uri", ())))
    if "query" not in given:
        if any(graphs):
            return bad_request("There is no parameter 'query'.")
        return Describe(wanted)
    return Query(given["query"][0], *graphs, wanted)


def _form(raw: bytes, place: str) -> Parameters | Refusal:
    """The fields of ``application/x-www-form-urlencoded``, each decoded once and strictly."""
    found: Parameters = {}
    fields = [field for field in raw.split(b"&", _PARAMETERS_MAX) if field]
    if len(fields) > _PARAMETERS_MAX:
        return bad_request(f"There are more than {_PARAMETERS_MAX} parameters in {place}.")
    for field in fields:
        name, _, value = field.partition(b"=")
        try:
            found.setdefault(_decoded(name), []).append(_decoded(value))
        except UnicodeDecodeError:
            return bad_request(f"A parameter in {place} is not UTF-8 behind its percent signs.")
    return found


def _decoded(raw: bytes) -> str:
    return _ESCAPE.sub(lambda found: bytes((int(found[1], 16),)), raw.replace(b"+", b" ")).decode("utf-8")


def _media_type(header: str | None) -> tuple[str | None, str | None]:
    """The media type and its charset, in lower case."""
    if not header:
        return None, None
    media_type, *parameters = header.split(";")
    charset = None
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip().strip('"').lower()
    return media_type.strip().lower(), charset


def _wrong_type(what: str) -> Refusal:
    told = f"It cannot read {what}. Send the query as {QUERY_TYPE}, or as the field 'query' of a form ({FORM_TYPE})."
    return Refusal(415, "unsupported-media-type", "Unsupported Media Type", told, {"Accept-Post": f"{QUERY_TYPE}, {FORM_TYPE}"})
