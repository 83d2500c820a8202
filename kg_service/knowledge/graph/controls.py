"""Risks, controls, evidence and frameworks as triples."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import chain

from pyoxigraph import Literal, NamedNode

from kg_service import ids
from kg_service.knowledge.graph.law import sureness
from kg_service.knowledge.graph.terms import (
    ALT_LABEL,
    DEFINITION,
    IDENTIFIER,
    PREF_LABEL,
    RDF_TYPE,
    RIGHTS,
    Triple,
    aliases,
    each,
    node,
    sx,
    text,
    texts,
)
from kg_service.model import Control, Framework, FrameworkControl, Knowledge


def _maps_to(subject: NamedNode, references: Mapping[str, tuple[str, ...]]) -> Iterator[Triple]:
    for framework, numbers in sorted(references.items()):
        yield from each(subject, sx("mapsTo"), (node(ids.framework_control(framework, number)) for number in numbers))


def _control(control: Control) -> Iterator[Triple]:
    subject = node(ids.control(control.id))
    yield subject, RDF_TYPE, sx("Control")
    yield subject, IDENTIFIER, Literal(control.id)
    yield subject, PREF_LABEL, text(control.name)
    yield from texts(subject, {sx("objective"): control.objective, sx("testProcedure"): control.test})
    yield from each(subject, sx("shownBy"), (node(ids.evidence(evidence)) for evidence in control.evidence))
    yield from each(subject, sx("decision"), (node(ids.decision(number)) for number in control.decisions))
    yield from each(subject, sx("mitigates"), (node(ids.risk(risk)) for risk in control.mitigates))
    yield from _maps_to(subject, control.satisfies)
    yield from aliases(subject, map(ids.control, control.aliases))


def _evidence(knowledge: Knowledge) -> Iterator[Triple]:
    names: dict[str, set[str]] = defaultdict(set)
    of_norms = (name for norm in knowledge.norms.values() for name in norm.evidence)
    of_controls = (name for control in knowledge.controls.values() for name in control.evidence)
    for name in chain(of_norms, of_controls):
        names[ids.evidence(name)].add(name)
    for iri, words in sorted(names.items()):
        first, *rest = sorted(words)
        yield node(iri), RDF_TYPE, sx("Evidence")
        yield node(iri), PREF_LABEL, text(first)
        yield from each(node(iri), ALT_LABEL, map(text, rest))


def control_triples(knowledge: Knowledge) -> Iterator[Triple]:
    """Controls, risks and evidence."""
    for _, control in sorted(knowledge.controls.items()):
        yield from _control(control)
    for risk_id, risk in sorted(knowledge.risks.items()):
        subject = node(ids.risk(risk_id))
        yield subject, RDF_TYPE, sx("Risk")
        yield subject, IDENTIFIER, Literal(risk_id)
        yield subject, PREF_LABEL, text(risk.name)
        yield subject, DEFINITION, text(risk.description)
        yield from _maps_to(subject, risk.references)
    yield from _evidence(knowledge)


def _framework(knowledge: Knowledge, framework: Framework) -> Iterator[Triple]:
    subject = node(ids.framework(framework.id))
    yield subject, RDF_TYPE, sx("Framework")
    yield subject, IDENTIFIER, Literal(framework.id)
    yield subject, PREF_LABEL, text(framework.title)
    yield subject, RIGHTS, text(framework.licence)
    yield subject, sx("officialPage"), node(framework.url)
    yield from sureness(subject, framework.sureness)
    words = {sx("statusNote"): framework.status, sx("structure"): framework.structure, sx("note"): framework.note}
    yield from texts(subject, words)
    for entry in framework.controls:
        part = node(ids.framework_control(framework.id, entry.id))
        yield part, RDF_TYPE, sx("FrameworkControl")
        yield part, IDENTIFIER, Literal(entry.id)
        yield part, PREF_LABEL, text(entry.name or entry.id)
        yield part, sx("summary"), text(entry.gist)
        yield part, sx("partOf"), subject
        if entry.kind is not None:
            yield part, sx("entryKind"), Literal(entry.kind)
        yield from _entry_links(knowledge, framework, entry)


def _entry_links(knowledge: Knowledge, framework: Framework, entry: FrameworkControl) -> Iterator[Triple]:
    """Links to other entries where they are listed; a bare word where no framework of ours lists what is meant."""
    subject = node(ids.framework_control(framework.id, entry.id))
    links: list[tuple[str, str | None, str]] = [("addresses", None, number) for number in (*entry.risks, *entry.mitigates)]
    links += [("elaborates", None, entry.subcategory)] if entry.subcategory is not None else []
    links += [("mapsTo", other, number) for other, numbers in sorted(entry.references.items()) for number in numbers]
    for name, other, number in links:
        home = _home(knowledge, framework, other, number)
        if home is not None:
            yield subject, sx(name), node(ids.framework_control(home, number))
        else:
            yield subject, sx("crossReference"), Literal(f"{other} {number}" if other else number)


def _home(knowledge: Knowledge, framework: Framework, other: str | None, number: str) -> str | None:
    """The framework that lists ``number``: the named one, else this one, else the only other one that does."""
    if other is not None:
        known = knowledge.frameworks.get(other)
        return other if known is not None and any(entry.id == number for entry in known.controls) else None
    if any(entry.id == number for entry in framework.controls):
        return framework.id
    found = [one.id for one in knowledge.frameworks.values() if any(entry.id == number for entry in one.controls)]
    return found[0] if len(found) == 1 else None


def framework_triples(knowledge: Knowledge) -> Iterator[Triple]:
    for _, framework in sorted(knowledge.frameworks.items()):
        yield from _framework(knowledge, framework)
