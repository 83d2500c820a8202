"""A small law with every kind of fact, made by hand for the tests of the OWL reading."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from kg_service.applicability.condition import Condition
from kg_service.model import (
    Certainty,
    Fact,
    FactId,
    FactKind,
    InstrumentId,
    Knowledge,
    Labels,
    LegalStatus,
    Norm,
    NormId,
    NormKind,
    Qualification,
    QualificationId,
    Sureness,
    Term,
    TermId,
)

DAY = date(2026, 8, 2)


def terms(*rows: tuple[str, str | None]) -> dict[TermId, Term]:
    """Terms with their parents; ``none`` excludes ``some`` wherever both are there."""
    names = {name for name, _ in rows}
    out = {"none": (TermId("some"),)} if "some" in names else {}
    return {TermId(n): Term(TermId(n), Labels(n), TermId(up) if up else None, out.get(n, ())) for n, up in rows}


def fact(name: str, kind: FactKind, of: Mapping[TermId, Term] | None = None, jurisdictions: bool = False) -> Fact:
    return Fact(FactId(name), kind, Labels(name), f"{name}?", of or {}, jurisdictions)


PLACES = terms(("eu", None), ("de", "eu"), ("fr", "eu"), ("uk", None))
FACTS = {
    one.id: one
    for one in (
        fact("seat", FactKind.TERMS, PLACES, jurisdictions=True),
        fact("market", FactKind.TERMS, PLACES, jurisdictions=True),
        fact("kind", FactKind.TERMS, terms(("bank", None), ("coop", "bank"), ("village", "coop"), ("insurer", None))),
        fact("data", FactKind.TERMS, terms(("none", None), ("some", None), ("health", "some"), ("voice", "some"))),
        fact("step", FactKind.ONE, terms(("assist", None), ("decide", None), ("alone", "decide"), ("paired", "decide"))),
        fact("agentic", FactKind.FLAG),
        fact("assets", FactKind.NUMBER),
        fact("since", FactKind.DATE),
    )
}


def norm(name: str, applies_when: Condition, unless: Condition | None = None) -> Norm:
    return Norm(
        id=NormId(name),
        instrument=InstrumentId("sample"),
        article="art",
        provision="Art 1",
        title=name,
        summary=name,
        kind=NormKind.DUTY,
        bindingness="law",
        bearers=(),
        applies_when=applies_when,
        unless=unless,
        legal_status=LegalStatus.IN_FORCE,
        applies_from=None,
        applies_until=None,
        sureness=Sureness(Certainty.MEMORY),
        url="",
    )


def qualification(name: str, when: Condition, unless: Condition | None = None) -> Qualification:
    return Qualification(QualificationId(name), name, name, when, unless, ())


def law(norms: list[Norm], qualifications: tuple[Qualification, ...] = ()) -> Knowledge:
    return Knowledge(
        version="sample",
        facts=FACTS,
        jurisdictions=PLACES,
        events={},
        bearers={},
        instruments={},
        provisions={},
        qualifications={one.id: one for one in qualifications},
        norms={one.id: one for one in norms},
        controls={},
        risks={},
        frameworks={},
    )
