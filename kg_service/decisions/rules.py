"""One condition of our own data (risks, tests, questions) on one deployment: true, false or unknown. Pure.

The same three-valued logic as the engine's; qualifications come from an assessment, so that a law is evaluated in one place only.
"""

from __future__ import annotations

from kg_service.applicability.condition import All, Always, AnyOf, Condition, HasTerm, Is, Not
from kg_service.applicability.evaluate import Assessment
from kg_service.applicability.program import FALSE, TRUE, UNKNOWN, Terms, Truth, leaf_truth, truth
from kg_service.model import FactId, Knowledge, QualificationId, TermId

_VALUES = {False: FALSE, None: UNKNOWN, True: TRUE}


def holds(condition: Condition, knowledge: Knowledge, assessment: Assessment) -> bool | None:
    """Whether ``condition`` holds for the deployment assessed; None where missing facts leave it open."""
    return truth(_value(condition, knowledge, assessment))


def open_facts(condition: Condition, knowledge: Knowledge, assessment: Assessment) -> tuple[FactId, ...]:
    """The unanswered facts that keep ``condition`` open, in the order in which facts are listed; empty where it is settled."""
    found = _open(condition, knowledge, assessment)
    return tuple(fact for fact in knowledge.facts if fact in found)


def _value(condition: Condition, knowledge: Knowledge, assessment: Assessment) -> Truth:
    match condition:
        case Always():
            return TRUE
        case All(parts):
            return min((_value(part, knowledge, assessment) for part in parts), default=TRUE)
        case AnyOf(parts):
            return max((_value(part, knowledge, assessment) for part in parts), default=FALSE)
        case Not(part):
            return 2 - _value(part, knowledge, assessment)
        case Is(name):
            return _VALUES[assessment.qualifications[QualificationId(name)]]
        case leaf:
            terms = _terms(knowledge, leaf) if isinstance(leaf, HasTerm) else None
            return leaf_truth(leaf, terms, assessment.facts.get(FactId(leaf.fact)))


def _open(condition: Condition, knowledge: Knowledge, assessment: Assessment) -> frozenset[FactId]:
    if _value(condition, knowledge, assessment) != UNKNOWN:
        return frozenset()
    match condition:
        case All(parts) | AnyOf(parts):
            return frozenset().union(*(_open(part, knowledge, assessment) for part in parts))
        case Not(part):
            return _open(part, knowledge, assessment)
        case Is(name):
            qualification = knowledge.qualifications[QualificationId(name)]
            unless = frozenset() if qualification.unless is None else _open(qualification.unless, knowledge, assessment)
            return _open(qualification.when, knowledge, assessment) | unless
        case Always():
            return frozenset()
        case leaf:
            return frozenset({FactId(leaf.fact)})


def _terms(knowledge: Knowledge, leaf: HasTerm) -> Terms:
    fact, named = knowledge.facts[FactId(leaf.fact)], frozenset(map(TermId, leaf.terms))
    below = frozenset(term for term in fact.terms if term in named or named & fact.ancestors[term])
    above = frozenset(up for term in named for up in fact.ancestors[term])
    return Terms(below=below, above=above - below)
