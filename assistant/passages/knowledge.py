"""All passages that the knowledge itself gives, in a stable order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from assistant.model import Passage, PassageKind, Trust
from assistant.passages.law import Law
from assistant.passages.names import framework_control, joined, listed, name, unique
from kg_service import ids
from kg_service.knowledge.decisions import WordedDecision, read_decisions
from kg_service.model import Control, Framework, FrameworkControl, Knowledge, Risk


def passages_of(knowledge: Knowledge, root: Path) -> tuple[Passage, ...]:
    """Everything in the knowledge that can be found and cited, each id once, in an order that the same knowledge always gives.

    The decisions are read from the ontology under ``root``. Neighbours name passages that are there.

    Raises:
        KnowledgeError: where the ontology cannot be read.
    """
    found = [
        *Law(knowledge).passages(),
        *(_control(knowledge, one) for _, one in sorted(knowledge.controls.items())),
        *(_risk(knowledge, one) for _, one in sorted(knowledge.risks.items())),
        *(passage for one in read_decisions(root) for passage in _decision(knowledge, one)),
        *(
            _framework_control(knowledge, framework, one)
            for _, framework in sorted(knowledge.frameworks.items())
            for one in framework.controls
        ),
    ]
    return _linked(found)


def _linked(found: list[Passage]) -> tuple[Passage, ...]:
    """The same, every link leading somewhere."""
    known = {one.id for one in found}
    return tuple(
        one
        if all(other in known for other in one.neighbours)
        else replace(one, neighbours=tuple(other for other in one.neighbours if other in known))
        for one in found
    )


def _control(knowledge: Knowledge, one: Control) -> Passage:
    id_ = name(PassageKind.CONTROL, one.id)
    norms = sorted(norm.id for norm in knowledge.norms.values() if one.id in norm.controls)
    return Passage(
        id=id_,
        kind=PassageKind.CONTROL,
        title=one.name,
        text=joined(one.objective, listed("Test", [one.test]), listed("Evidence", one.evidence)),
        trust=Trust.GUIDANCE,
        iri=ids.control(one.id),
        about=one.id,
        decisions=one.decisions,
        neighbours=unique(
            [
                *(name(PassageKind.RISK, each) for each in one.mitigates),
                *(framework_control(framework, each) for framework, each in _refs(one.satisfies)),
                *(name(PassageKind.NORM, each) for each in norms),
            ],
            id_,
        ),
        context="Control",
        also=(one.id.replace("-", " "),),
    )


def _risk(knowledge: Knowledge, one: Risk) -> Passage:
    id_ = name(PassageKind.RISK, one.id)
    controls = sorted(control.id for control in knowledge.controls.values() if one.id in control.mitigates)
    return Passage(
        id=id_,
        kind=PassageKind.RISK,
        title=one.name,
        text=joined(one.description),
        trust=Trust.GUIDANCE,
        iri=ids.risk(one.id),
        about=one.id,
        neighbours=unique(
            [
                *(name(PassageKind.CONTROL, each) for each in controls),
                *(framework_control(framework, each) for framework, each in _refs(one.references)),
            ],
            id_,
        ),
        context="Risk",
        also=(one.id.replace("-", " "),),
    )


def _decision(knowledge: Knowledge, one: WordedDecision) -> Iterator[Passage]:
    number = str(one.number)
    whole = name(PassageKind.DECISION, number)
    parts = [name(PassageKind.DECISION, number, each.id) for each in one.criteria]
    controls = sorted(control.id for control in knowledge.controls.values() if one.number in control.decisions)
    yield Passage(
        id=whole,
        kind=PassageKind.DECISION,
        title=f"Decision {one.number}: {one.label}",
        text=joined(one.definition, one.question, listed("Criteria", (each.label for each in one.criteria))),
        trust=Trust.GUIDANCE,
        iri=one.iri,
        about=number,
        decisions=(one.number,),
        neighbours=unique([*parts, *(name(PassageKind.CONTROL, each) for each in controls)], whole),
        context="The six decisions",
        also=(one.label_zh,) if one.label_zh else (),
    )
    for id_, each in zip(parts, one.criteria, strict=True):
        yield Passage(
            id=id_,
            kind=PassageKind.DECISION,
            title=each.label,
            text=joined(each.definition, listed("Met when", [each.met_when])),
            trust=Trust.GUIDANCE,
            iri=each.iri,
            about=f"{number}/{each.id}",
            decisions=(one.number,),
            neighbours=unique([whole, *parts], id_),
            context=f"Decision {one.number}: {one.label}",
            also=(each.label_zh,) if each.label_zh else (),
        )


def _framework_control(knowledge: Knowledge, framework: Framework, one: FrameworkControl) -> Passage:
    id_ = framework_control(framework.id, one.id)
    ours = sorted(control.id for control in knowledge.controls.values() if one.id in control.satisfies.get(framework.id, ()))
    risks = sorted(risk.id for risk in knowledge.risks.values() if one.id in risk.references.get(framework.id, ()))
    return Passage(
        id=id_,
        kind=PassageKind.FRAMEWORK_CONTROL,
        title=f"{framework.title} {one.id}" + (f": {one.name}" if one.name else ""),
        text=joined(one.gist),
        trust=Trust.GUIDANCE,
        iri=ids.framework_control(framework.id, one.id),
        about=f"{framework.id}/{one.id}",
        official_url=framework.url,
        neighbours=unique(
            [
                *(name(PassageKind.CONTROL, each) for each in ours),
                *(name(PassageKind.RISK, each) for each in risks),
                *(framework_control(framework.id, each) for each in (*one.risks, *one.mitigates)),
                *(framework_control(other, each) for other, each in _refs(one.references)),
            ],
            id_,
        ),
        context=framework.title,
    )


def _refs(references: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for framework, controls in sorted(references.items()):
        yield from ((framework, control) for control in controls)
