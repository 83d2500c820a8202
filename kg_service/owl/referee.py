"""HermiT as the referee of our evaluator: the same deployments, the same conditions, two independent ways to the truth.

What must hold of each deployment and each subject (a norm's condition, its exemption, both together, a qualification):

1. what we call true is entailed, what we call false is refuted;
2. what we call unknown is neither, except where splitting the cases (:mod:`kg_service.owl.completions`) proves that every way to
   answer the open facts gives the same value; then HermiT must have found that value too;
3. where every fact of the module is answered with terms that have none below them, nothing is unknown on either side.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count, islice
from random import Random
from typing import Final

from kg_service.applicability.condition import All, Condition, Is, Not
from kg_service.applicability.facts import Facts
from kg_service.applicability.program import TRUE, Program, Truth, compile_program, run, truth
from kg_service.model import Knowledge, Norm, NormId, QualificationId
from kg_service.owl.completions import settled
from kg_service.owl.module import QUESTION, Blocks, Module, Subject, modules
from kg_service.owl.reasoner import Reasoner
from kg_service.owl.sampling import Sampler, children

# A document with more individuals than this makes each question slower than reading one more document costs.
_QUESTIONS_PER_DOCUMENT: Final = 64
_DOCUMENTS_PER_RUN: Final = 200


@dataclass(frozen=True, slots=True)
class Deployment:
    """Random answers to the facts of a module; ``complete`` where all are answered with the lowest terms."""

    facts: Facts
    complete: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What both say of one subject for one deployment. ``None`` is unknown; ``proved`` is what splitting cases proves where we
    say unknown."""

    deployment: Deployment
    subject: Subject
    ours: bool | None
    hermit: bool | None
    proved: bool | None

    @property
    def agrees(self) -> bool:
        """Whether the two answers stand as they must."""
        if self.ours is not None or self.deployment.complete:
            return self.ours is not None and self.hermit is self.ours
        return self.hermit is self.proved

    @property
    def richer(self) -> bool:
        """Whether only the open-world reading settles it: we say unknown, all cases agree."""
        return self.ours is None and self.proved is not None

    def __str__(self) -> str:
        answers = {str(k): sorted(v) if isinstance(v, frozenset) else str(v) for k, v in self.deployment.facts.items()}
        return f"{self.subject.part} {self.subject.name}: ours {self.ours}, HermiT {self.hermit}, cases {self.proved}; {answers}"


@dataclass(frozen=True, slots=True)
class Report:
    """All findings of a run and what it took."""

    findings: tuple[Finding, ...]
    pairs: int
    documents: int
    seconds: float

    @property
    def disagreements(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if not finding.agrees)

    @property
    def richer(self) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.richer)

    def values(self, part: str) -> dict[str, set[bool | None]]:
        """For each norm or qualification, the truth values that HermiT gave ``part`` of it somewhere in the run."""
        found: dict[str, set[bool | None]] = {}
        for finding in self.findings:
            if finding.subject.part == part:
                found.setdefault(finding.subject.name, set()).add(finding.hermit)
        return found

    def __str__(self) -> str:
        told = Counter((finding.ours, finding.hermit) for finding in self.findings)
        counted = f"{self.pairs} (deployment, norm) pairs, {len(self.findings)} truth values in {self.documents} documents"
        lines = [f"{counted}; {self.seconds:.1f} s; {len(self.disagreements)} disagreements"]
        lines += [f"  ours {ours!s:5}  HermiT {hermit!s:5}  {count}" for (ours, hermit), count in sorted(told.items(), key=str)]
        return "\n".join(lines)


def deployments(module: Module, random: Random, each: int) -> Iterator[Deployment]:
    """``each`` deployments, in turn complete and incomplete, drawn to make each subject true, false and unknown."""
    return islice(_draw(module, Sampler(module, random), random), each)


def _draw(module: Module, sampler: Sampler, random: Random) -> Iterator[Deployment]:
    applies, unless = module.applies_when, module.unless
    others: list[Condition] = [Is(name) for name in module.qualifications]
    if unless is not None:
        others += [unless, All((applies, unless))]
        applies = All((applies, Not(unless)))
    for turn in count(random.randrange(3)):
        want = random.random() < 0.5
        if turn % 3 == 0:
            yield _marked(module, sampler.aimed(applies, want=True, complete=True))
        elif turn % 3 == 1:
            yield _marked(module, sampler.blurred(sampler.aimed(applies, want=True, complete=False)))
        else:
            aim = random.choice(others) if others and turn % 2 else applies
            yield _marked(module, sampler.aimed(aim, want=want and aim is not applies, complete=want))


def _marked(module: Module, facts: Facts) -> Deployment:
    """A deployment that is complete where every fact of the module is answered, by the lowest terms where by terms."""
    answered = all(fact in facts for fact in module.leaves)
    schema = module.knowledge.facts
    lowest = not any(children(schema[f], term) for f, answer in facts.items() if isinstance(answer, frozenset) for term in answer)
    return Deployment(facts, answered and lowest)


@dataclass(frozen=True, slots=True)
class _Document:
    module: Module
    deployments: tuple[Deployment, ...]

    @property
    def questions(self) -> int:
        return 2 * len(self.deployments) * len(self.module.subjects)


def referee(
    knowledge: Knowledge, reasoner: Reasoner, norms: Iterable[Norm], each: int, seed: int = 0, workers: int = 2
) -> Report:
    """What HermiT and our evaluator say of ``each`` random deployments for each of ``norms``."""
    # Seeded by the norm's name, so that another norm in the files does not change what is drawn for this one.
    cases = [
        (module, tuple(deployments(module, Random(f"{seed} {module.norms[0].id}"), each)))  # noqa: S311 - no secret
        for module in modules(knowledge, norms)
    ]
    return compare(knowledge, reasoner, cases, workers)


def of_deployments(knowledge: Knowledge, reasoner: Reasoner, given: Sequence[Facts], workers: int = 2) -> Report:
    """What HermiT and our evaluator say of deployments at hand, for every norm; each module sees the facts that it rests on."""
    cases = []
    for module in modules(knowledge, knowledge.norms.values()):
        seen = [{fact: answer for fact, answer in facts.items() if fact in module.leaves} for facts in given]
        cases.append((module, tuple(_marked(module, facts) for facts in seen)))
    return compare(knowledge, reasoner, cases, workers)


def compare(
    knowledge: Knowledge, reasoner: Reasoner, cases: Iterable[tuple[Module, Sequence[Deployment]]], workers: int = 2
) -> Report:
    """What both say of each module's deployments."""
    began = time.perf_counter()
    program, blocks = compile_program(knowledge), Blocks(knowledge)
    documents: list[_Document] = []
    for module, drawn in cases:
        width = max(1, _QUESTIONS_PER_DOCUMENT // (2 * len(module.subjects)))
        documents += [_Document(module, tuple(drawn[start : start + width])) for start in range(0, len(drawn), width)]
    runs = list(_runs(documents))
    findings: list[Finding] = []
    with ThreadPoolExecutor(workers) as pool:
        for batch, answers in zip(runs, pool.map(lambda batch: _ask(reasoner, blocks, batch), runs), strict=True):
            for document, answer in zip(batch, answers, strict=True):
                findings += _compared(program, document, answer)
    pairs = sum(len(document.deployments) * len(document.module.norms) for document in documents)
    return Report(tuple(findings), pairs, len(documents), time.perf_counter() - began)


def _runs(documents: Sequence[_Document]) -> Iterator[list[_Document]]:
    """``documents`` in runs of one Java process each; a run asks all of its documents equally often, so like goes with like."""
    run_of: list[_Document] = []
    for document in sorted(documents, key=lambda document: document.questions):
        if run_of and (len(run_of) == _DOCUMENTS_PER_RUN or document.questions > 1.4 * run_of[0].questions + 8):
            yield run_of
            run_of = []
        run_of.append(document)
    if run_of:
        yield run_of


def _ask(reasoner: Reasoner, blocks: Blocks, batch: Sequence[_Document]) -> list[list[bool | None]]:
    """HermiT's truth values for each document of ``batch``: deployments outermost, subjects within."""
    texts = [document.module.document([one.facts for one in document.deployments], blocks) for document in batch]
    width = max(document.questions for document in batch)
    answers = reasoner.satisfiable(texts, [f"{QUESTION}{number}" for number in range(width)])
    return [
        [_value(answer, number) for number in range(document.questions // 2)]
        for document, answer in zip(batch, answers, strict=True)
    ]


def _value(answer: dict[str, bool], number: int) -> bool | None:
    can_be_false, can_be_true = answer[f"{QUESTION}{2 * number}"], answer[f"{QUESTION}{2 * number + 1}"]
    return None if can_be_false and can_be_true else can_be_true


def _compared(program: Program, document: _Document, answers: Sequence[bool | None]) -> Iterator[Finding]:
    module, place = document.module, 0
    for deployment in document.deployments:
        values = run(program, deployment.facts)
        for subject in module.subjects:
            ours = truth(_ours(program, values, subject))
            proved = settled(module.knowledge, module.condition(subject), deployment.facts) if ours is None else None
            yield Finding(deployment, subject, ours, answers[place], proved)
            place += 1


def _ours(program: Program, values: Sequence[Truth], subject: Subject) -> Truth:
    name = NormId(subject.name)
    match subject.part:
        case "condition":
            return values[program.applies[name]]
        case "unless":
            return values[program.unless[name]]
        case "norm":
            return min(values[program.applies[name]], TRUE - values[program.unless[name]] if name in program.unless else TRUE)
        case _:
            return values[program.qualifications[QualificationId(subject.name)]]
