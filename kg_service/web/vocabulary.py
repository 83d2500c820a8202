"""The ontology as its reference page shows it: classes, properties and named values with all that is said of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kg_service import ids
from kg_service.exports.description import Description
from kg_service.web.rendering import local_name, plain_name

_RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
_OWL: Final = "http://www.w3.org/2002/07/owl#"
_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_SOURCE: Final = "http://purl.org/dc/terms/source"
_FORWARD: Final = {
    "Kind of": _RDFS + "subClassOf",
    "Narrower than": _RDFS + "subPropertyOf",
    "Domain": _RDFS + "domain",
    "Range": _RDFS + "range",
    "Disjoint with": _OWL + "disjointWith",
    "Inverse of": _OWL + "inverseOf",
    "Source": _SOURCE,
}
_BACKWARD: Final = {
    "Kinds": _RDFS + "subClassOf",
    "Narrower": _RDFS + "subPropertyOf",
    "Has": _RDFS + "domain",
    "Value of": _RDFS + "range",
}
_TRAITS: Final = {
    _OWL + "FunctionalProperty": "at most one value",
    _OWL + "TransitiveProperty": "transitive",
    _OWL + "SymmetricProperty": "symmetric",
}
_KINDS: Final = {
    _OWL + "Class": ("Classes", "classes"),
    _OWL + "ObjectProperty": ("Properties to things", "object-properties"),
    _OWL + "DatatypeProperty": ("Properties to values", "datatype-properties"),
}


@dataclass(frozen=True, slots=True)
class TermLink:
    """A term of the ontology, or of another; ``here`` where it stands on the same page."""

    text: str
    iri: str
    here: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A class, property or value with all that its page says."""

    iri: str
    label: str
    chinese: str | None
    definition: str
    examples: tuple[str, ...]
    notes: tuple[str, ...]
    links: tuple[tuple[str, tuple[TermLink, ...]], ...]
    type: str


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    anchor: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    description: str
    parts: tuple[Part, ...]
    values: tuple[Entry, ...]


def vocabulary(found: Sequence[Description]) -> Vocabulary:
    """The ontology of which ``found`` are the descriptions."""
    ours = {one.iri: one for one in found if one.iri.startswith(ids.DEF)}
    back: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for one in ours.values():
        for property_iri in set(_BACKWARD.values()):
            for value in one.values.get(property_iri, ()):
                back[value.text][property_iri].append(one.iri)
    entries = {iri: _entry(one, ours, back[iri]) for iri, one in ours.items()}
    parts = tuple(
        Part(title, anchor, _by_label(entries[iri] for iri, one in ours.items() if kind in one.types))
        for kind, (title, anchor) in _KINDS.items()
    )
    values = [one for one in found if one.iri.startswith(ids.ID)]
    values.sort(key=lambda one: (_type(one), _first(one, ids.term("rank")) or _first(one, ids.term("position")), one.label))
    head = next((one for one in found if one.iri == ids.ONTOLOGY), None)
    about = "" if head is None else _first(head, "http://purl.org/dc/terms/description")
    return Vocabulary(about, parts, tuple(_entry(one, ours, {}) for one in values))


def _entry(one: Description, ours: Mapping[str, Description], back: Mapping[str, list[str]]) -> Entry:
    def link(iri: str) -> TermLink:
        return TermLink(ours[iri].label, iri, True) if iri in ours else TermLink(plain_name(iri), iri, False)

    links: list[tuple[str, tuple[TermLink, ...]]] = []
    for name, property_iri in _FORWARD.items():
        links.append((name, tuple(link(value.text) for value in one.values.get(property_iri, ()) if value.is_thing)))
    for name, property_iri in _BACKWARD.items():
        links.append((name, tuple(sorted((link(iri) for iri in back.get(property_iri, ())), key=lambda at: at.text))))
    traits = tuple(TermLink(said, iri, False) for iri, said in _TRAITS.items() if iri in one.types)
    links.append(("Is", traits))
    return Entry(
        iri=one.iri,
        label=one.label,
        chinese=next((value.text for value in one.values.get(_SKOS + "prefLabel", ()) if value.language == "zh"), None),
        definition=_first(one, _SKOS + "definition"),
        examples=_words(one, _SKOS + "example"),
        notes=_words(one, _SKOS + "scopeNote"),
        links=tuple((name, targets) for name, targets in links if targets),
        type=_type(one),
    )


def _by_label(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(entries, key=lambda one: one.label.casefold()))


def _type(one: Description) -> str:
    return next((local_name(iri) for iri in one.types if iri.startswith(ids.DEF)), "")


def _words(one: Description, property_iri: str) -> tuple[str, ...]:
    return tuple(value.text for value in one.values.get(property_iri, ()) if value.language in ("en", None))


def _first(one: Description, property_iri: str) -> str:
    return next(iter(_words(one, property_iri)), "")
