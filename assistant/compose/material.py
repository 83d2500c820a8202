"""What a composer works with: the ground, by number of passage and by norm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from assistant.model import Citation, Claim, ClaimKind, Ground, PassageKind
from kg_service.applicability.evaluate import Evaluator, Status, Verdict
from kg_service.applicability.explain import Explainer
from kg_service.model import Knowledge, Norm, NormId


class Material:
    """The ground of one answer, looked up. ``order`` is the rank of each norm: that of its passage."""

    def __init__(self, ground: Ground, evaluator: Evaluator) -> None:
        self.ground, self.law = ground, evaluator.knowledge
        self.evaluator = evaluator
        self.numbers: dict[tuple[PassageKind, str], int] = {
            (one.passage.kind, one.passage.about): one.n for one in ground.passages if one.passage.about is not None
        }
        self.verdicts: dict[NormId, Verdict] = {verdict.norm.id: verdict for verdict in ground.assessment.verdicts}
        self.explainer = Explainer(evaluator, ground.assessment)

    @property
    def as_of(self) -> date:
        return self.ground.as_of

    @property
    def knowledge(self) -> Knowledge:
        return self.law

    def norms(self, *statuses: Status) -> list[Norm]:
        """The norms at hand that have one of these verdicts, in the order of their passages."""
        found: list[Norm] = []
        for one in self.ground.passages:
            if one.passage.kind is PassageKind.NORM and one.passage.about is not None:
                verdict = self.verdicts.get(NormId(one.passage.about))
                if verdict is not None and (not statuses or verdict.status in statuses):
                    found.append(verdict.norm)
        return found

    def number(self, kind: PassageKind, about: str) -> int | None:
        return self.numbers.get((kind, about))

    def cite(self, norms: Iterable[Norm]) -> tuple[int, ...]:
        found = (self.number(PassageKind.NORM, norm.id) for norm in norms)
        return tuple(dict.fromkeys(n for n in found if n is not None))

    def has(self, norm: Norm) -> bool:
        return (PassageKind.NORM, norm.id) in self.numbers

    def of(self, kind: PassageKind) -> list[Citation]:
        return [one for one in self.ground.passages if one.passage.kind is kind]

    def claim(self, text: str, norms: Sequence[Norm], kind: ClaimKind, heading: str | None, *more: int) -> Claim:
        """A claim about ``norms``, resting on their passages and on the ``more`` numbered ones."""
        named = tuple(norm.id for norm in norms)
        return Claim(text, tuple(dict.fromkeys((*self.cite(norms), *more))), kind, named, heading)
