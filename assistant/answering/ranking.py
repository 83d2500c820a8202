"""Which norms matter most to a deployment: law on the technology and on the very use first, general organisation last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from assistant.model import Found, PassageKind
from kg_service.applicability.condition import facts_of, qualifications_of
from kg_service.applicability.facts import Facts
from kg_service.model import Knowledge, Norm, NormKind, QualificationId

_KIND: Final = {NormKind.PROHIBITION: 1.2, NormKind.DUTY: 1.0, NormKind.RIGHT: 0.6, NormKind.EXPECTATION: 0.4}
_RANK: Final = {"law": 0.6, "regulatory_technical_standard": 0.3, "rule": 0.5, "case_law": 0.2}
_TECHNOLOGY: Final = frozenset({"technology", "model_source", "adaptation", "automation", "technique", "agentic", "generates"})
_USE: Final = frozenset({"use_case", "task_nature", "effect", "product", "affected", "interacts_with_persons", "channel"})
_SEARCH: Final = 2.0
_HERE: Final = 1.5
_ELSEWHERE: Final = frozenset({"hosting_in"})  # where a machine stands says little of whose law asks for something


class Ranking:
    """Ranks norms. What a norm's condition looks at is worked out once for a version of the knowledge."""

    def __init__(self, law: Knowledge) -> None:
        reached: dict[QualificationId, frozenset[str]] = {}

        def below(name: QualificationId) -> frozenset[str]:
            if name not in reached:
                one = law.qualifications[name]
                reached[name] = facts_of(one.when).union(*(below(QualificationId(part)) for part in qualifications_of(one.when)))
            return reached[name]

        self._law = law
        self._worth: dict[str, float] = {}
        for norm in law.norms.values():
            when = norm.applies_when
            facts = facts_of(when).union(*(below(QualificationId(name)) for name in qualifications_of(when)))
            near = 1.0 * bool(facts & _TECHNOLOGY) + 0.8 * min(len(facts & _USE), 3)
            self._worth[norm.id] = near + _KIND.get(norm.kind, 0.0) + _RANK.get(norm.bindingness, 0.1)

    def ranked(self, norms: Sequence[Norm], found: Sequence[Found], facts: Facts) -> list[Norm]:
        """The most important first: what the search found for the question goes up, and the law of the places named."""
        near = {one.passage.about or "": one.score for one in found if one.passage.kind is PassageKind.NORM}
        best = max(near.values(), default=1.0) or 1.0
        here = self._places(facts)

        def worth(norm: Norm) -> float:
            at_home = self._law.instruments[norm.instrument].jurisdiction in here
            return self._worth[norm.id] + _SEARCH * near.get(norm.id, 0.0) / best + _HERE * at_home

        return sorted(norms, key=worth, reverse=True)

    def _places(self, facts: Facts) -> frozenset[str]:
        """The places named, with those above them: for Germany the Union too."""
        found: set[str] = set()
        for name, answer in facts.items():
            fact = self._law.facts[name]
            if fact.jurisdictions and isinstance(answer, frozenset) and name not in _ELSEWHERE:
                found |= {str(term) for term in answer}
                found |= {str(above) for term in answer for above in fact.ancestors.get(term, ())}
        return frozenset(found)
