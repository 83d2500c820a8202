"""Which question to ask next: the one whose answer settles most of what is still open.

Every answer that each missing fact could have is tried at once (:mod:`kg_service.applicability.portfolio`): a question is worth
the number of undetermined verdicts that its answers settle on average, and how much closer it brings the rest.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kg_service.applicability.condition import DateIn, NumberIn
from kg_service.applicability.evaluate import Assessment, Evaluator, Status, Verdict
from kg_service.applicability.facts import Answer, Facts
from kg_service.applicability.portfolio import Plane, run_planes
from kg_service.applicability.program import FALSE, TRUE, Program, leaf_truth
from kg_service.model import Fact, FactId, FactKind, TermId

_ALL_AT_ONCE = 5.0  # weight of the likeliest answer to "which of these?": none, against one single term


@dataclass(frozen=True, slots=True)
class Question:
    """A fact to ask. ``terms`` are the answers to choose from; ``settles`` how many open verdicts an answer settles on average.

    ``refines`` names what was answered too generally to decide (``us`` where a state matters); empty where nothing was answered.
    """

    fact: Fact
    ask: str
    terms: tuple[TermId, ...]
    settles: int
    at_most: int
    refines: tuple[TermId, ...] = ()


@dataclass(frozen=True, slots=True)
class _Candidate:
    fact: Fact
    answers: tuple[Answer, ...]
    weights: tuple[float, ...]
    refines: tuple[TermId, ...]


def next_questions(evaluator: Evaluator, facts: Facts, as_of: date, limit: int = 5) -> tuple[Question, ...]:
    """At most ``limit`` questions, the one that settles most first; none where every verdict is settled."""
    return questions_for(evaluator, evaluator.assess(facts, as_of), limit)


def questions_for(evaluator: Evaluator, assessment: Assessment, limit: int = 5) -> tuple[Question, ...]:
    """The questions that an assessment leaves open, as :func:`next_questions`."""
    open_verdicts = [verdict for verdict in assessment.verdicts if verdict.status is Status.UNDETERMINED]
    schema = evaluator.knowledge.facts
    missing = {fact for verdict in open_verdicts for fact in verdict.missing_facts}
    program = evaluator.program
    candidates = [_candidate(program, schema[fact], assessment.facts.get(fact)) for fact in schema if fact in missing]
    candidates = [candidate for candidate in candidates if candidate.answers]
    if not candidates:
        return ()
    scores = _scores(program, assessment.facts, candidates, open_verdicts)
    ranked = sorted(zip(candidates, scores, strict=True), key=lambda pair: -pair[1].worth)
    return tuple(_question(candidate, score) for candidate, score in ranked[:limit])


@dataclass(frozen=True, slots=True)
class _Score:
    average: float
    at_most: int
    worth: float


def _question(candidate: _Candidate, score: _Score) -> Question:
    fact = candidate.fact
    terms = tuple(fact.terms)
    if candidate.refines:
        terms = tuple(term for term in fact.terms if fact.ancestors[term] & frozenset(candidate.refines))
    return Question(fact, fact.ask, terms, round(score.average), score.at_most, candidate.refines)


def _scores(program: Program, facts: Facts, candidates: Sequence[_Candidate], open_verdicts: Sequence[Verdict]) -> list[_Score]:
    spans: list[tuple[int, int]] = []
    size = 0
    for candidate in candidates:
        spans.append((size, size + len(candidate.answers)))
        size += len(candidate.answers)
    planes = _try_all(program, facts, candidates, spans, size)
    everywhere = (1 << size) - 1
    settled: list[int] = []
    for verdict in open_verdicts:
        condition = planes[program.applies[verdict.norm.id]]
        unless = program.unless.get(verdict.norm.id)
        freed = Plane(0, everywhere) if unless is None else planes[unless]
        settled.append(condition.false | freed.true | (condition.true & freed.false))
    scores: list[_Score] = []
    for candidate, (start, end) in zip(candidates, spans, strict=True):
        counts = [0] * (end - start)
        for where in settled:
            here = (where >> start) & ((1 << (end - start)) - 1)
            while here:
                low = here & -here
                counts[low.bit_length() - 1] += 1
                here ^= low
        average = sum(n * w for n, w in zip(counts, candidate.weights, strict=True)) / sum(candidate.weights)
        nearer = sum(1 / len(v.missing_facts) for v in open_verdicts if candidate.fact.id in v.missing_facts)
        scores.append(_Score(average, max(counts), average + nearer))
    return scores


def _try_all(
    program: Program, facts: Facts, candidates: Sequence[_Candidate], spans: Sequence[tuple[int, int]], size: int
) -> list[Plane]:
    """The planes of every node over all answers of all candidates, each tried alone on top of ``facts``."""
    everywhere = (1 << size) - 1
    tried: Mapping[FactId, tuple[_Candidate, int, int]] = {
        candidate.fact.id: (candidate, start, end) for candidate, (start, end) in zip(candidates, spans, strict=True)
    }

    def leaf(fact: FactId, position: int) -> Plane:
        condition = program.nodes[position].leaf
        if condition is None:
            raise TypeError(position)
        terms = program.terms.get(position)
        base = leaf_truth(condition, terms, facts.get(fact))
        true, false = (everywhere if base == TRUE else 0), (everywhere if base == FALSE else 0)
        if fact in tried:
            candidate, start, end = tried[fact]
            inside = ((1 << (end - start)) - 1) << start
            true, false = true & ~inside, false & ~inside
            for place, answer in enumerate(candidate.answers, start):
                value = leaf_truth(condition, terms, answer)
                if value == TRUE:
                    true |= 1 << place
                elif value == FALSE:
                    false |= 1 << place
        return Plane(true, false)

    return run_planes(program, (*facts, *tried), size, leaf)


def _candidate(program: Program, fact: Fact, answered: Answer | None) -> _Candidate:
    """The answers worth trying: the terms, both flags, or one number or day on each side of every bound that a norm sets."""
    if isinstance(answered, frozenset):
        refines = tuple(sorted(answered))
        deeper = [term for term in fact.terms if fact.ancestors[term] & answered]
        answers: list[Answer] = [answered - fact.ancestors[term] | {term} for term in deeper]
        used = tuple(term for term in refines if any(term in fact.ancestors[deep] for deep in deeper))
        return _Candidate(fact, tuple(answers), (1.0,) * len(answers), used)
    weights: list[float] = []
    match fact.kind:
        case FactKind.FLAG:
            answers, weights = [True, False], [1.0, 2.0]
        case FactKind.TERMS | FactKind.ONE:
            answers = [frozenset((term,)) for term in _narrowest(fact)]
            weights = [1.0] * len(answers)
            if fact.kind is FactKind.TERMS:
                answers.append(frozenset())
                weights.append(_ALL_AT_ONCE)
        case FactKind.NUMBER:
            answers = _around_numbers(program, fact)
        case FactKind.DATE:
            answers = _around_days(program, fact)
    return _Candidate(fact, tuple(answers), tuple(weights) or (1.0,) * len(answers), ())


def _narrowest(fact: Fact) -> list[TermId]:
    """The most special terms: those that have none below them."""
    parents = {up for term in fact.terms for up in fact.ancestors[term]}
    return [term for term in fact.terms if term not in parents]


def _around_numbers(program: Program, fact: Fact) -> list[Answer]:
    bounds: set[float] = set()
    for position in program.leaves.get(fact.id, ()):
        leaf = program.nodes[position].leaf
        if isinstance(leaf, NumberIn):
            bounds |= {bound for bound in (leaf.min, leaf.max, leaf.above, leaf.below) if bound is not None}
    points = sorted(bounds)
    between = [(low + high) / 2 for low, high in itertools.pairwise(points)]
    ends = (
        [points[0] / 2 if points[0] > 0 else points[0] - 1, points[-1] * 2 if points[-1] > 0 else points[-1] + 1]
        if points
        else []
    )
    return [*ends, *between]


def _around_days(program: Program, fact: Fact) -> list[Answer]:
    days: set[date] = set()
    for position in program.leaves.get(fact.id, ()):
        leaf = program.nodes[position].leaf
        if isinstance(leaf, DateIn):
            days |= {day for bound in (leaf.start, leaf.before) if bound is not None for day in (bound - timedelta(1), bound)}
    return sorted(days)
