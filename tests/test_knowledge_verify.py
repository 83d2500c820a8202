"""The checker, held against copies of the real files with one thing broken in each of many places."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg_service.errors import KnowledgeError, Problem
from kg_service.knowledge.read import read
from kg_service.knowledge.verify import verify

REAL = Path(__file__).resolve().parent.parent


class Copy:
    """A copy of the law in which files are broken one by one; ``# @name`` marks the line where a problem is due."""

    def __init__(self, root: Path) -> None:
        self.root = root
        shutil.copytree(REAL / "regulations", root / "regulations")
        self.marks: dict[str, str] = {}
        self._articles = self._fresh_articles()

    def _fresh_articles(self) -> Iterator[str]:
        """Articles with a single norm in force, of instruments whose files no case touches, each handed out once."""
        for path in sorted((self.root / "regulations").glob("us*/*/*.yaml")):
            text = path.read_text(encoding="utf-8")
            plain = (
                text.count("\n    legal_status: in_force\n") == 1 and "\n    unless:" not in text and "applies_until" not in text
            )
            if (
                plain
                and text.count("\n  - id:") == 1
                and path.name not in ("instrument.yaml", "qualifications.yaml", "interpretations.yaml")
            ):
                yield path.relative_to(self.root).as_posix()

    def edit(self, name: str, file: str, pattern: str, replacement: str) -> None:
        path = self.root / file
        text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), count=1, flags=re.MULTILINE)
        assert count == 1, f"{pattern!r} is not in {file}"
        path.write_text(text, encoding="utf-8")
        self.marks[name] = file

    def article(self, name: str, pattern: str, replacement: str) -> None:
        self.edit(name, next(self._articles), pattern, replacement)

    def unless(self, name: str, condition: str) -> None:
        self.article(name, r"^    legal_status: in_force$", f"    unless: {condition}  # @{name}\n    legal_status: in_force")

    def write(self, name: str, file: str, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.marks[name] = file

    def where(self, name: str) -> str:
        """``file:line`` of the mark, or of the first line where the file has none."""
        lines = (self.root / self.marks[name]).read_text(encoding="utf-8").splitlines()
        marked = (number for number, line in enumerate(lines, start=1) if f"# @{name}" in line)
        return f"{self.marks[name]}:{next(marked, 1)}"


INSTRUMENT = """\
id: xx-test
short_title: Test
title: A law for a test
jurisdiction: {jurisdiction}
issuer: nobody
type: act
url: https://example.org/law
status: {status}
certainty: memory
dates:
  - {{date: 2026-01-01, set_by: Art 1}}
{more}
"""
ARTICLE = """\
provision: {{id: {id}, number: Art 1}}
norms:
  - id: {norm}
    provision: Art 1
    title: A duty
    summary: One must.
    kind: duty
    bindingness: law
    bearers: [deployer]
    applies_when: {{always: true}}
    legal_status: {status}
    applies_from: 2026-01-01  # @ambiguous-date
    decisions: [3]
    controls: [{control}]
    certainty: memory
"""
MORE = """\
  - {date: 2026-01-01, set_by: Art 2}
amends: [eu-gdpr]  # @one-sided-link
"""
REGULATIONS = "regulations"
DATES = r"^dates:$"

# name: code, nearest (first ones), text of the message
RECORDS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "unknown-fact": ("unknown-fact", ("institution",), "no fact 'institutoin'"),
    "unknown-term": ("unknown-term", ("insurer",), "no term 'insurrer'"),
    "wrong-kind": ("wrong-kind", (), "takes true or false"),
    "empty-list": ("empty-list", (), "can never hold"),
    "unknown-qualification": ("unknown-qualification", ("eu-ai-act/deployer",), "no qualification"),
    "unknown-control": ("unknown-control", ("gov-training",), "no control 'gov-trainin'"),
    "unknown-event": ("unknown-event", ("complaint",), "no event 'complain'"),
    "unknown-bearer": ("unknown-bearer", ("deployer",), "no bearer 'deployr'"),
    "unknown-instrument": ("unknown-instrument", ("eu-gdpr",), "no instrument 'eu-gdpt'"),
    "unknown-successor": ("unknown-norm", (), "no norm 'eu-gdpr/nothing'"),
    "unknown-key": ("unknown-key", ("bearers",), "no key 'bearer'"),
    "missing-key": ("missing-key", (), "'summary' is missing"),
    "unknown-choice": ("unknown-choice", ("duty",), "not 'dutie'"),
    "certainty": ("unknown-choice", ("verified_text",), "not 'verified-text'"),
    "decision": ("unknown-choice", (), "not 7"),
    "no-such-day": ("no-such-day", (), "2026-02-30 is no day"),
    "not-a-date": ("not-a-date", (), "YYYY-MM-DD, not '1 May 2026'"),
    "date-without-provision": ("date-without-provision", (), "what sets 1999-09-09"),
    "unset": ("date-without-provision", (), "no provision is named"),
    "in-force-without-date": ("in-force-without-date", (), "needs 'applies_from'"),
    "pending-with-date": ("pending-with-date", (), "no 'applies_from'"),
    "ends-before-it-begins": ("ends-before-it-begins", (), "before it begins"),
    "duplicate-id": ("duplicate-id", (), "already defined"),
    "alias-of-the-living": ("alias-collision", (), "is also the id of a norm"),
    "alias-twice": ("alias-collision", (), "already stands for"),
    "wrong-folder": ("wrong-place", (), "stands in the folder of"),
    "wrong-file": ("wrong-place", (), "belongs in"),
    "no-link": ("wrong-form", (), "a link"),
    "no-id": ("wrong-form", (), "an id in two parts"),
    "not-yaml": ("not-yaml", (), "not YAML"),
    "duplicate-key": ("duplicate-key", (), "stands twice"),
    "yaml-alias": ("alias", (), "not allowed"),
    "unexpected-file": ("unexpected-file", (), "no file of this name"),
    "unknown-risk": ("unknown-risk", (), "no risk 'nothing-such'"),
    "unknown-framework": ("unknown-framework", ("owasp-llm-2025",), "no framework"),
    "unknown-framework-control": ("unknown-framework-control", (), "'LLM99:2025'"),
    "unknown-jurisdiction": ("unknown-jurisdiction", (), "no jurisdiction 'xx'"),
    "parent-of-term": ("unknown-term", (), "no term of institution 'credit_instituton'"),
    "excluded-term": ("unknown-term", (), "no term of institution 'insurrer'"),
    "circle-of-terms": ("term-cycle", (), "stands above itself"),
    "parent-of-jurisdiction": ("unknown-jurisdiction", ("eu",), "no jurisdiction 'euu'"),
    "reserved-word": ("reserved-word", (), "'any' is a word"),
    "terms-of-a-flag": ("wrong-kind", (), "takes no terms"),
    "plain-source": ("plain-source", (), "{text: ...}"),
    "two-sources": ("two-sources", (), "not both"),
}


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, tuple[Problem, ...]]:
    """A copy with a mistake in each of many records, and what the checker says of all of them in one go."""
    copy = Copy(tmp_path_factory.mktemp("records"))
    _break_norms(copy)
    _break_files(copy)
    _break_vocabulary(copy)
    return copy, verify(copy.root)


def _break_norms(copy: Copy) -> None:
    copy.unless("unknown-fact", "{institutoin: insurer}")
    copy.unless("unknown-term", "{institution: insurrer}")
    copy.unless("wrong-kind", "{agentic: perhaps}")
    copy.unless("empty-list", "{institution: []}")
    copy.unless("unknown-qualification", "{is: eu-ai-act/deployr}")
    copy.article("unknown-control", r"^    controls:\n", "    controls:\n      - gov-trainin  # @unknown-control\n")
    copy.article("unknown-event", r"^    legal_status:", "    on_event: complain  # @unknown-event\n    legal_status:")
    copy.article("unknown-bearer", r"^    bearers: .*$", "    bearers: [deployr]  # @unknown-bearer")
    copy.article(
        "unknown-successor",
        r"^    legal_status:",
        "    superseded_by: [eu-gdpr/nothing]  # @unknown-successor\n    legal_status:",
    )
    copy.article("unknown-key", r"^    bearers: (.*)$", r"    bearers: \1\n    bearer: \1  # @unknown-key")
    copy.article(
        "missing-key", r"^  - id: (.*)\n((?:.*\n)*?)    summary:(?:.*\n)+?    kind", r"  - id: \1  # @missing-key\n\2    kind"
    )
    copy.article("unknown-choice", r"^    kind: .*$", "    kind: dutie  # @unknown-choice")
    copy.article("certainty", r"^    certainty: .*$", "    certainty: verified-text  # @certainty")
    copy.article("decision", r"^    decisions: .*$", "    decisions: [3, 7]  # @decision")
    copy.article("no-such-day", r"^    applies_from: .*$", "    applies_from: 2026-02-30  # @no-such-day")
    copy.article("not-a-date", r"^    applies_from: .*$", "    applies_from: 1 May 2026  # @not-a-date")
    copy.article("date-without-provision", r"^    applies_from: .*$", "    applies_from: 1999-09-09  # @date-without-provision")
    copy.article(
        "in-force-without-date", r"^  - id: (.*)\n((?:.*\n)*?)    applies_from: .*\n", r"  - id: \1  # @in-force-without-date\n\2"
    )
    copy.article("pending-with-date", r"^    legal_status: in_force\n    applies_from: (.*)$",
                 r"    legal_status: pending\n    applies_from: \1  # @pending-with-date")  # fmt: skip
    copy.article("ends-before-it-begins", r"^    applies_from: .*$",
                 "    applies_from: {date: 2026-05-01, set_by: Art 1}\n"
                 "    applies_until: {date: 2026-04-01, set_by: Art 1}  # @ends-before-it-begins")  # fmt: skip
    copy.article("duplicate-id", r"(?s)^norms:\n(.*)\Z", r"norms:\n\1\n  # @duplicate-id-follows\n\1")
    copy.article(
        "alias-of-the-living", r"^    legal_status:", "    aliases: [eu-ai-act/art-9]  # @alias-of-the-living\n    legal_status:"
    )
    copy.article("one-alias", r"^    legal_status:", "    aliases: [us-old/one]\n    legal_status:")
    copy.article("alias-twice", r"^    legal_status:", "    aliases: [us-old/one]  # @alias-twice\n    legal_status:")
    copy.article("wrong-folder", r"^  - id: .*$", "  - id: xx-elsewhere/norm  # @wrong-folder")
    copy.article("wrong-file", r"^  id: .*$", "  id: elsewhere  # @wrong-file")
    copy.article("no-link", r"^    legal_status:", "    url: www.example.org  # @no-link\n    legal_status:")
    copy.article("no-id", r"^  - id: .*$", "  - id: One Norm  # @no-id")
    copy.article("not-yaml", r"^    kind: .*$", "    kind: [duty\n    penalty: a  # @not-yaml")
    copy.article("duplicate-key", r"^    kind: (.*)$", r"    kind: \1\n    kind: \1  # @duplicate-key")
    copy.article("yaml-alias", r"^    kind: (.*)$", r"    kind: &k \1  # @yaml-alias")


def _break_files(copy: Copy) -> None:
    law = f"{REGULATIONS}/xx/xx-test/instrument.yaml"
    more = "amends: [eu-gdpt]  # @unknown-instrument"
    copy.write(
        "unknown-instrument", law, INSTRUMENT.format(jurisdiction="xx  # @unknown-jurisdiction", status="in_force", more=more)
    )
    copy.marks["unknown-jurisdiction"] = law
    copy.edit(
        "unset", f"{REGULATIONS}/eu/eu-mica/instrument.yaml", DATES, "dates:\n  - {date: 2001-01-01, set_by: UNSET}  # @unset"
    )
    copy.write("unexpected-file", f"{REGULATIONS}/eu/eu-gdpr/more/art-1.yaml", "")
    qualifications = f"{REGULATIONS}/qualifications/common.yaml"
    copy.edit("plain-source", qualifications, r"^  sources:\n", "  sources:\n    - plain words  # @plain-source\n")
    two = "{instrument: eu-gdpr, provision: Art 4, text: GDPR}"
    copy.edit(
        "two-sources", f"{REGULATIONS}/qualifications/uk.yaml", r"^  sources:\n", f"  sources:\n    - {two}  # @two-sources\n"
    )


def _break_vocabulary(copy: Copy) -> None:
    controls = f"{REGULATIONS}/controls/customers.yaml"
    copy.edit("unknown-risk", controls, r"^  mitigates: \[(.*)\]$", r"  mitigates: [nothing-such, \1]  # @unknown-risk")
    copy.edit(
        "unknown-framework", controls, r"^  satisfies:\n", "  satisfies:\n    owasp-llm-2024: [LLM01]  # @unknown-framework\n"
    )
    risks = f"{REGULATIONS}/risks.yaml"
    copy.edit("unknown-framework-control", risks, r"^    owasp-llm-2025: \[(.*)\]$",
              r"    owasp-llm-2025: ['LLM99:2025', \1]  # @unknown-framework-control")  # fmt: skip
    facts = f"{REGULATIONS}/facts.yaml"
    copy.edit("parent-of-term", facts, r"^    national_bank:\n",
              "    odd_bank: {label: Odd bank, parent: credit_instituton}  # @parent-of-term\n    national_bank:\n")  # fmt: skip
    copy.edit("excluded-term", facts, r"^    national_bank:\n",
              "    even_bank: {label: Even bank, excludes: [insurrer]}  # @excluded-term\n    national_bank:\n")  # fmt: skip
    copy.edit("reserved-word", facts, r"\A", "any: {kind: flag, label: Any, ask: Any?}  # @reserved-word\n")
    circle = "    aa: {label: A, parent: bb}  # @circle-of-terms\n    bb: {label: B, parent: aa}\n    national_bank:\n"
    copy.edit("circle-of-terms", facts, r"^    national_bank:\n", circle)
    flag = "odd_flag: {kind: flag, label: Odd, ask: Odd?, terms: {a: {label: A}}}  # @terms-of-a-flag\n"
    copy.edit("terms-of-a-flag", facts, r"\A", flag)
    copy.edit("parent-of-jurisdiction", f"{REGULATIONS}/jurisdictions.yaml", r"\A",
              "zz: {label: Nowhere, parent: euu}  # @parent-of-jurisdiction\n")  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_broken_record_is_found(name: str, broken: tuple[Copy, tuple[Problem, ...]]) -> None:
    """Each mistake is reported at its file and line, with a stable code and the nearest valid choice first."""
    copy, problems = broken
    code, near, message = RECORDS[name]
    where = copy.where(name)
    if name == "duplicate-id":
        file, line = where.rsplit(":", 1)
        where = f"{file}:{int(line) + 1}"
    here = [problem for problem in problems if problem.where == where and problem.code == code]
    assert here, f"nothing of code {code} at {where}: {[str(p) for p in problems if p.where.startswith(copy.marks[name])]}"
    assert any(problem.nearest[: len(near)] == near and message in problem.message for problem in here), here


def test_reading_broken_files_raises_all_their_problems(broken: tuple[Copy, tuple[Problem, ...]]) -> None:
    """``read`` refuses the files and names every mistake in its error, in the order of files and lines."""
    copy, _ = broken
    with pytest.raises(KnowledgeError) as caught:
        read(copy.root)
    codes = {problem.code for problem in caught.value.problems}
    assert codes >= {code for code, _, _ in RECORDS.values()}
    places = [problem.where.rsplit(":", 1) for problem in caught.value.problems]
    assert places == sorted(places, key=lambda place: (place[0], int(place[1])))


WHOLE: dict[str, tuple[str, tuple[str, ...], str]] = {
    "never-applies": ("never-applies", (), "can make"),
    "never-holds": ("never-holds", (), "contradicts itself"),
    "unused-control": ("unused-control", (), "'cus-nobody'"),
    "unused-qualification": ("unused-qualification", (), "'xx/unused'"),
    "one-sided-link": ("one-sided-link", (), "does not say amended_by 'xx-test'"),
    "status-conflict": ("status-conflict", ("pending",), "'xx-test' is proposed"),
    "ambiguous-date": ("ambiguous-date", ("Art 1", "Art 2"), "several entries"),
    "unknown-provision": ("unknown-provision", (), "no provision 'Art 4711'"),
    "provision-of-source": ("unknown-provision", (), "no provision 'Art 4712'"),
    "scenario-norm": ("unknown-norm", ("eu-ai-act/art-9",), "no norm"),
    "scenario-fact": ("unknown-fact", ("institution",), "no fact 'institutio'"),
    "scenario-missing": ("unknown-fact", ("institution",), "no fact 'institutian'"),
    "scenario-term": ("unknown-term", ("insurer",), "no term 'insurerr'"),
}
SCENARIO = """\
id: xx-{name}
title: A scenario
as_of: 2026-11-23
facts:
{facts}
expected:
  must_apply: [{norm}]{mark}
  must_be_undetermined:
    - {{id: eu-ai-act/art-9, missing: [{missing}]}}{mark_missing}
"""


@pytest.fixture(scope="module")
def loose(tmp_path_factory: pytest.TempPathFactory) -> tuple[Copy, tuple[Problem, ...]]:
    """A copy whose records are sound one by one while the whole is not."""
    copy = Copy(tmp_path_factory.mktemp("whole"))
    both = "all: [{agentic: true}, {not: {agentic: true}}]"
    copy.article("never-applies", r"^    applies_when:\n", f"    applies_when:  # @never-applies\n      {both}\n    unless:\n")
    contradiction = "{all: [{automation: informs_only}, {automation: solely_automated}]}"
    qualification = "id: xx/{}, label: L, definition: D, sources: [{{text: none}}], when: {}"
    copy.edit("unused-qualification", f"{REGULATIONS}/qualifications/common.yaml", r"\A",
              f"- {{{qualification.format('unused', '{agentic: true}')}}}  # @unused-qualification\n")  # fmt: skip
    copy.edit("never-holds", f"{REGULATIONS}/qualifications/uk.yaml", r"\A",
              f"- {{{qualification.format('never', contradiction)}}}  # @never-holds\n")  # fmt: skip
    copy.edit("provision-of-source", f"{REGULATIONS}/qualifications/nexus.yaml", r"^  sources:\n",
              "  sources:\n    - {instrument: eu-gdpr, provision: Art 4712}  # @provision-of-source\n")  # fmt: skip
    control = "id: cus-nobody, name: N, objective: O, test: T, evidence: [e], decisions: [1]"
    copy.edit("unused-control", f"{REGULATIONS}/controls/customers.yaml", r"\A", f"- {{{control}}}  # @unused-control\n")
    law = INSTRUMENT.format(jurisdiction="eu", status="proposed", more=MORE)
    copy.write("one-sided-link", f"{REGULATIONS}/eu/xx-test/instrument.yaml", law)
    article = ARTICLE.format(id="art-1", norm="xx-test/one", status="in_force  # @status-conflict", control="gov-training")
    copy.write("status-conflict", f"{REGULATIONS}/eu/xx-test/art-1.yaml", article)
    copy.marks["ambiguous-date"] = copy.marks["status-conflict"]
    copy.edit("unknown-provision", f"{REGULATIONS}/eu/eu-mica/instrument.yaml", DATES,
              "dates:\n  - {date: 2001-01-01, set_by: Art 4711}  # @unknown-provision")  # fmt: skip
    _break_scenarios(copy)
    return copy, verify(copy.root)


def _break_scenarios(copy: Copy) -> None:
    for name in ("norm", "missing", "fact", "term"):
        text = SCENARIO.format(
            name=name,
            facts={
                "fact": "  institutio: insurer  # @scenario-fact",
                "term": "  institution:\n    - insurerr  # @scenario-term",
            }.get(name, "  agentic: true"),
            norm="eu-ai-act/art-99999" if name == "norm" else "eu-ai-act/art-9",
            mark="  # @scenario-norm" if name == "norm" else "",
            missing="institutian" if name == "missing" else "institution",
            mark_missing="  # @scenario-missing" if name == "missing" else "",
        )
        copy.write(f"scenario-{name}", f"{REGULATIONS}/eu/xx-test/scenarios/xx-{name}.yaml", text)


@pytest.mark.parametrize("name", WHOLE)
def test_loose_end_is_found(name: str, loose: tuple[Copy, tuple[Problem, ...]]) -> None:
    """What only the whole law shows is reported at the place that has to change."""
    copy, problems = loose
    code, near, message = WHOLE[name]
    here = [problem for problem in problems if problem.where == copy.where(name) and problem.code == code]
    assert here, [str(problem) for problem in problems if problem.code == code]
    assert any(set(near) <= set(problem.nearest) and message in problem.message for problem in here), here


def test_circle_of_qualifications_and_missing_files_are_found(tmp_path: Path) -> None:
    """Two qualifications that rest on each other are reported with the circle; so is every file that has to be there."""
    copy = Copy(tmp_path)
    one = "- {id: xx/one, label: L, definition: D, sources: [{text: none}], when: {is: xx/two}}  # @circle\n"
    two = "- {id: xx/two, label: L, definition: D, sources: [{text: none}], when: {not: {is: xx/one}}}\n"
    copy.edit("circle", f"{REGULATIONS}/qualifications/uk.yaml", r"\A", one + two)
    (tmp_path / REGULATIONS / "events.yaml").unlink()
    problems = {(problem.where, problem.code): problem for problem in verify(tmp_path)}
    assert "xx/one <- xx/two <- xx/one" in problems[copy.where("circle"), "qualification-cycle"].message
    assert (f"{REGULATIONS}/events.yaml:1", "missing-file") in problems


def test_folder_without_law_is_a_clear_error(tmp_path: Path) -> None:
    """A wrong root is named, not read as an empty law."""
    with pytest.raises(KnowledgeError, match="no folder 'regulations'"):
        read(tmp_path)


def test_the_real_law_is_sound() -> None:
    """Every file of this repository passes every check."""
    assert [str(problem) for problem in verify(REAL)] == []
