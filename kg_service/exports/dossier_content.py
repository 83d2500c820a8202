"""Everything that a document on a dossier tells, gathered once: the dossier, the verdicts, and what the engines make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kg_service.applicability.evaluate import Assessment
from kg_service.decisions import fairness, gaps, necessity, outcomes, pilot, pilot_input, residual, roi, workforce
from kg_service.decisions.catalogue import WorkQuestion, own_files, read_catalogue
from kg_service.decisions.controls import Records, in_place, standing
from kg_service.decisions.coverage import counted_for
from kg_service.decisions.necessity import Necessity
from kg_service.decisions.plan import parse_plan
from kg_service.decisions.roi_input import parse_case
from kg_service.dossiers.guards import Ground, assessor, day_of, facts_of
from kg_service.dossiers.model import DECISIONS, Dossier, Pilot
from kg_service.dossiers.tools import records as records_of
from kg_service.errors import SextantError
from kg_service.model import Knowledge, RiskId


@dataclass(frozen=True, slots=True)
class Content:
    """``problems`` says by tool or pilot what could not be computed, and why. ``head`` is the last event of the audit trail."""

    dossier: Dossier
    ground: Ground
    assessment: Assessment
    records: Records
    head: tuple[int, str]
    reviews: Mapping[int, gaps.Review]
    overall: gaps.Review
    risks: tuple[residual.Residual, ...]
    tests: tuple[fairness.Applicable, ...]
    effects: tuple[workforce.Effect, ...]
    necessity: Necessity | None
    roi: tuple[roi.Case, tuple[roi.Result, ...]] | None
    pathways: outcomes.Pathways | None
    pilots: Mapping[str, pilot.Evaluation]
    problems: Mapping[str, str]

    @property
    def knowledge(self) -> Knowledge:
        return self.ground.knowledge

    @property
    def day(self) -> date:
        return self.assessment.as_of


def gathered(dossier: Dossier, ground: Ground, root: Path, head: tuple[int, str], data: Path | None = None) -> Content:
    """What there is to tell of the dossier on its day; an input that a tool can no longer read is told, not hidden.

    ``data`` is where the institution's own risks, tests and questions on work lie.
    """
    knowledge, day = ground.knowledge, day_of(dossier, ground)
    found = assessor(dossier, ground)(day)
    records = records_of(dossier)
    catalogue = read_catalogue(knowledge, None if data is None else own_files(data))
    _, unknown = facts_of(dossier, knowledge)
    work = _Work(dossier, ground, root, found, records, {"facts": "; ".join(map(str, unknown))} if unknown else {})
    return Content(
        dossier=dossier,
        ground=ground,
        assessment=found,
        records=records,
        head=head,
        reviews={number: gaps.review(found, records, number) for number in DECISIONS},
        overall=gaps.review(found, records),
        risks=residual.residual_risks(knowledge, catalogue.risks, found, records, work.overrides()),
        tests=fairness.applicable(knowledge, catalogue.tests, found),
        effects=workforce.effects(knowledge, catalogue.work, found, records, work.answers(catalogue.work)),
        necessity=work.necessity(),
        roi=work.roi(),
        pathways=work.pathways(),
        pilots={name: one for name, given in dossier.pilots.items() if (one := work.pilot(name, given)) is not None},
        problems=work.problems,
    )


@dataclass(frozen=True, slots=True)
class _Work:
    """The tools on what the dossier holds; each leaves its reason in ``problems`` where it cannot."""

    dossier: Dossier
    ground: Ground
    root: Path
    found: Assessment
    records: Records
    problems: dict[str, str]

    def overrides(self) -> Mapping[RiskId, residual.Override]:
        try:
            return residual.parse_overrides(self.dossier.inputs.get("risks"), self.ground.knowledge)
        except SextantError as error:
            self.problems["risks"] = str(error)
            return {}

    def answers(self, questions: Mapping[str, WorkQuestion]) -> Mapping[str, workforce.Said]:
        try:
            return workforce.parse_answers(questions, self.dossier.inputs.get("workforce"))
        except SextantError as error:
            self.problems["workforce"] = str(error)
            return {}

    def necessity(self) -> Necessity | None:
        given = self.dossier.inputs.get("necessity")
        if given is None:
            return None
        try:
            ladder = necessity.read_ladder(self.root)
            return necessity.judge(ladder, necessity.parse_answers(ladder, given))
        except SextantError as error:
            self.problems["necessity"] = str(error)
            return None

    def roi(self) -> tuple[roi.Case, tuple[roi.Result, ...]] | None:
        given = self.dossier.inputs.get("roi")
        if given is None:
            return None
        try:
            case = parse_case(given, "", counted_for(self.found, in_place(self.records)))
        except SextantError as error:
            self.problems["roi"] = str(error)
            return None
        return case, roi.compute(case)

    def pathways(self) -> outcomes.Pathways | None:
        given = self.dossier.inputs.get("pathways")
        if given is None:
            return None
        try:
            plan = parse_plan(self.ground.knowledge.facts, given)
            facts, _ = facts_of(self.dossier, self.ground.knowledge)
            return outcomes.evaluate(self.ground.evaluator, facts, self.found.as_of, plan, standing(self.records))
        except SextantError as error:
            self.problems["pathways"] = str(error)
            return None

    def pilot(self, name: str, given: Pilot) -> pilot.Evaluation | None:
        try:
            plan = pilot_input.parse_plan(given.plan)
            start = None if given.started is None else pilot.Start(given.started, given.hash)
            if start is None:
                return pilot.evaluate(plan, None, (), self.found.as_of)
            until = max(self.found.as_of, pilot.last_day(plan, start))
            results = pilot_input.parse_records(list(given.results), plan, start, until)
            known = [one for one in results if one.on <= self.found.as_of]
            return pilot.evaluate(plan, start, known, self.found.as_of)
        except SextantError as error:
            self.problems[f"pilot {name}"] = str(error)
            return None
