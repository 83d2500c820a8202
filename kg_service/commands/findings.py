"""``sextant check``: which norms that apply are left without a control in place, as text, JSON, JUnit XML or SARIF.

Duties, prohibitions, expectations and rights ask for something; scope rules and permissions do not. A norm is met where at
least one of its controls is in place or tested. A failed control does not count; one whose evidence is older than its period is
named, and counts unless the caller asks for current evidence.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from kg_service import ids
from kg_service.applicability.evaluate import Assessment, Status, Verdict
from kg_service.decisions.controls import ControlState
from kg_service.decisions.coverage import ASKS, by_regime, coverage, obligations
from kg_service.decisions.gaps import DECISIONS
from kg_service.decisions.review_views import coverage_view
from kg_service.deployment import Deployment
from kg_service.model import ControlId, Knowledge

SARIF: Final = "https://json.schemastore.org/sarif-2.1.0.json"


class Exit(IntEnum):
    """The exit codes of ``sextant check``, which scripts rely on."""

    MET = 0
    UNMET = 1
    BAD_INPUT = 2
    UNDETERMINED = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One norm that asks for something. ``met`` is None where it cannot be told whether the norm applies.

    ``in_place`` holds its controls in place or tested, ``stale`` those among them whose evidence is older than its period.
    """

    verdict: Verdict
    met: bool | None
    in_place: tuple[ControlId, ...]
    planned: tuple[ControlId, ...]
    failed: tuple[ControlId, ...] = ()
    stale: tuple[ControlId, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The findings for one deployment file."""

    file: str
    deployment: Deployment
    assessment: Assessment
    findings: tuple[Finding, ...]

    @property
    def exit(self) -> Exit:
        """Unmet before undetermined: what is known to be wrong does not wait for what is not known."""
        if any(finding.met is False for finding in self.findings):
            return Exit.UNMET
        return Exit.UNDETERMINED if any(finding.met is None for finding in self.findings) else Exit.MET


def check(file: str, deployment: Deployment, assessment: Assessment, current: bool = False) -> Report:
    """The finding on every norm that applies or may apply and asks for something; ``current``: old evidence does not count."""
    records = deployment.controls
    findings: list[Finding] = []
    for verdict in assessment.verdicts:
        if verdict.norm.kind in ASKS and verdict.status in (Status.APPLIES, Status.UNDETERMINED):
            own = [(control, records[control]) for control in verdict.norm.controls if control in records]
            counting = tuple(control for control, record in own if record.counts)
            stale = tuple(control for control, record in own if record.stale(assessment.as_of))
            planned, failed = (
                tuple(control for control, record in own if record.state is state)
                for state in (ControlState.PLANNED, ControlState.FAILED)
            )
            enough = set(counting) - set(stale) if current else counting
            met = bool(enough) if verdict.status is Status.APPLIES else None
            findings.append(Finding(verdict, met, counting, planned, failed, stale))
    return Report(file, deployment, assessment, tuple(findings))


def together(reports: Sequence[Report]) -> Exit:
    """The exit code for several files: unmet before undetermined before met."""
    codes = {report.exit for report in reports}
    return next(code for code in (Exit.UNMET, Exit.UNDETERMINED, Exit.MET) if code in codes or code is Exit.MET)


def message(knowledge: Knowledge, finding: Finding) -> str:
    """One sentence: what is wrong, and what would mend it."""
    norm = finding.verdict.norm
    short = knowledge.instruments[norm.instrument].short_title
    head = f"{short} {norm.provision}: {norm.title}"
    if finding.met is None:
        return f"{head}: cannot tell; not answered: {', '.join(finding.verdict.missing_facts)}."
    old = f" Evidence too old: {', '.join(finding.stale)}." if finding.stale else ""
    if finding.met:
        return f"{head}: met by {', '.join(finding.in_place)}.{old}"
    planned = f" Planned: {', '.join(finding.planned)}." if finding.planned else ""
    failed = f" Failed: {', '.join(finding.failed)}." if finding.failed else ""
    lack = "no control in place with current evidence" if finding.in_place else "no control in place"
    return f"{head}: {lack}. Any of: {', '.join(norm.controls)}.{planned}{failed}{old}"


def text(knowledge: Knowledge, reports: Sequence[Report]) -> str:
    """What is unmet and what is open, line by line, and a summary for each file."""
    lines: list[str] = []
    for report in reports:
        for finding in report.findings:
            if finding.met is not True or finding.stale:
                word = {True: "stale", False: "unmet", None: "open "}[finding.met]
                lines.append(f"{word}  {finding.verdict.norm.id}\n       {message(knowledge, finding)}")
        counts = _counts(report)
        lines.append(
            f"{report.file}: as of {report.assessment.as_of.isoformat()}: "
            f"{counts['met']} met, {counts['unmet']} unmet, {counts['undetermined']} cannot be told."
        )
    return "\n".join(lines) + "\n"


def view(knowledge: Knowledge, reports: Sequence[Report]) -> dict[str, Any]:
    """The findings as JSON."""
    return {
        "exit": int(together(reports)),
        "files": [
            {
                "file": report.file,
                "name": report.deployment.name,
                "as_of": report.assessment.as_of.isoformat(),
                "knowledge_version": report.assessment.knowledge_version,
                "exit": int(report.exit),
                "counts": _counts(report),
                "coverage": _coverage(report),
                "findings": [_finding_view(knowledge, finding) for finding in report.findings],
            }
            for report in reports
        ],
    }


def _coverage(report: Report) -> dict[str, Any]:
    """How far the obligations in effect, upcoming ones too, are covered: by regime, and by decision."""
    found = obligations(report.assessment, report.deployment.controls)
    own = {number: [one for one in found if number in one.verdict.norm.decisions] for number in DECISIONS}
    return {
        "by_regime": {name: coverage_view(coverage(group)) for name, group in by_regime(found).items()},
        "by_decision": {str(number): coverage_view(coverage(group)) for number, group in own.items()},
    }


def _finding_view(knowledge: Knowledge, finding: Finding) -> dict[str, Any]:
    norm = finding.verdict.norm
    return {
        "norm": norm.id,
        "iri": ids.norm(norm.id),
        "status": finding.verdict.status,
        "met": finding.met,
        "message": message(knowledge, finding),
        "controls": list(norm.controls),
        "in_place": list(finding.in_place),
        "planned": list(finding.planned),
        "failed": list(finding.failed),
        "stale": list(finding.stale),
        "missing_facts": list(finding.verdict.missing_facts),
    }


def _counts(report: Report) -> dict[str, int]:
    values = [finding.met for finding in report.findings]
    return {"met": values.count(True), "unmet": values.count(False), "undetermined": values.count(None)}


def junit(knowledge: Knowledge, reports: Sequence[Report]) -> str:
    """One suite for each file, one case for each norm: failed where unmet, skipped where it cannot be told."""
    root = ET.Element("testsuites", name="sextant check")
    for report in reports:
        counts = _counts(report)
        suite = ET.SubElement(
            root,
            "testsuite",
            name=report.deployment.name,
            tests=str(len(report.findings)),
            failures=str(counts["unmet"]),
            errors="0",
            skipped=str(counts["undetermined"]),
            time="0",
        )
        for finding in report.findings:
            norm = finding.verdict.norm
            case = ET.SubElement(suite, "testcase", classname=norm.instrument, name=norm.id, time="0", file=report.file)
            if finding.met is False:
                ET.SubElement(case, "failure", message=message(knowledge, finding), type="unmet").text = norm.summary
            elif finding.met is None:
                ET.SubElement(case, "skipped", message=message(knowledge, finding))
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def sarif(knowledge: Knowledge, reports: Sequence[Report], version: str) -> dict[str, Any]:
    """SARIF 2.1.0: a rule for each norm, a result for each that is unmet (error) or cannot be told (warning)."""
    wrong = [(report, finding) for report in reports for finding in report.findings if finding.met is not True]
    norms = list(dict.fromkeys(finding.verdict.norm.id for _, finding in wrong))
    rules = [
        {
            "id": norm.id,
            "name": norm.title,
            "shortDescription": {"text": norm.title},
            "fullDescription": {"text": norm.summary},
            "helpUri": norm.url,
            "help": {"text": f"Controls: {', '.join(norm.controls)}. Official text: {norm.url}"},
        }
        for norm in (knowledge.norms[norm_id] for norm_id in norms)
    ]
    results = [
        {
            "ruleId": finding.verdict.norm.id,
            "ruleIndex": norms.index(finding.verdict.norm.id),
            "level": "error" if finding.met is False else "warning",
            "message": {"text": message(knowledge, finding)},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(report.file)}, "region": {"startLine": 1}}}],
        }
        for report, finding in wrong
    ]
    driver = {"name": "sextant", "version": version, "informationUri": ids.BASE, "rules": rules}
    return {"$schema": SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}


def _uri(file: str) -> str:
    from urllib.parse import quote

    return quote(file.replace("\\", "/"))
