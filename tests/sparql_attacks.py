"""What attackers send to a SPARQL endpoint: queries that never end, texts that kill parsers, and attempts to make it fetch."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Final

_CROSS: Final = "?a ?b ?c . ?d ?e ?f . ?g ?h ?i"
_ANY: Final = "(<x:p>|!<x:p>)*"
_DIGITS: Final = " ".join(map(str, range(10)))

# ruff: noqa: E501, S608 queries are easier to read whole, and none is made from what somebody sends
RUNAWAYS: Final[dict[str, str]] = {
    "count of a cross product": f"SELECT (COUNT(*) AS ?n) {{ {_CROSS} }}",
    "distinct cross product": f"SELECT DISTINCT ?a ?d ?g {{ {_CROSS} }}",
    "sorted cross product": f"SELECT * {{ {_CROSS} }} ORDER BY ?i ?f ?c LIMIT 1",
    "grouped cross product": f"SELECT ?a (COUNT(DISTINCT ?d) AS ?n) (SAMPLE(?g) AS ?s) {{ {_CROSS} }} GROUP BY ?a",
    "endless rows": f"SELECT * {{ {_CROSS} }}",
    "endless graph": f"CONSTRUCT {{ ?a ?e ?i }} WHERE {{ {_CROSS} }}",
    "closure from everywhere": f"SELECT (COUNT(*) AS ?n) {{ ?a {_ANY} ?b . ?c {_ANY} ?d }}",
    "lists of values multiplied": "SELECT (SUM(?v0) AS ?n) { " + " ".join(f"VALUES ?v{n} {{ {_DIGITS} }}" for n in range(12)) + " }",
    "text doubled again and again": "SELECT ?t60 { BIND('abcdefgh' AS ?t0) " + " ".join(f"BIND(CONCAT(?t{n}, ?t{n}) AS ?t{n + 1})" for n in range(60)) + " }",
    "a join of three hundred": "SELECT * { " + " ".join(f"?s{n} ?p{n} ?o{n} ." for n in range(300)) + " }",
    "optional upon optional": "SELECT * { ?s ?p ?o " + " ".join(f"OPTIONAL {{ ?s{n} ?p ?o }}" for n in range(400)) + " }",
    "absence in a cross product": "SELECT * { ?a ?b ?c . ?d ?e ?f FILTER(?a != ?d) FILTER NOT EXISTS { ?c ?x ?y . ?f ?y ?x } } ORDER BY ?a LIMIT 1",
}  # fmt: skip

_PIECES: Final = (
    "SELECT", "*", "?s", "$o", "{", "}", "(", ")", "[", "]", "<", ">", "<<", ">>", "<<(", ")>>", "{|", "|}", "UNION", "OPTIONAL", "MINUS",
    "FILTER", "NOT EXISTS", "BIND", "AS", "VALUES", "UNDEF", "GRAPH", "SERVICE", "SILENT", "FROM", "NAMED", "<http://127.0.0.1:1/>", "a",
    "ex:a", ":", "_:b", '"x"', "'''", '"""', '"', "'", "\\", "\\u0053", "\\U0001F600", "\\uD800", "#", "\n", "\r", "\x00", "\ufeff", "é", "😀",
    "@en", "^^", "^", "/", "|", "+", "-", "!", "||", "&&", "=", "1", "1e999", "-1.5", "true", "COUNT(*)", "GROUP BY", "ORDER BY", "LIMIT",
    "18446744073709551616", "DESCRIBE", "CONSTRUCT", "ASK", "INSERT DATA", "LOAD", "PREFIX", "BASE", ";", ".", ",", "REGEX", "REPLACE",
)  # fmt: skip


def hostile(seed: int) -> Iterator[bytes]:
    """Texts without end, the same for the same seed: nested, chained, huge, mutilated, and random."""
    chance = random.Random(seed)  # noqa: S311 attacks, not secrets
    kinds: list[Callable[[random.Random], str]] = [_nested, _chained, _huge, _random, _mutilated, _random, _mutilated]
    while True:
        text = chance.choice(kinds)(chance)
        raw = text.encode("utf-8", "surrogatepass")
        if chance.random() < 0.05:
            at = chance.randrange(len(raw) + 1)
            raw = raw[:at] + bytes(chance.choices(range(256), k=4)) + raw[at:]
        yield raw


def _times(chance: random.Random) -> int:
    return int(10 ** chance.uniform(0.5, 4.3))


def _nested(chance: random.Random) -> str:
    count = _times(chance)
    left, middle, right, around = chance.choice([
        ("{", "?s ?p ?o", "}", "SELECT * %s"),
        ("(", "1", ")", "SELECT * { ?s ?p ?o FILTER(%s) }"),
        ("[ <a:b> ", "1", "]", "SELECT * { ?s ?p %s }"),
        ("( ", "1", ")", "SELECT * { ?s ?p %s }"),
        ("<<( ?a ?b ", "1", ")>>", "SELECT * { ?s ?p %s }"),
        ("{ SELECT * { ", "?s ?p ?o", "}}", "SELECT * { %s }"),
        ("STR(", "?s", ")", "SELECT * { ?s ?p ?o FILTER(%s) }"),
        ("IF(1,2,", "3", ")", "SELECT (%s AS ?x) {}"),
        ("FILTER NOT EXISTS { ?s ?p ?o ", "", "}", "SELECT * { ?s ?p ?o %s }"),
        ("OPTIONAL { ?s ?p ?o ", "", "}", "SELECT * { %s }"),
        ("GRAPH ?g { ", "?s ?p ?o", "}", "SELECT * { %s }"),
        ("(<a:b>/", "<a:b>", ")*", "SELECT * { ?s %s ?o }"),
        ("!", "?s", "", "SELECT * { ?s ?p ?o FILTER(%s) }"),
    ])  # fmt: skip
    closing = count if chance.random() < 0.7 else chance.randrange(count + 1)
    return around.replace("%s", left * count + middle + right * closing)


def _chained(chance: random.Random) -> str:
    count = _times(chance)
    around, link, piece = chance.choice([
        ("SELECT * { %s }", " UNION ", "{ ?s ?p ?o }"),
        ("SELECT * { ?s ?p ?o %s }", " ", "OPTIONAL { ?s ?p ?o }"),
        ("SELECT * { ?s ?p ?o %s }", " ", "MINUS { ?s ?p ?o }"),
        ("SELECT * { ?s ?p ?o FILTER(%s) }", " || ", "?s = ?o"),
        ("SELECT * { ?s ?p ?o FILTER(%s) }", " * ", "?s"),
        ("SELECT * { ?s %s ?o }", "/", "<a:b>"),
        ("SELECT * { ?s %s ?o }", "|", "^<a:b>"),
        ("SELECT * { %s }", " . ", "?s ?p ?o"),
        ("SELECT * { ?s ?p ?o ; %s }", " ; ", "<a:b> ?x"),
        ("SELECT * { VALUES ?x { %s } }", " ", "<a:b>"),
        ("SELECT * %s { ?s ?p ?o }", " ", "FROM <https://w3id.org/sextant/graph/controls>"),
        ("SELECT * { ?s ?p ?o } ORDER BY %s", " ", "?s"),
        ("SELECT * { ?s ?p ?o FILTER(?s IN (%s)) }", ",", "1"),
        ("PREFIX a: <a:> %s SELECT * { ?s ?p ?o } LIMIT 1", " ", "PREFIX b: <b:>"),
    ])  # fmt: skip
    return around.replace("%s", link.join([piece] * count))


def _huge(chance: random.Random) -> str:
    count = _times(chance) * 10
    return chance.choice([
        f'SELECT * {{ ?s ?p "{"a" * count}" }}',
        f"SELECT * {{ ?s ?p <a:{'b' * count}> }}",
        f"SELECT ?{'v' * count} {{ ?{'v' * count} ?p ?o }} LIMIT 1",
        f"SELECT * {{ ?s ?p {'9' * count} }}",
        f"SELECT * {{ ?s ?p ?o FILTER REGEX(?o, '{'(a|b)*' * min(count, 5000)}') }}",
        "SELECT * { ?s ?p ?o FILTER REGEX(?o, 'a{1,1000}{1,1000}{1,1000}') }",
        f"SELECT (REPLACE('{'a' * min(count, 20000)}', 'a', '{'b' * 1000}') AS ?x) {{}}",
        f"#{'c' * count}\nASK {{}}",
        f"ASK {{}} {' ' * count}",
        "ASK { ?s ?p '" + "\\u0041" * count + "' }",
        f"SELECT (STRDT('1', <http://www.w3.org/2001/XMLSchema#decimal>) * {'9' * 30} AS ?x) {{}}",
        f"ASK {{ ?s ?p '{'1' * count}'^^<http://www.w3.org/2001/XMLSchema#dateTime> }}",
    ])  # fmt: skip


def _random(chance: random.Random) -> str:
    head = chance.choice(["", "SELECT * {", "ASK {", "PREFIX ex: <a:> SELECT ?s WHERE {", "CONSTRUCT {"])
    return head + chance.choice(["", " "]).join(chance.choices(_PIECES, k=chance.randrange(1, 120)))


def _mutilated(chance: random.Random) -> str:
    text = chance.choice([
        *list(RUNAWAYS.values())[7:],
        "PREFIX sx: <https://w3id.org/sextant/def/> SELECT ?n (COUNT(?c) AS ?k) { ?n a sx:Duty OPTIONAL { ?n sx:control ?c } } GROUP BY ?n",
        "SELECT * { ?s ?p \"\"\"long \\\" text\"\"\"@en-GB , 'x'^^<a:b> FILTER(LANGMATCHES(LANG(?o), '*') && ?s IN (<a:b>, 1.5e3)) }",
    ])  # fmt: skip
    for _ in range(chance.randrange(1, 6)):
        at, length = chance.randrange(len(text) + 1), chance.randrange(0, 12)
        text = text[:at] + chance.choice(["", *_PIECES, text[at : at + 200] * 3]) + text[at + length :]
    return text


def fetches(address: str, path: str) -> Iterator[tuple[str, str]]:
    """Queries and updates that would reach out to ``address`` or read the file ``path``, by name."""
    iri = f"<{address}/sparql>"
    body = "{ ?s ?p ?o }"
    spellings = {
        "plain": f"SELECT * {{ SERVICE {iri} {body} }}",
        "silent": f"SELECT * {{ SERVICE SILENT {iri} {body} }}",
        "lower": f"select * {{ service {iri} {body} }}",
        "mixed": f"SELECT * {{ sErViCe SiLeNt {iri} {body} }}",
        "escaped": f"SELECT * {{ \\u0053ERVICE {iri} {body} }}",
        "escaped whole": "SELECT * { " + "".join(f"\\u{ord(c):04X}" for c in "SERVICE") + f" {iri} {body} }}",
        "long escape": f"SELECT * {{ \\U00000053ERVICE {iri} {body} }}",
        "no blanks": f"SELECT*{{SERVICE{iri}{body}}}",
        "joined": f"SELECT * {{ SERVICESILENT{iri}{body} }}",
        "prefix": f"PREFIX x: <{address}/> SELECT * {{ SERVICE x:sparql {body} }}",
        "prefix joined": f"PREFIX : <{address}/> SELECT * {{ SERVICE:sparql {body} }}",
        "base": f"BASE <{address}/> SELECT * {{ SERVICE <sparql> {body} }}",
        "bound": f"SELECT * {{ BIND({iri} AS ?g) SERVICE ?g {body} }}",
        "from data": f"SELECT * {{ VALUES ?g {{ {iri} }} SERVICE ?g {body} }}",
        "in a number": f"SELECT * {{ ?s ?p 1SERVICE{iri}{body} }}",
        "in true": f"SELECT * {{ ?s ?p trueSERVICE{iri}{body} }}",
        "behind less than": f"SELECT * {{ ?s ?p ?o FILTER(?s<?o)SERVICE{iri}{body} }}",
        "looks like an iri": f"PREFIX b: <b:> SELECT * {{ BIND({iri} AS ?x) ?s ?a ?c FILTER(?a<b:c)SERVICE?x#>\n{body} }}",
        "comment between": f"SELECT * {{ SERVICE # }}\n {iri} {body} }}",
        "comment cut": f"SELECT * {{ ?s ?p '#' . SERVICE {iri} {body} }}",
        "string cut": f'SELECT * {{ ?s ?p "\\"" . SERVICE {iri} {body} }}',
        "escape that closes": f'SELECT * {{ ?s ?p "\\u0022 . SERVICE {iri} {body} #" }}',
        "long string cut": f"SELECT * {{ ?s ?p '''a''b''' . SERVICE {iri} {body} }}",
        "in exists": f"ASK {{ FILTER EXISTS {{ SERVICE {iri} {body} }} }}",
        "in a subquery": f"SELECT * {{ {{ SELECT * {{ SERVICE {iri} {body} }} }} }}",
        "in graph": f"SELECT * {{ GRAPH ?g {{ SERVICE {iri} {body} }} }}",
        "in construct": f"CONSTRUCT {{ ?s ?p ?o }} WHERE {{ SERVICE {iri} {body} }}",
        "describe": f"DESCRIBE ?s WHERE {{ SERVICE {iri} {body} }}",
        "carriage return": f"SELECT * {{\rSERVICE\r{iri}\r{body}\r}}",
        "no-break space": f"SELECT * {{ SERVICE\u00a0{iri} {body} }}",
        "from http": f"SELECT * FROM <{address}/data.ttl> {body}",
        "from named http": f"SELECT * FROM NAMED <{address}/data.ttl> {{ GRAPH ?g {body} }}",
        "from file": f"SELECT * FROM <file://{path}> {body}",
        "from joined": f"SELECT*FROM<file://{path}>{body}",
        "from escaped": f"SELECT * \\u0046ROM <{address}/data.ttl> {body}",
        "describe http": f"DESCRIBE <{address}/data.ttl>",
        "graph http": f"SELECT * {{ GRAPH <{address}/data.ttl> {body} }}",
        "graph file": f"SELECT * {{ GRAPH <file://{path}> {body} }}",
        "load": f"LOAD <{address}/data.ttl>",
        "load silent": f"LOAD SILENT <{address}/data.ttl> INTO GRAPH <x:g>",
        "load file": f"LOAD <file://{path}>",
        "load behind a query": f"ASK {{}} ; LOAD <{address}/data.ttl>",
        "insert from service": f"INSERT {{ ?s ?p ?o }} WHERE {{ SERVICE {iri} {body} }}",
        "function": f"SELECT (<{address}/function>(1) AS ?x) {{}}",
    }
    yield from spellings.items()
