"""Questions of law with their answers: read, checked, in the graph and over HTTP, held against the law's dates and the files."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from datetime import date
from pathlib import Path

import pyoxigraph
import pytest
from fastapi.testclient import TestClient

from kg_service import ids
from kg_service.errors import Problem
from kg_service.knowledge.answers import spoken
from kg_service.knowledge.codec import from_json, to_json
from kg_service.knowledge.verify import verify
from kg_service.model import Certainty, Interpretation, InterpretationId, Knowledge, LegalStatus

REAL = Path(__file__).resolve().parent.parent
SURE = [str(level) for level in Certainty]


def one(law: Knowledge, name: str) -> Interpretation:
    return law.interpretations[InterpretationId(name)]


# One mistake each, made in a record that is sound otherwise; the code under which it must be found.
SOUND = """\
- id: {id}
  questions: {{en: [{wording}, And how about test {n}?], zh: ["测试{n}是什么？"]}}
  answer: It is so.
  reasoning: Because.
  readings: {readings}
  citations: [{citation}]
  norms: [{norm}]
  qualifications: [{qualification}]
  holds_from: {holds_from}
  changes: [{change}]
  decisions: [3]
  certainty: {certainty}
"""
SET_BY = "set_by: {instrument: eu-gdpr, provision: Art 99(2)}"
GOOD = {
    "readings": "[]",
    "citation": "{instrument: eu-gdpr, provision: Art 22(1)}",
    "norm": "eu-gdpr/art-22-par-3",
    "qualification": "eu-gdpr/applies",
    "holds_from": f"{{date: 2018-05-25, {SET_BY}}}",
    "change": "",
    "certainty": "memory",
}
FIRST = "{label: A, argument: B, held_by: C, followed: true}"
OTHER = "{label: D, argument: E, held_by: F}"
MISTAKES: dict[str, tuple[dict[str, str], str, str]] = {
    "sound": ({}, "", ""),
    "norm that is not": ({"norm": "eu-gdpr/art-22-par-33"}, "unknown-norm", "eu-gdpr/art-22-par-3"),
    "qualification that is not": ({"qualification": "eu-gdpr/applie"}, "unknown-qualification", "eu-gdpr/applies"),
    "instrument that is not": ({"citation": "{instrument: eu-gdpt, provision: Art 1}"}, "unknown-instrument", "eu-gdpr"),
    "provision that is not": ({"citation": "{instrument: eu-gdpr, provision: Art 4711}"}, "unknown-provision", ""),
    "plain source": ({"citation": "Art 22"}, "plain-source", ""),
    "day without provision": ({"holds_from": "1999-09-09"}, "date-without-provision", ""),
    "change without provision": ({"change": "{date: 2001-01-01, before: No}"}, "date-without-provision", ""),
    "change without words": ({"change": f"{{date: 2018-05-25, {SET_BY}}}"}, "before-or-after", ""),
    "change out of order": ({"change": f"{{date: 2018-05-25, {SET_BY}, after: No}}"}, "change-out-of-order", ""),
    "question asked twice": ({"wording": "what ABOUT   test 0"}, "duplicate-question", ""),
    "one reading": ({"readings": f"[{FIRST}]"}, "one-reading", ""),
    "no reading followed": ({"readings": f"[{OTHER}, {OTHER}]"}, "reading-not-chosen", ""),
    "two readings followed": ({"readings": f"[{FIRST}, {FIRST}]"}, "reading-not-chosen", ""),
    "surer than its norm": ({"norm": "eu-crr/art-179", "certainty": "verified_text"}, "surer-than-its-sources", ""),
    "wrong family": ({"id": "eu-dora/elsewhere"}, "wrong-place", ""),
    "unknown key": ({"certainty": "memory\n  autor: me"}, "unknown-key", ""),
    "same id": ({"id": "tests/sound"}, "duplicate-id", ""),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory, law: Knowledge) -> tuple[dict[str, range], tuple[Problem, ...]]:
    """A copy of the law with a family of mistakes: the lines of each, and all that the checker says of that file."""
    root = tmp_path_factory.mktemp("answers")
    shutil.copytree(REAL / "regulations", root / "regulations")
    weak = next(norm.id for norm in law.norms.values() if norm.sureness.level is Certainty.MEMORY)
    text, lines = "", {}
    for n, (name, (change, _, _)) in enumerate(MISTAKES.items()):
        slug = f"tests/{ids.slug(name)}"
        values = {"id": slug, "wording": f"What about test {n}?", "n": str(n), **GOOD, **change}
        values["norm"] = weak if values["norm"] == "eu-crr/art-179" else values["norm"]
        begins = text.count("\n") + 1
        text += SOUND.format(**values)
        lines[name] = range(begins, text.count("\n") + 1)
    path = root / "regulations" / "interpretations" / "tests.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return lines, tuple(problem for problem in verify(root) if "interpretations/tests.yaml" in problem.where)


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_found_where_it_stands(name: str, broken: tuple[dict[str, range], tuple[Problem, ...]]) -> None:
    """Each mistake is reported within its record under its own code, with the nearest valid choice; a sound record is silent."""
    lines, problems = broken
    _, code, near = MISTAKES[name]
    here = [problem for problem in problems if int(problem.where.rpartition(":")[2]) in lines[name]]
    assert {problem.code for problem in here} == ({code} if code else set()), [str(problem) for problem in here]
    assert not near or any(near in problem.nearest for problem in here)


def test_every_interpretation_of_the_files_is_read(law: Knowledge) -> None:
    """There are as many interpretations as ids in the files, and each knows its file and line."""
    files = [*REAL.glob("regulations/*/*/interpretations.yaml"), *REAL.glob("regulations/interpretations/*.yaml")]
    written = [line for path in files for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("- id: ")]
    assert Counter(f"- id: {name}" for name in law.interpretations) == Counter(written)
    for item in law.interpretations.values():
        assert (REAL / item.file).read_text(encoding="utf-8").splitlines()[item.line - 1] == f"- id: {item.id}"


def test_knowledge_with_interpretations_survives_the_cache(law: Knowledge) -> None:
    """What is kept is what was read."""
    assert from_json(to_json(law)) == law


def test_no_answer_is_surer_than_what_it_rests_on(law: Knowledge) -> None:
    """Certainty of an answer never exceeds that of a norm or qualification that it names."""
    for item in law.interpretations.values():
        rests = [law.norms[name].sureness for name in item.norms]
        rests += [sure for name in item.qualifications if (sure := law.qualifications[name].sureness) is not None]
        assert all(SURE.index(item.sureness.level) >= SURE.index(sure.level) for sure in rests), item.id


def test_no_answer_holds_before_its_law_exists(law: Knowledge) -> None:
    """An answer about an instrument of its own holds from its entry into force at the earliest."""
    for item in law.interpretations.values():
        home = None if item.instrument is None else law.instruments[item.instrument]
        first = None if home is None else home.in_force_from or home.applies_from
        assert first is None or item.holds_from.day >= first, item.id


def test_answers_are_short_and_wordings_are_questions(law: Knowledge) -> None:
    """An answer has one or two sentences; each wording ends as a question in its language."""
    for item in law.interpretations.values():
        assert len(item.answer) <= 420, item.id
        assert (
            len(re.findall(r"[.!?](?= [A-Z]|$)", re.sub(r"\b(Art|Arts|No|cf|para|s|ss|App|Pt|vs|U\.S)\. ", "", item.answer))) <= 3
        ), item.id
        assert all(words.endswith("?") for words in item.questions["en"]), item.id
        assert all(words.endswith("？") for words in item.questions["zh"]), item.id


def test_wordings_are_told_apart_by_what_one_hears() -> None:
    """Case, punctuation and spaces make no other question."""
    assert spoken("Is it  high-risk?") == spoken("is it HIGH RISK") != spoken("Is it risky?")


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("eu-ai-act/annex-iii-start", date(2026, 7, 27)),  # Regulation (EU) 2026/1744 Art 4
        ("us-mrm-2011/current", date(2011, 4, 4)),  # the date of SR 11-7
    ],
)
def test_answer_holds_from_the_day_of_the_law(name: str, day: date, law: Knowledge) -> None:
    """Known days of the law, not of our files."""
    assert one(law, name).holds_from.day == day


def test_withdrawn_guidance_has_an_answer_that_ended(law: Knowledge) -> None:
    """SR 26-2 rescinded SR 11-7 on 17 April 2026: the old answer held until the day before, and says what is answered since."""
    old = one(law, "us-mrm-2011/current")
    assert old.holds_until is not None
    assert old.holds_until.day == date(2026, 4, 16)
    assert [change.dated.day for change in old.changes] == [date(2026, 4, 17)]


def test_answers_name_no_dead_law_as_present(law: Knowledge) -> None:
    """An answer that still holds on 23 November 2026 and names an ended or pending norm says so in a change or in its words."""
    today = date(2026, 11, 23)
    for item in law.interpretations.values():
        if item.holds_until is not None:
            continue
        named = [law.norms[name] for name in item.norms]
        ended = [norm for norm in named if norm.applies_until is not None and norm.applies_until.day < today]
        pending = [norm for norm in named if norm.legal_status is LegalStatus.PENDING]
        words = f"{item.answer} {item.reasoning} {item.note}".casefold()
        assert (
            not ended or item.changes or re.search(r"until|ended|rescind|repeal|replaced|no longer|withdrew|withdrawn", words)
        ), item.id
        assert not pending or re.search(r"propos|draft|pending|bill|not yet|consult|adopted|agreed", words), item.id


def test_graph_says_question_answer_and_source(law_graph: pyoxigraph.Store, law: Knowledge) -> None:
    """Each interpretation has its labels, answer and citations in the graph, in that of its instrument where it has one."""
    query = """PREFIX sx: <https://w3id.org/sextant/def/> PREFIX skos: <http://www.w3.org/2004/02/skos/core#>
        PREFIX dcterms: <http://purl.org/dc/terms/>
        SELECT ?id ?g ?label ?answer (COUNT(?source) AS ?n) WHERE { GRAPH ?g { ?i a sx:Interpretation ; dcterms:identifier ?id ;
        skos:prefLabel ?label ; sx:shortAnswer ?answer ; dcterms:source ?source . FILTER(LANG(?label) = "en") } }
        GROUP BY ?id ?g ?label ?answer"""
    found = law_graph.query(query)
    assert isinstance(found, pyoxigraph.QuerySolutions)
    rows = {row["id"].value: tuple(row[name].value for name in ("g", "label", "answer", "n")) for row in found}
    assert rows == {
        item.id: (
            ids.graph("interpretations" if item.instrument is None else f"instrument/{item.instrument}"),
            item.questions["en"][0],
            item.answer,
            str(len(set(item.citations))),
        )
        for item in law.interpretations.values()
    }


def test_one_interpretation_over_http(site: TestClient) -> None:
    """The answer comes with its reasons, sources, day and the answer that it replaced."""
    body = site.get("/api/v1/interpretations/eu-ai-act/annex-iii-start").json()
    assert body["holds_from"]["set_by"]["instrument"] == "eu-digital-omnibus-ai"
    assert [change["date"] for change in body["changes"]] == ["2026-07-27"]
    assert sum(reading["followed"] for reading in body["readings"]) == 1
    assert "2 December 2027" in body["answer"]
    missing = site.get("/api/v1/interpretations/eu-ai-act/annex-iii-starts")
    assert missing.status_code == 404
    assert "eu-ai-act/annex-iii-start" in missing.text


@pytest.mark.parametrize(
    ("query", "kept", "gone"),
    [
        ("instrument=us-mrm-2026", "us-mrm-2011/current", "eu-ai-act/fraud-detection"),
        ("norm=eu-ai-act/annex-iii-5-b", "eu-ai-act/fraud-detection", "us-mrm-2011/current"),
        ("qualification=eu-ai-act/annex-iii-credit", "eu-ai-act/fraud-detection", "eu-ai-act/annex-iii-start"),
        ("jurisdiction=us", "us-mrm-2011/current", "eu-ai-act/fraud-detection"),
        ("date=2026-04-16", "us-mrm-2011/current", "eu-ai-act/annex-iii-start"),
        ("date=2026-04-17", "eu-ai-act/fraud-detection", "us-mrm-2011/current"),
        ("decision=6", "eu-ai-act/annex-iii-start", "eu-ai-act/fraud-detection"),
    ],
)
def test_filters_keep_what_they_name(query: str, kept: str, gone: str, site: TestClient) -> None:
    """Each filter keeps what it names and leaves out the rest."""
    found = {item["id"] for item in site.get(f"/api/v1/interpretations?limit=1000&{query}").json()["items"]}
    assert kept in found
    assert gone not in found


@pytest.mark.parametrize(
    "query", ["norm=eu-gdpr/art-222", "qualification=x", "instrument=eu-gdpt", "jurisdiction=eur", "date=soon"]
)
def test_unknown_filter_is_refused(query: str, site: TestClient) -> None:
    """A filter that names nothing is a problem, not an empty list."""
    assert site.get(f"/api/v1/interpretations?{query}").status_code == 422


def test_reference_page_of_an_instrument_lists_its_questions(site: TestClient, law: Knowledge) -> None:
    """The page of SR 26-2 asks what is asked about it, also where the question belongs to the guidance that it replaced."""
    text = site.get("/reference/instruments/us-mrm-2026").text
    asked = [item for item in law.interpretations.values() if "us-mrm-2026" in item.instruments()]
    assert {"us-mrm-2026/generative-ai", "us-mrm-2011/current"} <= {item.id for item in asked}
    assert all(ids.interpretation(item.id).removeprefix(ids.BASE.rstrip("/")) in text for item in asked)


def test_interpretation_has_a_page_at_its_iri(site: TestClient) -> None:
    """The IRI of an interpretation answers with a page and as Turtle."""
    path = ids.interpretation("eu-ai-act/fraud-detection").removeprefix(ids.BASE.rstrip("/"))
    assert "high-risk" in site.get(path, headers={"Accept": "text/html"}).text
    assert "shortAnswer" in site.get(f"{path}.ttl").text
