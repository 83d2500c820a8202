"""Each saved query gives the rows that plain Python reasons from the law's files, whichever store answers; and its header is read."""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
from sparql_server import serving

from kg_service import ids
from kg_service.applicability.condition import HasTerm, facts_of, qualifications_of, walk
from kg_service.applicability.evaluate import Assessment, Evaluator, Status
from kg_service.applicability.facts import parse_facts
from kg_service.deployments.folder import Folder
from kg_service.deployments.register import Deployments
from kg_service.errors import DocumentError, InputError, KnowledgeError, NotFoundError
from kg_service.knowledge.build import load
from kg_service.knowledge.queries import TYPES, SavedQuery, parse_query, read_library
from kg_service.model import Certainty, Knowledge, LegalStatus, Norm, NormKind, Qualification
from kg_service.rest.assessments import EU_CREDIT
from kg_service.store.oxigraph import OxigraphStore
from kg_service.store.protocol import GraphStore
from kg_service.store.publish import publish
from kg_service.store.registry import Access, open_store
from kg_service.store.saved import Answer, find_query, run_saved

LIBRARY = Path(__file__).resolve().parent.parent / "ontology" / "queries" / "library"
TODAY = date(2026, 11, 23)
LATER = date(2027, 12, 2)
Row = tuple[Any, ...]


@pytest.fixture(scope="module")
def library() -> Mapping[str, SavedQuery]:
    return read_library(LIBRARY)


@pytest.fixture(scope="module")
def found(evaluator: Evaluator) -> dict[str, Assessment]:
    """Three deployments as the engine sees them, by the name under which they are stored."""
    described: dict[str, dict[str, object]] = {
        "Credit": dict(EU_CREDIT),
        "Critical cloud": {**EU_CREDIT, "hosting": "public_cloud", "supports_critical_function": True},
        "Nothing known": {},
    }
    facts = evaluator.knowledge.facts
    known = {name: {key: value for key, value in raw.items() if key in facts} for name, raw in described.items()}
    return {name: evaluator.assess(parse_facts(facts, raw), TODAY) for name, raw in known.items()}


@pytest.fixture(scope="module")
def embedded(
    root: Path, evaluator: Evaluator, found: dict[str, Assessment], tmp_path_factory: pytest.TempPathFactory
) -> tuple[GraphStore, dict[str, str]]:
    """The law with the three deployments in the embedded store, and the IRI of each deployment."""
    store = load(root, tmp_path_factory.mktemp("cache")).store
    held = Deployments(Folder(tmp_path_factory.mktemp("data")), evaluator, store)
    iris = {
        name: ids.deployment(held.keep(name, one.facts, TODAY, datetime(2026, 11, 23, tzinfo=UTC))[0].id)
        for name, one in found.items()
    }
    return store, iris


@pytest.fixture(scope="module")
def remote(embedded: tuple[GraphStore, dict[str, str]]) -> Iterator[GraphStore]:
    """The same on a server."""
    with serving("--union-default-graph") as address:
        store = open_store(f"{address}/query", Access(update=f"{address}/update", graphs=f"{address}/store"))
        publish(embedded[0], store)
        for graph in embedded[0].graphs():
            if "/deployment/" in graph:
                store.replace(graph, [quad.triple for quad in embedded[0].quads(graph)])
        yield store
        store.close()


# What the law's files say, in plain Python.


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
    return {(*r.head(n), n.applies_until.day.isoformat()) for n in r.norms if n.applies_until and TODAY <= n.applies_until.day <= until}


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
    shown = Counter(ids.evidence(e) for n in r.norms if 6 in n.decisions and r.in_force(n, TODAY) for e in {*map(ids.slug, n.evidence)})
    return set(shown.items())


@case("risks-without-control")
def _(r: Reasoned) -> Any:
    held = {risk for control in r.law.controls.values() for risk in control.mitigates}
    return {(ids.risk(risk.id), risk.name) for risk in r.law.risks.values() if risk.id not in held}


@case("risks-and-controls")
def _(r: Reasoned) -> Any:
    return {
        (ids.risk(risk), r.law.risks[risk].name, ids.control(c.id), c.name) for c in r.law.controls.values() for risk in c.mitigates
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
        (ids.control(c), r.law.controls[c].name, len({n for d, n, _ in needed if d == c}), len({m for d, _, m in needed if d == c}))
        for c in {c for c, _, _ in needed}
    }


# Columns that a case leaves aside, because they are words beside an IRI that is compared, or reasoned elsewhere.
ASIDE: dict[str, set[str]] = {
    "upcoming-norms": {"set_by"},
    "ending-norms": {"set_by"},
    "evidence-of-decision": {"name"},
    "framework-coverage": {"number", "gist"},
    "framework-gaps": {"number", "gist"},
    "pending-law": {"status"},
    "norms-by-certainty": {"name"},
    "norms-to-verify": {"certainty"},
    "norms-of-instrument": {"certainty"},
    "provisions-by-norms": {"name"},
}
SLUGS = {"provision", "evidence"}  # words that are compared as the IRI has them: the graph keeps one spelling of several


def rows_of(answer: Answer) -> set[Row]:
    aside = ASIDE.get(answer.query.name, set())

    def shown(column: str, value: Any) -> Any:
        return ids.slug(value or "") if column in SLUGS and not str(value).startswith(ids.BASE) else value

    return {
        tuple(shown(column, value) for column, value in zip(answer.columns, row, strict=True) if column not in aside)
        for row in answer.rows
    }


def ask(store: GraphStore, query: SavedQuery, **given: str) -> Answer:
    return run_saved(query, list(given.items()), store, TODAY, 60.0)


@pytest.mark.parametrize("name", CASES)
def test_rows_are_those_that_the_files_say(
    name: str,
    library: Mapping[str, SavedQuery],
    law: Knowledge,
    found: dict[str, Assessment],
    embedded: tuple[GraphStore, dict[str, str]],
) -> None:
    """The query gives, once each, the rows that plain Python reasons from the files."""
    store, iris = embedded
    given, expected = CASES[name]
    query = library[given[""]]
    words = {key: iris.get(word, word) for key, word in given.items() if key}
    answer = ask(store, query, **words)
    rows = rows_of(answer)
    assert rows == set(expected(Reasoned(law, found, iris)))
    assert len(rows) == len(answer.rows)


MAY_BE_EMPTY = {"risks-without-control", "norms-without-control", "framework-gaps"}


@pytest.mark.parametrize("name", CASES)
def test_server_gives_the_same_rows(
    name: str,
    library: Mapping[str, SavedQuery],
    embedded: tuple[GraphStore, dict[str, str]],
    remote: GraphStore,
) -> None:
    """A real SPARQL server, to which values go as VALUES, answers as the embedded store does, in the same order."""
    store, iris = embedded
    given, _ = CASES[name]
    words = {key: iris.get(word, word) for key, word in given.items() if key}
    here, there = (ask(one, library[given[""]], **words) for one in (store, remote))
    assert Counter(here.rows) == Counter(there.rows)
    assert here.rows or given[""] in MAY_BE_EMPTY


def test_every_query_is_reasoned(library: Mapping[str, SavedQuery]) -> None:
    """No query is in the library without a case here."""
    assert {given[""] for given, _ in CASES.values()} == set(library)
    assert len(library) >= 25


def test_known_article_is_among_the_rows(library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]) -> None:
    """DORA Article 28(8) asks for exit strategies: it binds the deployment that supports a critical function."""
    store, iris = embedded
    answer = ask(store, library["deployments-under-norm"], norm="eu-dora/art-28-par-8")
    status = {row["deployment"]: row["status"] for row in answer.records}
    assert status[iris["Critical cloud"]] == ids.value("status", "applies")
    assert status[iris["Nothing known"]] == ids.value("status", "undetermined")


@pytest.mark.parametrize(
    ("given", "where", "code", "near"),
    [
        ([("decison", "3")], "decison", "unknown-parameter", ("decision",)),
        ([("decision", "7")], "decision", "unknown-decision", ()),
        ([], "decision", "missing-parameter", ()),
        ([("decision", "3"), ("decision", "4")], "decision", "given-twice", ()),
        ([("decision", "3> } ; DROP ALL #")], "decision", "unknown-decision", ()),
        ([("decision", "")], "decision", "unknown-decision", ()),
        ([("decision", "3"), ("as_of", "tomorrow")], "as_of", "not-a-date", ()),
        ([("decision", "3"), ("as_of", "2026-02-30")], "as_of", "no-such-day", ()),
        ([("decision", "3"), ("as_of", '2026-11-23" . #')], "as_of", "not-a-date", ()),
    ],
)
def test_wrong_value_is_told_with_its_place(
    given: list[tuple[str, str]],
    where: str,
    code: str,
    near: tuple[str, ...],
    library: Mapping[str, SavedQuery],
    embedded: tuple[GraphStore, dict[str, str]],
) -> None:
    """A value is a typed term or an error that names the parameter; none ever reaches the text of the query."""
    with pytest.raises(InputError) as caught:
        run_saved(library["obligations-by-decision"], given, embedded[0], TODAY, 60.0)
    problem = caught.value.problems[0]
    assert (problem.where, problem.code) == (f"query parameter {where}", code)
    assert problem.nearest[: len(near)] == near


@pytest.mark.parametrize("word", ["-1", "601", "1.5", "٣", "1_0", "", "9" * 30])
def test_number_out_of_its_range_is_told(
    word: str, library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]
) -> None:
    """A number is a whole number in ASCII digits within its limits."""
    with pytest.raises(InputError) as caught:
        run_saved(library["upcoming-norms"], [("months", word)], embedded[0], TODAY, 60.0)
    assert caught.value.problems[0].code in ("out-of-range", "not-a-number")


def test_thing_may_be_named_by_id_or_iri_and_a_typo_is_corrected(
    library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]
) -> None:
    """The id that the interface uses and the IRI of the graph mean the same; a wrong one names the nearest."""
    query, store = library["norms-of-instrument"], embedded[0]
    by_id, by_iri = (ask(store, query, instrument=word) for word in ("eu-dora", ids.instrument("eu-dora")))
    assert by_id.rows == by_iri.rows
    assert by_id.parameters == {"instrument": ids.instrument("eu-dora")}
    with pytest.raises(InputError) as caught:
        ask(store, query, instrument="eu-dorra")
    assert caught.value.problems[0].nearest[0] == "eu-dora"
    with pytest.raises(NotFoundError, match="norms-of-instrument"):
        find_query(library, "norms-of-instruments")


def test_old_id_leads_to_the_present_one(library: Mapping[str, SavedQuery], law: Knowledge) -> None:
    """A thing that was renamed is still found by its old id."""
    store = OxigraphStore()
    new, old = ids.instrument("eu-dora"), ids.instrument("old")
    store.load(f"<{old}> <http://purl.org/dc/terms/isReplacedBy> <{new}> <{ids.graph('g')}> .\n".encode())
    answer = ask(store, library["norms-of-instrument"], instrument="old")
    assert answer.parameters == {"instrument": new}


def test_published_queries_run_as_they_stand(library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]) -> None:
    """The text in the graph needs nothing beside it and gives what the query gives for its examples."""
    store, _ = embedded
    texts = store.select(
        "PREFIX sh: <http://www.w3.org/ns/shacl#> SELECT ?name ?text { ?q a sh:SPARQLSelectExecutable ; sh:select ?text ; "
        "<http://purl.org/dc/terms/identifier> ?name }"
    ).rows
    assert {name.value for name, _ in texts if name} == set(library)
    for name, text in texts:
        assert isinstance(name, ox.Literal)
        assert isinstance(text, ox.Literal)
        query = library[name.value]
        if any(parameter.type == "deployment" for parameter in query.parameters.values()):
            continue
        answer = ask(store, query, **{one.name: one.example for one in query.parameters.values()})
        assert len(store.select(text.value).rows) == len(answer.rows)


def test_examples_of_the_library_give_rows(library: Mapping[str, SavedQuery], embedded: tuple[GraphStore, dict[str, str]]) -> None:
    """Whoever tries an example sees what the query is for."""
    for query in library.values():
        if "deployment" not in query.parameters and query.name not in MAY_BE_EMPTY:
            assert ask(embedded[0], query, **{one.name: one.example for one in query.parameters.values()}).rows, query.name


GOOD = """\
#+ summary: Norms
#+ description: All norms.
#+ tags: [norms]
#+ params:
#+   norm:
#+     type: norm
#+     description: The norm.
#+     example: eu-dora/art-28-par-8
SELECT ?title ?norm { ?norm <http://www.w3.org/2004/02/skos/core#prefLabel> ?title }
"""


def test_header_is_read() -> None:
    """What stands behind #+ is YAML; the rest is the query; parameters are no columns."""
    query = parse_query(GOOD, "norms.rq")
    assert (query.name, query.summary, query.tags, query.columns) == ("norms", "Norms", ("norms",), ("title",))
    assert query.parameters["norm"].type == "norm"
    assert query.text.startswith("SELECT ?title")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("type: norm", "type: nrom"), r"norms\.rq:6: .*Did you mean 'norm'"),
        (("#+ summary: Norms\n", ""), "no 'summary'"),
        (("description: The", "descripton: The"), r"norms\.rq:7: .*Did you mean 'description'"),
        (("?title ?norm {", "?title {"), "does not project its parameter"),
        (("SELECT ?title ?norm {", "ASK {"), "SELECT query"),
        (("?title }", "?title"), "cannot be parsed"),
        (("#+   norm:", "#+   format:"), "cannot be the name of a parameter"),
        (("    example: eu-dora/art-28-par-8", "    minimum: few"), "whole number"),
        (("#+ tags: [norms]", "#+ tags: &a [norms]"), r"norms\.rq:3"),
    ],
)
def test_wrong_header_is_told_with_file_and_line(change: tuple[str, str], told: str) -> None:
    """A mistake in the library ends the build with its place and the nearest valid word."""
    with pytest.raises(DocumentError, match=told):
        parse_query(GOOD.replace(*change), "norms.rq")


def test_all_wrong_files_are_told_at_once(tmp_path: Path) -> None:
    """Two wrong files are two problems; a folder that is not there is an empty library."""
    for name in ("one.rq", "Two.rq"):
        (tmp_path / name).write_text("ASK {}")
    with pytest.raises(KnowledgeError) as caught:
        read_library(tmp_path)
    assert {problem.where.partition(":")[0] for problem in caught.value.problems} == {"one.rq", "Two.rq"}
    assert read_library(tmp_path / "none") == {}


def test_page_of_the_library_is_true(library: Mapping[str, SavedQuery]) -> None:
    """docs/saved-queries.md names every query with its summary, and every type of parameter."""
    page = (LIBRARY.parents[2] / "docs" / "saved-queries.md").read_text(encoding="utf-8")
    assert [name for name, query in library.items() if f"| `{name}` | {query.summary} |" not in page] == []
    assert [name for name in TYPES if f"`{name}`" not in page] == []
