"""What the saved queries must give, reasoned from the law's model in plain Python: the cases of ``test_saved_queries``."""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import date
from typing import Any

from kg_service import ids
from kg_service.applicability.condition import HasTerm, facts_of, qualifications_of, walk
from kg_service.applicability.evaluate import Assessment, Status
from kg_service.model import Certainty, Knowledge, LegalStatus, Norm, NormKind, Qualification

TODAY = date(2026, 11, 23)
LATER = date(2027, 12, 2)
Row = tuple[Any, ...]


class Reasoned:
    """The expected rows, from the model alone."""

    def __init__(self, law: Knowledge, found: dict[str, Assessment], iris: dict[str, str]) -> None:
        self.law, self.found, self.iris = law, found, iris
        self.norms = tuple(law.norms.values())

    def head(self, norm: Norm) -> Row:
        return ids.norm(norm.id), norm.title, self.law.instruments[norm.instrument].short_title, ids.slug(norm.provision)

    def dates(self, norm: Norm) -> Row:
        start, end = norm.applies_from, norm.applies_until
        return (start.day.isoformat() if start else None), (end.day.isoformat() if end else None)

    def in_force(self, norm: Norm, day: date) -> bool:
        start, end = norm.applies_from, norm.applies_until
        law = norm.legal_status is LegalStatus.IN_FORCE
        return law and start is not None and start.day <= day and (end is None or day <= end.day)

    def asks(self, norm: Norm) -> bool:
        return norm.kind not in (NormKind.SCOPE_RULE, NormKind.PERMISSION)

    def above(self, place: str) -> set[str]:
        chain, at = set(), place
        while at:
            chain.add(at)
            term = self.law.jurisdictions.get(at)  # type: ignore[call-overload]
            at = term.parent if term is not None and term.parent is not None else ""
        return chain

    def place_of(self, norm: Norm) -> set[str]:
        return self.above(self.law.instruments[norm.instrument].jurisdiction)

    def parts(self, record: Norm | Qualification) -> tuple[Any, ...]:
        when = record.applies_when if isinstance(record, Norm) else record.when
        return (when,) if record.unless is None else (when, record.unless)

    def direct(self, record: Norm | Qualification) -> set[str]:
        return {one for part in self.parts(record) for one in qualifications_of(part)}

    def behind(self, record: Norm | Qualification) -> set[str]:
        """Every qualification on which ``record`` rests, directly or through others."""
        seen: set[str] = set()
        todo = self.direct(record)
        while todo:
            name = todo.pop()
            if name not in seen:
                seen.add(name)
                todo |= self.direct(self.law.qualifications[name])  # type: ignore[index]
        return seen

    def records(self, record: Norm | Qualification) -> list[Norm | Qualification]:
        return [record, *(self.law.qualifications[name] for name in self.behind(record))]  # type: ignore[index]

    def facts(self, record: Norm | Qualification) -> set[str]:
        return {fact for one in self.records(record) for part in self.parts(one) for fact in facts_of(part)}

    def cited(self, ref: Any) -> str:
        return ids.source(ref.pinpoint) if ref.instrument is None else ids.provision(ref.instrument, ref.pinpoint)


def months_later(day: date, months: int) -> date:
    """The last day that is no more than so many months later."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


Case = tuple[dict[str, str], Callable[[Reasoned], Any]]
CASES: dict[str, Case] = {}


def case(name: str, **given: str) -> Callable[[Callable[[Reasoned], Any]], Callable[[Reasoned], Any]]:
    def keep(expected: Callable[[Reasoned], Any]) -> Callable[[Reasoned], Any]:
        CASES[f"{name} {' '.join(given.values())}".strip()] = given | {"": name}, expected
        return expected

    return keep


@case("obligations-by-decision", decision="3", as_of="2026-11-23")
def _(r: Reasoned) -> Any:
    return {(*r.head(n), *r.dates(n)) for n in r.norms if 3 in n.decisions and r.asks(n) and r.in_force(n, TODAY)}


@case("obligations-by-decision", decision="4", as_of="2027-12-02")
def _(r: Reasoned) -> Any:
    return {(*r.head(n), *r.dates(n)) for n in r.norms if 4 in n.decisions and r.asks(n) and r.in_force(n, LATER)}


@case("obligations-by-place", place="us", as_of="2026-11-23")
def _(r: Reasoned) -> Any:
    return {(*r.head(n), *r.dates(n)) for n in r.norms if "us" in r.place_of(n) and r.asks(n) and r.in_force(n, TODAY)}


@case("upcoming-norms", as_of="2026-11-23", months="12")
def _(r: Reasoned) -> Any:
    until = months_later(TODAY, 12)
    return {
        (*r.head(n), n.applies_from.day.isoformat())
        for n in r.norms
        if n.legal_status is LegalStatus.IN_FORCE and n.applies_from and TODAY < n.applies_from.day <= until
    }


@case("upcoming-norms", as_of="2026-11-30", months="3")
def _(r: Reasoned) -> Any:
    start, until = date(2026, 11, 30), date(2027, 2, 28)
    return {
        (*r.head(n), n.applies_from.day.isoformat())
        for n in r.norms
        if n.legal_status is LegalStatus.IN_FORCE and n.applies_from and start < n.applies_from.day <= until
    }


@case("ending-norms", as_of="2026-11-23", months="24")
def _(r: Reasoned) -> Any:
    until = months_later(TODAY, 24)
    return {
        (*r.head(n), n.applies_until.day.isoformat())
        for n in r.norms
        if n.applies_until and TODAY <= n.applies_until.day <= until
    }


@case("ended-norms", as_of="2026-11-23")
def _(r: Reasoned) -> Any:
    return {(*r.head(n), n.applies_until.day.isoformat()) for n in r.norms if n.applies_until and n.applies_until.day < TODAY}


@case("changes-between-days", start="2026-11-23", end="2027-12-02")
def _(r: Reasoned) -> Any:
    rows = set()
    for n in r.norms:
        before, after = r.in_force(n, TODAY), r.in_force(n, LATER)
        if before != after:
            day = n.applies_from if after else n.applies_until
            assert day is not None
            rows.add(("begins" if after else "ends", *r.head(n), day.day.isoformat()))
    return rows


@case("controls-across-instruments", at_least="5")
def _(r: Reasoned) -> Any:
    norms = defaultdict(set)
    for n in r.norms:
        for control in n.controls:
            norms[control].add(n)
    counted = {c: (len({n.instrument for n in held}), len(held)) for c, held in norms.items()}
    return {(ids.control(c), r.law.controls[c].name, *counts) for c, counts in counted.items() if counts[0] >= 5}


@case("controls-of-two-places", one="eu", other="uk")
def _(r: Reasoned) -> Any:
    rows = set()
    for control in r.law.controls.values():
        norms = [n for n in r.norms if control.id in n.controls]
        one, other = (sum(place in r.place_of(n) for n in norms) for place in ("eu", "uk"))
        if one and other:
            rows.add((ids.control(control.id), control.name, one, other))
    return rows


@case("norms-without-control")
def _(r: Reasoned) -> Any:
    return {r.head(n) for n in r.norms if r.asks(n) and not n.controls}


@case("controls-of-norm", norm="eu-dora/art-28-par-8")
def _(r: Reasoned) -> Any:
    controls = [r.law.controls[c] for c in r.law.norms["eu-dora/art-28-par-8"].controls]  # type: ignore[index]
    return {(ids.control(c.id), c.name, c.objective, c.test, ids.slug(e)) for c in controls for e in c.evidence or ("",)}


@case("evidence-of-decision", decision="6", as_of="2026-11-23")
def _(r: Reasoned) -> Any:
    shown = Counter(
        ids.evidence(e) for n in r.norms if 6 in n.decisions and r.in_force(n, TODAY) for e in {*map(ids.slug, n.evidence)}
    )
    return set(shown.items())


@case("risks-without-control")
def _(r: Reasoned) -> Any:
    held = {risk for control in r.law.controls.values() for risk in control.mitigates}
    return {(ids.risk(risk.id), risk.name) for risk in r.law.risks.values() if risk.id not in held}


@case("risks-and-controls")
def _(r: Reasoned) -> Any:
    return {
        (ids.risk(risk), r.law.risks[risk].name, ids.control(c.id), c.name)
        for c in r.law.controls.values()
        for risk in c.mitigates
    }


def mapped(r: Reasoned, framework: str) -> dict[str, set[str]]:
    """The IRI of each entry of a framework, with the controls that map to it."""
    entries: dict[str, set[str]] = {ids.framework_control(framework, e.id): set() for e in r.law.frameworks[framework].controls}
    for control in r.law.controls.values():
        for number in control.satisfies.get(framework, ()):
            entries[ids.framework_control(framework, number)].add(control.id)
    return entries


@case("framework-coverage", framework="nist-ai-rmf")
def _(r: Reasoned) -> Any:
    return {
        (entry, len(controls), sum(bool(controls & set(n.controls)) for n in r.norms))
        for entry, controls in mapped(r, "nist-ai-rmf").items()
        if controls
    }


@case("framework-coverage", framework="iso-42001")
def _(r: Reasoned) -> Any:
    return {
        (entry, len(controls), sum(bool(controls & set(n.controls)) for n in r.norms))
        for entry, controls in mapped(r, "iso-42001").items()
        if controls
    }


@case("framework-gaps", framework="nist-csf-2")
def _(r: Reasoned) -> Any:
    return {(entry,) for entry, controls in mapped(r, "nist-csf-2").items() if not controls}


@case("amendment-chain", instrument="eu-ai-act")
def _(r: Reasoned) -> Any:
    links = {(i.id, other) for i in r.law.instruments.values() for other in i.amends}
    links |= {(other, i.id) for i in r.law.instruments.values() for other in i.amended_by}
    reached, rows = {"eu-ai-act"}, set()
    for _ in r.law.instruments:
        more = {(later, earlier) for later, earlier in links if earlier in reached}
        rows |= more
        reached |= {later for later, _ in more}
    title = {i.id: i.short_title for i in r.law.instruments.values()}
    return {(ids.instrument(a), title[a], ids.instrument(b), title[b]) for a, b in rows}


@case("successions")
def _(r: Reasoned) -> Any:
    named = {i.id: (ids.instrument(i.id), i.short_title) for i in r.law.instruments.values()}
    norms: dict[str, tuple[str, str]] = {n.id: (ids.norm(n.id), n.title) for n in r.norms}
    rows = {(*named[o], *named[i.id]) for i in r.law.instruments.values() for o in i.supersedes}
    rows |= {(*named[i.id], *named[o]) for i in r.law.instruments.values() for o in i.superseded_by}
    return rows | {(*norms[n.id], *(norms.get(o) or named[o])) for n in r.norms for o in n.superseded_by}  # type: ignore[index]


@case("rests-on-qualification", qualification="eu-dora/critical-ict-service")
def _(r: Reasoned) -> Any:
    name = "eu-dora/critical-ict-service"
    rows = {(ids.norm(n.id), n.title, "norm", name in r.direct(n)) for n in r.norms if name in r.behind(n)}
    others = (q for q in r.law.qualifications.values() if name in r.behind(q))
    return rows | {(ids.qualification(q.id), q.label, "qualification", name in r.direct(q)) for q in others}


@case("facts-behind-qualification", qualification="eu-ai-act/high-risk-system")
def _(r: Reasoned) -> Any:
    facts = r.facts(r.law.qualifications["eu-ai-act/high-risk-system"])  # type: ignore[index]
    return {(ids.fact(fact), r.law.facts[fact].ask) for fact in facts}  # type: ignore[index]


@case("qualifications-by-reach")
def _(r: Reasoned) -> Any:
    counted = Counter(name for n in r.norms for name in r.behind(n))
    return {(ids.qualification(q), r.law.qualifications[q].label, count) for q, count in counted.items()}  # type: ignore[index]


@case("facts-by-reach")
def _(r: Reasoned) -> Any:
    counted = Counter(fact for n in r.norms for fact in r.facts(n))
    return {(ids.fact(fact), r.law.facts[fact].ask, count) for fact, count in counted.items()}  # type: ignore[index]


@case("norms-naming-term", term="use_case/creditworthiness_assessment")
def _(r: Reasoned) -> Any:
    def names(record: Norm | Qualification) -> bool:
        leaves = (leaf for part in r.parts(record) for leaf in walk(part) if isinstance(leaf, HasTerm))
        return any(leaf.fact == "use_case" and "creditworthiness_assessment" in leaf.terms for leaf in leaves)

    return {r.head(n) for n in r.norms if any(map(names, r.records(n)))}


@case("norms-of-bearer", bearer="deployer", as_of="2026-11-23")
def _(r: Reasoned) -> Any:
    return {(*r.head(n), *r.dates(n)) for n in r.norms if "deployer" in n.bearers and r.in_force(n, TODAY)}


@case("norms-of-instrument", instrument="eu-dora")
def _(r: Reasoned) -> Any:
    return {
        (ids.norm(n.id), n.title, ids.slug(n.provision), n.kind.replace("_", " "), *r.dates(n))
        for n in r.norms
        if n.instrument == "eu-dora"
    }


@case("prohibitions", as_of="2026-11-23")
def _(r: Reasoned) -> Any:
    return {(*r.head(n), *r.dates(n)) for n in r.norms if n.kind is NormKind.PROHIBITION and r.in_force(n, TODAY)}


@case("pending-law")
def _(r: Reasoned) -> Any:
    return {r.head(n) for n in r.norms if n.legal_status is LegalStatus.PENDING}


@case("norms-by-certainty")
def _(r: Reasoned) -> Any:
    return {(ids.value("certainty", level), count) for level, count in Counter(n.sureness.level for n in r.norms).items()}


@case("norms-to-verify", rank="5")
def _(r: Reasoned) -> Any:
    weak = list(Certainty)[4:]
    return {(*r.head(n), n.sureness.note) for n in r.norms if n.sureness.level in weak}


@case("records-not-checked-since", since="2026-11-23")
def _(r: Reasoned) -> Any:
    checked = ((n, n.sureness.checked_on) for n in r.norms)
    return {(*r.head(n), day.isoformat() if day else None) for n, day in checked if day is None or day < TODAY}


@case("unmodelled-parts")
def _(r: Reasoned) -> Any:
    rows = {(ids.norm(n.id), n.title, part) for n in r.norms for part in n.unmodelled}
    return rows | {(ids.qualification(q.id), q.label, part) for q in r.law.qualifications.values() for part in q.unmodelled}


@case("penalties", place="eu")
def _(r: Reasoned) -> Any:
    rows = {(ids.norm(n.id), n.title, n.penalty) for n in r.norms if n.penalty and "eu" in r.place_of(n)}
    instruments = (i for i in r.law.instruments.values() if i.penalty and "eu" in r.above(i.jurisdiction))
    return rows | {(ids.instrument(i.id), i.short_title, i.penalty) for i in instruments}


@case("events-and-duties")
def _(r: Reasoned) -> Any:
    return {(ids.event(n.on_event), r.law.events[n.on_event].labels.label, *r.head(n)) for n in r.norms if n.on_event}


@case("provisions-by-norms", at_least="5")
def _(r: Reasoned) -> Any:
    def around(n: Norm) -> set[str]:
        article = r.law.provisions[(n.instrument, n.article)].number
        return {ids.provision(n.instrument, n.provision), ids.provision(n.instrument, article)}

    counted = Counter(provision for n in r.norms for provision in around(n))
    return {(provision, count) for provision, count in counted.items() if count >= 5}


@case("instruments-by-status")
def _(r: Reasoned) -> Any:
    counted = Counter((i.jurisdiction, i.status) for i in r.law.instruments.values())
    return {(ids.jurisdiction(place), ids.value("instrument-status", status), n) for (place, status), n in counted.items()}


@case("norms-dated-by-provision", provision="eu-ai-act/art-113-b")
def _(r: Reasoned) -> Any:
    wanted = ids.value("provision", "eu-ai-act/art-113-b")
    days = [(n, "begins", n.applies_from) for n in r.norms] + [(n, "ends", n.applies_until) for n in r.norms]
    return {(ids.norm(n.id), n.title, which, d.day.isoformat()) for n, which, d in days if d and r.cited(d.set_by) == wanted}


@case("deployments-under-norm", norm="eu-dora/art-28-par-8")
def _(r: Reasoned) -> Any:
    return {
        (r.iris[name], name, ids.value("status", verdict.status), "2026-11-23")
        for name, one in r.found.items()
        for verdict in one.verdicts
        if verdict.norm.id == "eu-dora/art-28-par-8" and verdict.status is not Status.DOES_NOT_APPLY
    }


@case("norms-of-deployment", deployment="Credit")
def _(r: Reasoned) -> Any:
    verdicts = (verdict for verdict in r.found["Credit"].verdicts if verdict.status is not Status.DOES_NOT_APPLY)
    return {(*r.head(v.norm), ids.value("status", v.status), "2026-11-23") for v in verdicts}


@case("facts-missing-in-deployments")
def _(r: Reasoned) -> Any:
    missing = [(name, fact) for name, one in r.found.items() for v in one.verdicts for fact in v.missing_facts]
    verdicts = Counter(fact for _, fact in missing)
    held = Counter(fact for _, fact in set(missing))
    return {(ids.fact(fact), r.law.facts[fact].ask, held[fact], count) for fact, count in verdicts.items()}


@case("controls-that-deployments-need")
def _(r: Reasoned) -> Any:
    needed = [
        (control, name, v.norm.id)
        for name, one in r.found.items()
        for v in one.verdicts
        if v.status in (Status.APPLIES, Status.UPCOMING)
        for control in v.norm.controls
    ]
    return {
        (
            ids.control(c),
            r.law.controls[c].name,
            len({n for d, n, _ in needed if d == c}),
            len({m for d, _, m in needed if d == c}),
        )
        for c in {c for c, _, _ in needed}
    }
