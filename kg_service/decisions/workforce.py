"""Decision 4: effects on the people who work with the system or are judged by it, as a small structured assessment. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from kg_service.applicability.evaluate import Assessment, Verdict
from kg_service.decisions.catalogue import WorkQuestion
from kg_service.decisions.controls import Records
from kg_service.decisions.coverage import Standing
from kg_service.decisions.fairness import related
from kg_service.decisions.reading import Reading, step
from kg_service.decisions.rules import holds, open_facts
from kg_service.model import FactId, Knowledge


class Answer(StrEnum):
    YES = "yes"
    PARTLY = "partly"
    NO = "no"
    NOT_APPLICABLE = "not_applicable"


@dataclass(frozen=True, slots=True)
class Said:
    """An answer with its reason; there must be one where the question is said not to apply."""

    answer: Answer
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One question that arises (``arises`` None: facts leave it open), with its norms in effect or open, and the answer given.

    ``standing`` is the best state among its controls. ``settled`` says that it needs nothing more.
    """

    question: WorkQuestion
    arises: bool | None
    missing_facts: tuple[FactId, ...]
    norms: tuple[Verdict, ...]
    standing: Standing
    said: Said | None

    @property
    def settled(self) -> bool:
        return self.said is not None and self.said.answer in (Answer.YES, Answer.NOT_APPLICABLE)


def effects(
    knowledge: Knowledge,
    questions: Mapping[str, WorkQuestion],
    assessment: Assessment,
    records: Records,
    answers: Mapping[str, Said] | None = None,
) -> tuple[Effect, ...]:
    """The questions that arise for the deployment, those without a settling answer first, then those with norms behind them."""
    verdicts = {one.norm.id: one for one in assessment.verdicts}
    given = answers or {}
    found: list[Effect] = []
    for question in questions.values():
        arises = holds(question.when, knowledge, assessment)
        if arises is False:
            continue
        missing = open_facts(question.when, knowledge, assessment) if arises is None else ()
        states = {str(records[control].state) for control in question.controls if control in records}
        standing = next((one for one in Standing if str(one) in states), Standing.NONE)
        norms = related(question.norms, verdicts)
        found.append(Effect(question, arises, missing, norms, standing, given.get(question.id)))
    return tuple(sorted(found, key=lambda one: (one.settled, not one.norms)))


def parse_answers(questions: Mapping[str, WorkQuestion], raw: object, at: str = "/workforce") -> dict[str, Said]:
    """Answers by question: a word, or ``answer`` and ``because``.

    Raises:
        InputError: with every problem found.
    """
    reading = Reading()
    found: dict[str, Said] = {}
    for name, entry in reading.mapping(raw, at, questions).items():
        if entry is None:
            continue
        spot = f"{at}/{step(name)}"
        given = {"answer": entry} if isinstance(entry, str) else reading.mapping(entry, spot, ("answer", "because"), ("answer",))
        answer = Answer(reading.choice(given.get("answer"), f"{spot}/answer", tuple(map(str, Answer))))
        because = None if given.get("because") is None else reading.text(given["because"], f"{spot}/because", "a reason")
        if answer is Answer.NOT_APPLICABLE and because is None:
            reading.wrong(spot, "no-reason", "say why the question does not apply: 'because'.")
        found[name] = Said(answer, because)
    reading.done()
    return found
