"""One way to write Turtle, for ``make fmt``: ``python -m kg_service.knowledge.turtle [--check] PATH...``.

Kept: the comment at the head, the order of subjects, the order of lists and of blank nodes. Settled here: which prefixes
stand and in what order, the order of predicates and values, how literals are written, indentation. Formatting twice
changes nothing, and the graph stays the same.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from kg_service.errors import InputError, Problem

_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_XSD: Final = "http://www.w3.org/2001/XMLSchema#"
_TYPE: Final = NamedNode(_RDF + "type")
_FIRST: Final = NamedNode(_RDF + "first")
_REST: Final = NamedNode(_RDF + "rest")
_NIL: Final = NamedNode(_RDF + "nil")

_WELL_KNOWN: Final = {
    "rdf": _RDF,
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "sh": "http://www.w3.org/ns/shacl#",
}
_FIRST_PREDICATES: Final = [
    "rdf:type",
    "rdfs:subClassOf",
    "rdfs:subPropertyOf",
    "owl:equivalentClass",
    "owl:disjointWith",
    "owl:inverseOf",
    "rdfs:domain",
    "rdfs:range",
    "sh:targetClass",
    "sh:targetSubjectsOf",
    "sh:targetObjectsOf",
    "sh:target",
    "sh:path",
]
_LAST_PREDICATES: Final = [
    "skos:prefLabel",
    "skos:altLabel",
    "skos:definition",
    "skos:example",
    "skos:scopeNote",
    "dcterms:source",
    "sh:severity",
    "sh:message",
    "sh:select",
]
_LOCAL: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]*[A-Za-z0-9_])?")
_SHORT: Final = {
    _XSD + "integer": re.compile(r"[+-]?[0-9]+"),
    _XSD + "decimal": re.compile(r"[+-]?[0-9]*\.[0-9]+"),
    _XSD + "boolean": re.compile(r"true|false"),
}
_OPAQUE: Final = re.compile(r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?:[^"\\\n]|\\.)*"|<[^<>\s]*>', re.DOTALL)

_Node: TypeAlias = NamedNode | BlankNode
_Term: TypeAlias = NamedNode | BlankNode | Literal | Triple


def formatted(source: str, name: str = "text") -> str:
    """``source`` in the one way to write it.

    Raises:
        InputError: it is not Turtle, or has a comment after its head, which would be lost.
    """
    head, body = _head(source)
    if "#" in _OPAQUE.sub("", body):
        raise InputError(
            [Problem(name, "comment", "A comment stands after the head, where it would be lost; move it to the top.")]
        )
    parser = parse(source.encode(), format=RdfFormat.TURTLE)
    try:
        statements = [(quad.subject, quad.predicate, quad.object) for quad in parser]
    except SyntaxError as error:
        raise InputError([Problem(f"{name}:{error.lineno}", "bad-turtle", str(error.msg))]) from error
    return _Writer(statements, parser.prefixes).document(head)


def _head(source: str) -> tuple[list[str], str]:
    lines = source.split("\n")  # not splitlines: a literal may hold other separators
    size = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
    return [line.rstrip() for line in lines[:size]], "\n".join(lines[size:])


class _Writer:
    """Writes one graph; holds its statements by subject and which blank nodes are written in place."""

    def __init__(self, statements: Sequence[tuple[_Term, NamedNode, _Term]], prefixes: Mapping[str, str]) -> None:
        self._prefixes = sorted(prefixes.items(), key=lambda item: (-len(item[1]), item[0]))
        self._used: set[str] = set()
        self._about: dict[_Term, dict[NamedNode, list[_Term]]] = {}
        for subject, predicate, value in statements:
            values = self._about.setdefault(subject, {}).setdefault(predicate, [])
            if value not in values:
                values.append(value)
        uses = Counter(value for _, _, value in statements if isinstance(value, BlankNode))
        self._inline = {item for item, count in uses.items() if count == 1 and not self._is_in_circle(item)}
        everything = dict.fromkeys(node for subject, _, value in statements for node in (subject, value))
        named = [item for item in everything if isinstance(item, BlankNode) and item not in self._inline]
        self._names = {item: f"_:b{number}" for number, item in enumerate(named)}

    def _is_in_circle(self, start: BlankNode) -> bool:
        seen: set[_Term] = set()
        waiting: list[_Term] = [start]
        while waiting:
            for values in self._about.get(waiting.pop(), {}).values():
                fresh = [value for value in values if isinstance(value, BlankNode) and value not in seen]
                seen.update(fresh)
                waiting.extend(fresh)
        return start in seen

    def document(self, head: list[str]) -> str:
        subjects = [subject for subject in self._about if subject not in self._inline]
        blocks = [f"{self._term(subject, 0)} {self._predicates(subject, 1)} ." for subject in subjects]
        prefixes = [f"@prefix {name}: <{iri}> ." for name, iri in sorted(self._prefixes) if name in self._used]
        parts = ["\n".join([*head, *prefixes]), *blocks]
        return "\n\n".join(part for part in parts if part) + "\n"

    def _predicates(self, subject: _Term, depth: int) -> str:
        about = self._about.get(subject, {})
        lines = []
        for predicate in sorted(about, key=_rank):
            name = "a" if predicate == _TYPE else self._term(predicate, depth)
            lines.append(f"{name} {', '.join(self._term(value, depth) for value in self._in_order(about[predicate]))}")
        return (" ;\n" + "    " * depth).join(lines)

    def _in_order(self, values: Sequence[_Term]) -> list[_Term]:
        """Named things and literals by their text, then blank nodes as they stood."""
        blank = [value for value in values if isinstance(value, BlankNode)]
        return [*sorted((value for value in values if not isinstance(value, BlankNode)), key=_value_rank), *blank]

    def _term(self, term: _Term, depth: int) -> str:
        match term:
            case NamedNode():
                return self._iri(term.value)
            case Literal():
                return self._literal(term)
            case BlankNode() if term in self._inline:
                return self._blank(term, depth)
            case BlankNode():
                return self._names[term]
            case _:
                raise InputError([Problem("text", "triple-term", "Quoted triples have no place in these files.")])

    def _iri(self, iri: str) -> str:
        for name, base in self._prefixes:
            if iri.startswith(base) and _LOCAL.fullmatch(iri[len(base) :]):
                self._used.add(name)
                return f"{name}:{iri[len(base) :]}"
        return f"<{iri}>"

    def _literal(self, literal: Literal) -> str:
        datatype = literal.datatype.value
        short = _SHORT.get(datatype)
        if short is not None and short.fullmatch(literal.value):
            return literal.value
        quoted = _quoted(literal.value)
        if literal.language is not None:
            return f"{quoted}@{literal.language}"
        return quoted if datatype == _XSD + "string" else f"{quoted}^^{self._iri(datatype)}"

    def _blank(self, item: BlankNode, depth: int) -> str:
        members = self._list(item)
        if members is not None:
            return f"({' '.join(self._term(member, depth) for member in members)})"
        if not self._about.get(item):
            return "[]"
        space = "\n" + "    " * (depth + 1)
        return f"[{space}{self._predicates(item, depth + 1)}{space[:-4]}]"

    def _list(self, item: BlankNode) -> list[_Term] | None:
        """The members of the list that begins at ``item``; None where it is not a plain list."""
        members: list[_Term] = []
        here: _Term = item
        while here != _NIL:
            about = self._about.get(here, {})
            first, rest = about.get(_FIRST, []), about.get(_REST, [])
            if len(about) != 2 or len(first) != 1 or len(rest) != 1 or here not in self._inline:
                return None
            members.append(first[0])
            here = rest[0]
        return members


def _expanded(curies: Iterable[str]) -> dict[str, int]:
    split = (curie.split(":") for curie in curies)
    return {_WELL_KNOWN[prefix] + name: number for number, (prefix, name) in enumerate(split)}


_EARLY: Final = _expanded(_FIRST_PREDICATES)
_LATE: Final = _expanded(_LAST_PREDICATES)


def _rank(predicate: NamedNode) -> tuple[int, int, str]:
    if predicate.value in _EARLY:
        return 0, _EARLY[predicate.value], ""
    if predicate.value in _LATE:
        return 2, _LATE[predicate.value], ""
    return 1, 0, predicate.value


def _value_rank(value: _Term) -> tuple[str, str, str]:
    """Literals by language and words; everything else by its text."""
    return (value.language or "", value.value, value.datatype.value) if isinstance(value, Literal) else ("", str(value), "")


def _quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r")
    if "\n" in words:
        return f'"""{escaped}"""'
    return f'"{escaped}"'


def main(arguments: Sequence[str]) -> int:
    """Rewrites every file named, or those below a folder; with ``--check`` only says which would change (exit 1)."""
    check = "--check" in arguments
    named = [Path(argument) for argument in arguments if argument != "--check"]
    files = [file for path in named for file in (sorted(path.rglob("*.ttl")) if path.is_dir() else [path])]
    problems: list[Problem] = []
    changed: list[Path] = []
    for file in files:
        source = file.read_text(encoding="utf-8")
        try:
            wanted = formatted(source, str(file))
        except InputError as error:
            problems.extend(error.problems)
            continue
        if wanted != source:
            changed.append(file)
            if not check:
                file.write_text(wanted, encoding="utf-8", newline="\n")
    lines = [*map(str, problems), *(f"{'would change' if check else 'rewritten'}: {file}" for file in changed)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 2 if problems else int(check and bool(changed))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
