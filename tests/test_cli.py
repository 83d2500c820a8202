"""The command line: the same verdicts in every form, exit codes that scripts can rely on, and no trace for bad input."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import rdflib

from kg_service import cli, ids
from kg_service.commands import documents, findings
from kg_service.deployment import read_text
from kg_service.model import Knowledge, NormKind

ROOT = Path(__file__).resolve().parent.parent
EU_VENDOR = "examples/credit-assessment-eu-vendor.yaml"
EU_OWN = "examples/credit-assessment-eu-selfhosted.yaml"
US_BANK = "examples/us-bank-card-applications.yaml"
SKETCH = "examples/canada-bank-complaints-incomplete.yaml"
DAY = "2026-11-23"


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Sextant = Callable[..., Said]


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def sextant(cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Sextant:
    """Runs the command line as `sextant ...` does, from the root of the repository."""
    monkeypatch.chdir(ROOT)
    for name in [name for name in os.environ if name.startswith("SEXTANT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SEXTANT_CACHE", str(cache))
    monkeypatch.delenv("COLUMNS", raising=False)

    def run(*arguments: str, stdin: str | None = None) -> Said:
        monkeypatch.setattr(sys, "argv", ["sextant", *arguments])
        if stdin is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as caught:
            cli.main()
        code = caught.value.code
        return Said(code if isinstance(code, int) else 0, *capfd.readouterr())

    return run


def _verdicts(view: Any) -> dict[str, Any]:
    return {verdict["norm"]: verdict for verdict in view["verdicts"]}


@pytest.fixture
def eu_credit(sextant: Sextant) -> dict[str, Any]:
    return _verdicts(sextant("assess", EU_VENDOR, "--as-of", DAY, "--format", "json").json)


def _about(verdicts: dict[str, Any], instrument: str, provision: str) -> list[Any]:
    """The verdicts on the norms of a provision, by its number as the law writes it."""
    return [
        v
        for v in verdicts.values()
        if v["citation"]["instrument"] == instrument and re.match(provision, v["citation"]["provision"])
    ]


@pytest.mark.parametrize("article", ["26", "27"])
def test_ai_act_binds_deployers_of_credit_systems_from_december_2027(eu_credit: dict[str, Any], article: str) -> None:
    """Regulation (EU) 2026/1744 moved the duties for Annex III systems to 2 December 2027: today they are upcoming."""
    found = _about(eu_credit, "eu-ai-act", rf"Art {article}\b")
    assert found
    assert {(v["status"], v["applies_from"]) for v in found} == {("upcoming", "2027-12-02")}
    assert all("113" in v["applies_from_set_by"]["provision"] for v in found)


@pytest.mark.parametrize("provision", [r"Art 22\b", r"Art 28\b", r"Art 35\b", r"Art 44\b"])
def test_gdpr_governs_scoring_by_a_vendors_model(eu_credit: dict[str, Any], provision: str) -> None:
    """A score on which the bank leans (C-634/21), a processor, high risk, and data that reach the United States."""
    found = _about(eu_credit, "eu-gdpr", provision)
    assert found
    assert "applies" in {v["status"] for v in found}
    assert {v["applies_from"] for v in found} == {"2018-05-25"}


def test_consumer_credit_directive_gives_human_intervention_since_20_november(eu_credit: dict[str, Any]) -> None:
    """Directive (EU) 2023/2225 applies since 20 November 2026 (Art 48); its Art 18(8) gives a right to human intervention."""
    (found,) = _about(eu_credit, "eu-ccd2", r"Art 18\(8\)")
    assert (found["status"], found["applies_from"]) == ("applies", "2026-11-20")


@pytest.mark.parametrize(("critical", "status"), [("true", "applies"), ("false", "does_not_apply")])
def test_dora_splits_by_criticality(sextant: Sextant, critical: str, status: str) -> None:
    """Articles 28(8) and 30(3) are for critical or important functions alone; 28(7) and 30(2) for every ICT service."""
    text = (ROOT / EU_VENDOR).read_text().replace("supports_critical_function: true", f"supports_critical_function: {critical}")
    said = sextant("assess", "-", "--as-of", DAY, "--status", "all", "--format", "json", stdin=text)
    verdicts = _verdicts(said.json)
    for provision in (r"Art 28\(8\)", r"Art 30\(3\)"):
        assert {v["status"] for v in _about(verdicts, "eu-dora", provision)} == {status}
    for provision in (r"Art 28\(7\)", r"Art 30\(2\)"):
        assert {v["status"] for v in _about(verdicts, "eu-dora", provision)} == {"applies"}


def test_us_guidance_on_model_risk_leaves_generative_ai_out(sextant: Sextant) -> None:
    """SR 26-2 says so itself (footnote 3), and third-party guidance, safety and soundness and fair lending law fill the gap."""
    verdicts = _verdicts(sextant("assess", US_BANK, "--as-of", DAY, "--status", "all", "--format", "json").json)
    scope = verdicts["us-mrm-2026/scope-fn-3"]
    assert scope["status"] == "applies"
    others = [v for v in verdicts.values() if v["citation"]["instrument"] == "us-mrm-2026" and v is not scope]
    assert "applies" not in {v["status"] for v in others}
    assert {v["status"] for v in verdicts.values() if v["citation"]["instrument"] == "us-mrm-2011"} == {"ended"}
    in_force = {v["citation"]["instrument"] for v in verdicts.values() if v["status"] == "applies"}
    assert {"us-tprm-2023", "us-safety-soundness", "us-reg-b", "us-fcra"} <= in_force


def test_answer_has_the_published_shape(sextant: Sextant) -> None:
    """The JSON holds the keys that DESIGN section 6 promises to others."""
    view = sextant("assess", SKETCH, "--as-of", DAY, "--format", "json").json
    assert {"as_of", "knowledge_version", "counts", "verdicts", "qualifications", "next_questions"} <= set(view)
    promised = {
        *(
            "norm",
            "iri",
            "title",
            "summary",
            "kind",
            "bindingness",
            "bearer",
            "status",
            "on_event",
            "applies_from",
            "applies_until",
        ),
        *("decisions", "proof", "missing_facts", "citation", "controls", "evidence", "certainty"),
    }
    assert all(promised <= set(verdict) for verdict in view["verdicts"])
    assert all({"instrument", "provision", "iri", "official_url"} == set(v["citation"]) for v in view["verdicts"])
    assert all({"id", "label", "value"} <= set(one) for one in view["qualifications"])
    assert all({"fact", "ask", "terms", "settles"} <= set(one) for one in view["next_questions"])


def test_every_qualification_in_a_proof_stands_beside_it(sextant: Sextant) -> None:
    """A proof that names a legal conclusion can be followed to its sources in the same answer."""
    view = sextant("assess", EU_VENDOR, "--as-of", DAY, "--format", "json").json
    listed = {one["id"] for one in view["qualifications"]}
    named = set(re.findall(r'"is": "([^"]+)"', json.dumps([view["verdicts"], view["qualifications"]])))
    assert named == listed
    assert all(one["sources"] for one in view["qualifications"])


@pytest.mark.parametrize("file", [EU_VENDOR, US_BANK, SKETCH])
def test_all_formats_give_the_same_verdicts(sextant: Sextant, file: str) -> None:
    """JSON, CSV, Markdown and the table name the same norms with the same status."""
    arguments = ("assess", file, "--as-of", DAY, "--format")
    expected = {norm: v["status"] for norm, v in _verdicts(sextant(*arguments, "json").json).items()}
    rows = list(csv.DictReader(io.StringIO(sextant(*arguments, "csv").out)))
    assert {row["norm"]: row["status"] for row in rows} == expected
    markdown = re.findall(r"^\| ([\w ]+) \| \[.*?\]\(.*?\) \| .*?\(`(.*?)`\)", sextant(*arguments, "markdown").out, re.MULTILINE)
    assert {norm: status.replace(" ", "_") for status, norm in markdown} == expected
    table = sextant(*arguments, "table").out
    counted = {status: len(re.findall(rf"^{status}  ", table, re.MULTILINE)) for status in ("applies", "upcoming", "exempt")}
    assert counted == {status: list(expected.values()).count(status) for status in counted}


def test_table_is_readable_without_colour_and_in_80_columns(sextant: Sextant) -> None:
    """No line is wider than 80 and nothing but text is written where there is no terminal."""
    out = sextant("assess", EU_VENDOR, "--as-of", DAY).out
    assert max(map(len, out.splitlines())) <= 80
    assert "\x1b" not in out
    assert re.search(r"^upcoming +art-26-par-1 +Art 26\(1\): ", out, re.MULTILINE)
    assert re.search(r"from 2027-12-02 \(Art\s+113", out)


def test_status_chooses_what_is_shown(sextant: Sextant) -> None:
    """--status takes names, several at once, and all."""
    shown = sextant("assess", EU_VENDOR, "--as-of", DAY, "--status", "upcoming,exempt", "--format", "json").json
    assert {v["status"] for v in shown["verdicts"]} == {"upcoming", "exempt"}
    every = sextant("assess", EU_VENDOR, "--as-of", DAY, "--status", "all", "--format", "json").json
    assert len(every["verdicts"]) == sum(every["counts"].values())


def test_day_of_the_command_line_beats_the_day_in_the_file(sextant: Sextant) -> None:
    """--as-of first, then the file's as_of, then today."""
    text = "as_of: 2027-12-02\nfacts: {}\n"
    assert sextant("assess", "-", "--format", "json", stdin=text).json["as_of"] == "2027-12-02"
    assert sextant("assess", "-", "--as-of", DAY, "--format", "json", stdin=text).json["as_of"] == DAY


def test_explanation_reaches_facts_and_provisions(sextant: Sextant) -> None:
    """The tree has the answers of the file at its leaves and the law at its conclusions."""
    out = sextant("assess", EU_VENDOR, "--as-of", DAY, "--explain", "eu-gdpr/art-22-par-3").out
    assert "legal_ground: contract: yes" in out
    assert "automation: human_follows_strongly: yes" in out
    assert "GDPR Art 22(1)" in out
    assert "https://eur-lex.europa.eu/" in out


@pytest.mark.parametrize("format_", ["json", "markdown"])
def test_explanation_of_what_is_open_names_the_missing_fact(sextant: Sextant, format_: str) -> None:
    """A verdict that cannot be told says which answer is missing."""
    view = sextant("assess", SKETCH, "--as-of", DAY, "--format", "json").json
    verdict = next(v for v in view["verdicts"] if v["status"] == "undetermined")
    out = sextant("assess", SKETCH, "--as-of", DAY, "--explain", verdict["norm"], "--format", format_).out
    assert verdict["missing_facts"][0].replace("_", r"\_" if format_ == "markdown" else "_") in out


def test_unknown_norm_is_told_with_the_nearest(sextant: Sextant) -> None:
    """A typing error in a norm ends with exit code 2 and the norm that was meant."""
    said = sextant("assess", EU_VENDOR, "--explain", "eu-gdpr/art-22-par-33")
    assert (said.code, said.out) == (2, "")
    assert "'eu-gdpr/art-22-par-3'" in said.err


BAD_CALLS: dict[str, tuple[str, ...]] = {
    "no such file": ("assess", "nowhere.yaml"),
    "a folder": ("assess", "examples"),
    "unknown status": ("assess", EU_VENDOR, "--status", "aplies"),
    "unknown format": ("assess", EU_VENDOR, "--format", "xml"),
    "day that does not exist": ("assess", EU_VENDOR, "--as-of", "2026-02-30"),
    "day in words": ("diff", EU_VENDOR, "--from", "today", "--to", DAY),
    "unknown option": ("assess", EU_VENDOR, "--no-such"),
    "unknown command": ("asses", EU_VENDOR),
    "no argument": ("compare", EU_VENDOR),
    "explain as a table of rows": ("assess", EU_VENDOR, "--explain", "eu-gdpr/art-35", "--format", "csv"),
    "no law there": ("assess", EU_VENDOR, "--root", "docs"),
    "interactive without a file": ("questions", "-", "--interactive"),
    "output into nowhere": ("assess", EU_VENDOR, "--output", "nowhere/out.txt"),
    "unknown export": ("export", "everything"),
    "unknown format of an export": ("export", "ontology", "--format", "trig"),
    "check of nothing": ("check",),
}


@pytest.mark.parametrize("arguments", BAD_CALLS.values(), ids=BAD_CALLS)
def test_bad_call_ends_with_2_and_no_trace(sextant: Sextant, arguments: tuple[str, ...]) -> None:
    """Whatever is wrong with a call, it ends with exit code 2, a message, no answer and no stack trace."""
    said = sextant(*arguments)
    assert said.code == 2
    assert said.err.strip()
    assert "Traceback" not in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    "command", [("assess",), ("check",), ("questions",), ("diff", "--from", DAY, "--to", DAY)], ids=lambda c: c[0]
)
def test_bad_file_ends_with_2_and_its_line(sextant: Sextant, tmp_path: Path, command: tuple[str, ...]) -> None:
    """Every command that reads a file tells its problems as file:line, all at once."""
    bad = tmp_path / "plan.yaml"
    bad.write_text("facts:\n  institution: [insurrer]\n  hosting: [on_premises, vendor_saas]\n  in_service_from: 2027-02-29\n")
    said = sextant(*command, str(bad))
    assert (said.code, said.out) == (2, "")
    assert [re.search(rf"{re.escape(str(bad))}:{line}: ", said.err) is not None for line in (2, 3, 4)] == [True] * 3
    assert "Traceback" not in said.err


def test_large_standard_input_is_refused(sextant: Sextant) -> None:
    """50 MB from a pipe end with a message, not in memory."""
    said = sextant("assess", "-", stdin="#" * 50_000_000)
    assert said.code == 2
    assert "larger than" in said.err


def test_gained_one_way_is_lost_the_other(sextant: Sextant) -> None:
    """Comparing B with A mirrors comparing A with B."""
    there = sextant("compare", EU_VENDOR, EU_OWN, "--as-of", DAY, "--format", "json").json["options"][Path(EU_OWN).stem]
    back = sextant("compare", EU_OWN, EU_VENDOR, "--as-of", DAY, "--format", "json").json["options"][Path(EU_VENDOR).stem]
    assert {c["norm"] for c in there["gained"]} == {c["norm"] for c in back["lost"]}
    assert {c["norm"] for c in there["lost"]} == {c["norm"] for c in back["gained"]}


def test_own_hosting_frees_from_processor_and_transfer_rules(sextant: Sextant) -> None:
    """Without a vendor there is no processor contract (GDPR 28), no transfer (GDPR 44) and no ICT contract (DORA 30)."""
    found = sextant("compare", EU_VENDOR, EU_OWN, "--as-of", DAY, "--format", "json").json["options"][Path(EU_OWN).stem]
    lost = {(c["citation"]["instrument"], c["citation"]["provision"].split("(")[0]) for c in found["lost"]}
    assert {("eu-gdpr", "Art 28"), ("eu-gdpr", "Art 44"), ("eu-dora", "Art 30")} <= lost


@pytest.mark.parametrize("format_", ["table", "markdown"])
def test_comparison_names_the_options_and_their_facts(sextant: Sextant, format_: str) -> None:
    """A comparison for people shows what was chosen otherwise, and options of the same name apart."""
    out = sextant("compare", EU_VENDOR, EU_OWN, EU_OWN, "--as-of", DAY, "--format", format_).out
    assert "credit-assessment-eu-selfhosted (2)" in out
    assert "public_cloud -> on_premises" in out.replace("\\", "")


def test_difference_tells_what_begins_and_by_which_provision(sextant: Sextant) -> None:
    """Between today and 2 December 2027 the AI Act's duties begin, each with the provision that sets the day."""
    found = sextant("diff", EU_VENDOR, "--from", DAY, "--to", "2027-12-02", "--format", "json").json
    begins = {c["norm"]: c for c in found["begins"]}
    assert begins["eu-ai-act/art-26-par-1"]["cause"]["date"] == "2027-12-02"
    assert all(DAY < change["cause"]["date"] <= "2027-12-02" for change in begins.values())
    assert "eu-ai-act/art-26-par-1" in sextant("diff", EU_VENDOR, "--from", DAY, "--to", "2027-12-02").out


def test_nothing_changes_within_one_day(sextant: Sextant) -> None:
    """From a day to the same day nothing changes, and that is said."""
    assert "Nothing changes" in sextant("diff", EU_VENDOR, "--from", DAY, "--to", DAY).out


def _covered(view: Any, state: str) -> str:
    """The example with, for every norm that asks for something, its first control in ``state``."""
    asking = {str(kind) for kind in findings.ASKS}
    controls = {v["controls"][0]["id"] for v in view["verdicts"] if v["kind"] in asking}
    text = (ROOT / EU_VENDOR).read_text().split("controls:")[0]
    return text + "controls:\n" + "".join(f"  - {control}: {state}\n" for control in sorted(controls))


@pytest.mark.parametrize(("state", "code"), [("in_place", 0), ("planned", 1)])
def test_check_is_met_only_by_controls_in_place(sextant: Sextant, state: str, code: int) -> None:
    """Exit 0 where every norm that applies has a control in place; a plan is not enough: exit 1."""
    view = sextant("assess", EU_VENDOR, "--as-of", DAY, "--status", "applies", "--format", "json").json
    said = sextant("check", "-", "--as-of", DAY, stdin=_covered(view, state))
    assert said.code == code


def test_check_cannot_tell_where_facts_are_missing(sextant: Sextant) -> None:
    """Exit 3 where nothing is known to be unmet, but a missing fact leaves it open."""
    said = sextant("check", "-", "--as-of", DAY, stdin="facts: {}\n")
    assert said.code == 3
    assert "not answered" in said.out


def test_check_of_several_files_tells_the_worst(sextant: Sextant, tmp_path: Path) -> None:
    """An unmet norm in one file decides, whatever the others leave open."""
    empty = tmp_path / "empty.yaml"
    empty.write_text("facts: {}\n")
    assert sextant("check", str(empty), EU_VENDOR, "--as-of", DAY).code == 1


@pytest.fixture
def checked(sextant: Sextant) -> Any:
    return sextant("check", SKETCH, "--as-of", DAY, "--format", "json").json["files"][0]


def test_junit_counts_what_the_check_found(sextant: Sextant, checked: Any) -> None:
    """CI systems read one case for each norm: failures are unmet, skipped ones cannot be told."""
    suite = ET.fromstring(sextant("check", SKETCH, "--as-of", DAY, "--format", "junit").out.encode()).find("testsuite")  # noqa: S314
    assert suite is not None
    assert int(suite.attrib["tests"]) == len(suite.findall("testcase")) == len(checked["findings"])
    assert int(suite.attrib["failures"]) == len(suite.findall("testcase/failure")) == checked["counts"]["unmet"]
    assert int(suite.attrib["skipped"]) == len(suite.findall("testcase/skipped")) == checked["counts"]["undetermined"]


def test_sarif_follows_the_standard(sextant: Sextant, checked: Any) -> None:
    """SARIF 2.1.0: version, driver, each result points to its rule by id and index and has a message and a place."""
    (run,) = (log := sextant("check", SKETCH, "--as-of", DAY, "--format", "sarif").json)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert log["version"] == "2.1.0"
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] and result["message"]["text"] for result in run["results"])
    place = {r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]}
    assert place == {SKETCH}
    levels = [result["level"] for result in run["results"]]
    assert (levels.count("error"), levels.count("warning")) == (checked["counts"]["unmet"], checked["counts"]["undetermined"])


def test_scope_rules_and_permissions_ask_for_no_control() -> None:
    """What frees or defines cannot be left unmet."""
    assert not findings.ASKS & {NormKind.SCOPE_RULE, NormKind.PERMISSION}


def test_questions_come_with_their_answers(sextant: Sextant) -> None:
    """Each question names a fact of the schema and, for choices, the terms; --limit holds."""
    found = sextant("questions", SKETCH, "--as-of", DAY, "--limit", "3", "--format", "json").json["next_questions"]
    assert len(found) == 3
    assert all("?" in question["ask"] for question in found)
    assert found[0]["fact"] in sextant("questions", SKETCH, "--as-of", DAY).out


def test_settled_deployment_has_no_questions(sextant: Sextant) -> None:
    """Where nothing is open nothing is asked."""
    assert "every verdict is settled" in " ".join(sextant("questions", EU_VENDOR, "--as-of", DAY).out.split())


def test_answers_given_on_the_terminal_end_up_in_the_file(sextant: Sextant, tmp_path: Path, law: Knowledge) -> None:
    """Interactive questions: wrong answers are told, empty ones skipped, q stops, and the rest is written as a deployment."""
    out = tmp_path / "answered.yaml"
    before = read_text((ROOT / SKETCH).read_bytes(), SKETCH, law)
    first = sextant("questions", SKETCH, "--as-of", DAY, "--limit", "1", "--format", "json").json["next_questions"][0]["fact"]
    said = sextant("questions", SKETCH, "--as-of", DAY, "-i", "-o", str(out), stdin="no such thing\n?\nnone\n\nq\n")
    assert said.code == 0
    assert "has no term" in said.err
    after = read_text(out.read_bytes(), "answered.yaml", law)
    assert dict(after.facts) == {**before.facts, first: frozenset()}


def test_end_of_input_ends_the_questions(sextant: Sextant, law: Knowledge) -> None:
    """Without a terminal the deployment comes out as it went in."""
    out = sextant("questions", SKETCH, "--as-of", DAY, "-i", stdin="").out
    assert read_text(out.encode(), "x.yaml", law).facts == read_text((ROOT / SKETCH).read_bytes(), SKETCH, law).facts


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_is_a_formula(cell: str) -> None:
    """A spreadsheet that opens the CSV runs nothing (OWASP: CSV injection)."""
    assert documents._cell(cell).startswith("'")


def test_markdown_takes_no_markup_from_a_name(sextant: Sextant) -> None:
    """A deployment's name cannot put links, tables or HTML into the document."""
    text = 'name: "<img src=x onerror=alert(1)> [a](http://b) | c"\nfacts: {}\n'
    head = sextant("assess", "-", "--as-of", DAY, "--format", "markdown", stdin=text).out.splitlines()[0]
    assert head == r"# \<img src=x onerror=alert(1)\> \[a\](http://b) \| c"


def test_unwritable_cache_costs_a_build_and_nothing_else(
    sextant: Sextant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a place for the cache the answer is the same."""
    blocked = tmp_path / "file"
    blocked.touch()
    expected = sextant("assess", EU_VENDOR, "--as-of", DAY).out
    monkeypatch.setenv("SEXTANT_CACHE", str(blocked / "cache"))
    said = sextant("assess", EU_VENDOR, "--as-of", DAY)
    assert (said.code, said.out) == (0, expected)
    assert "building" in said.err


def test_misspelt_setting_is_told_beside_the_answer(sextant: Sextant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that does not exist is a note on standard error; a wrong one ends the call."""
    monkeypatch.setenv("SEXTANT_PROT", "1")
    assert "SEXTANT_PORT" in sextant("schema").err
    monkeypatch.setenv("SEXTANT_PORT", "many")
    assert sextant("schema").code == 2


def _turtle(text: str) -> set[str]:
    return {str(subject) for subject in rdflib.Graph().parse(data=text, format="turtle").subjects()}


def _trig(text: str) -> set[str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # rdflib's own parser calls what rdflib has deprecated
        return {str(quad[0]) for quad in rdflib.Dataset().parse(data=text, format="trig").quads()}


def _jsonld(text: str) -> set[str]:
    return {node["@id"] for graph in json.loads(text)["@graph"] for node in graph["@graph"]}


def _owl(text: str) -> set[str]:
    return set(re.findall(r'"(https://w3id\.org/sextant/id/norm/[^"#]+)"', text))


@pytest.mark.parametrize(
    ("content", "format_", "read"),
    [("graph", "turtle", _turtle), ("graph", "trig", _trig), ("graph", "jsonld", _jsonld), ("conditions", "rdfxml", _owl)],
)
def test_export_is_read_by_another_library(
    sextant: Sextant, tmp_path: Path, law: Knowledge, content: str, format_: str, read: Callable[[str], set[str]]
) -> None:
    """What pyoxigraph wrote others read, and every norm is in it."""
    out = tmp_path / f"graph.{format_}"
    assert sextant("export", content, "--format", format_, "--output", str(out)).code == 0
    assert {ids.norm(norm) for norm in law.norms} <= read(out.read_text(encoding="utf-8"))


def test_build_counts_the_law(sextant: Sextant) -> None:
    """`sextant build` says what it built."""
    out = sextant("build").out
    assert re.search(r"[12]\d\d instruments, \d+ qualifications, [67]\d\d norms", out)


def test_version_is_told(sextant: Sextant) -> None:
    """`sextant --version` ends with 0."""
    said = sextant("--version")
    assert (said.code, said.out.split()[0]) == (0, "sextant")


HEAVY = ("rdflib", "fastapi", "starlette", "uvicorn", "owlready2", "jinja2", "hypothesis", "xlsxwriter", "pyshacl", "urllib3")


def test_assess_imports_nothing_heavy(cache: Path, sextant: Sextant) -> None:
    """The command starts quickly because it imports only what it needs."""
    sextant("assess", EU_VENDOR)
    script = f"""
import atexit, sys
atexit.register(lambda: print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr))
from kg_service.cli import main
main()
"""
    environ = {**os.environ, "SEXTANT_CACHE": str(cache)}
    command = [sys.executable, "-c", script, "assess", EU_VENDOR]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "[]")


def test_serve_names_its_address_once_it_answers(cache: Path) -> None:
    """The address stands on standard output, and a request to it is answered at once with the same verdicts."""
    environ = {**os.environ, "SEXTANT_CACHE": str(cache), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "kg_service", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            (url,) = re.findall(r"http://127\.0\.0\.1:\d+/", line)
            with urllib.request.urlopen(f"{url}healthz", timeout=10) as answer:  # noqa: S310
                assert answer.status == 200
            port = url.split(":")[2].strip("/")
            second = [sys.executable, "-m", "kg_service", "serve", "--port", port]
            again = subprocess.run(second, cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
            assert (again.returncode, f"port {port}" in again.stderr) == (2, True)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)
