"""Decision 1: the simplest technique that does the job, with the reasons for and against each. Deterministic and explainable.

A rung of the ladder is *out* where an answer rules it out, *open* where an unanswered question still could, else it *stands*.
The first rung that is not out is the simplest one left; it is settled once it stands. Ladder and questions are data.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from kg_service.decisions.reading import Reading, present, step
from kg_service.errors import InputError, Problem, nearest
from kg_service.knowledge.document import read_yaml

EFFECTS: Final = ("out", "for", "against")
FILE: Final = "ontology/necessity.yaml"


class Standing(StrEnum):
    OUT = "out"
    OPEN = "open"
    STANDS = "stands"


@dataclass(frozen=True, slots=True)
class Rung:
    id: str
    label: str
    definition: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An answer; ``effects`` gives for each of :data:`EFFECTS` the rungs concerned with the reason."""

    id: str
    label: str
    effects: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Criterion:
    id: str
    ask: str
    choices: Mapping[str, Choice]

    def can_rule_out(self, rung: str) -> bool:
        """Whether some answer to it rules the rung out."""
        return any(rung in choice.effects["out"] for choice in self.choices.values())


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rungs, simplest first, and the questions."""

    rungs: tuple[Rung, ...]
    criteria: Mapping[str, Criterion]


@dataclass(frozen=True, slots=True)
class Reason:
    """What one answer says of a rung."""

    criterion: str
    answer: str
    because: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One rung with its standing, its reasons, and the unanswered questions that could still rule it out."""

    rung: Rung
    standing: Standing
    out: tuple[Reason, ...]
    speaks_for: tuple[Reason, ...]
    against: tuple[Reason, ...]
    decided_by: tuple[Criterion, ...]


@dataclass(frozen=True, slots=True)
class Necessity:
    """The answer. ``simplest`` is None where every rung is out: then the task as described is not one for any of them."""

    findings: tuple[Finding, ...]
    simplest: Finding | None
    answers: Mapping[str, str]

    @property
    def settled(self) -> bool:
        """Whether no further answer could change which rung is the simplest."""
        return self.simplest is None or self.simplest.standing is Standing.STANDS

    @property
    def needs_large_model(self) -> bool | None:
        """Whether nothing simpler than a large language model does; None while that is open."""
        if self.simplest is None:
            return False
        below = [one for one in self.findings if one.rung.id in ("rules_and_search", "classical_model", "small_language_model")]
        if any(one.standing is Standing.STANDS for one in below):
            return False
        return None if any(one.standing is Standing.OPEN for one in below) else True


def judge(ladder: Ladder, answers: Mapping[str, str]) -> Necessity:
    """The standing of every rung for these answers (question: answer), all of which must be in the ladder."""
    findings: list[Finding] = []
    for rung in ladder.rungs:
        said: dict[str, list[Reason]] = {effect: [] for effect in EFFECTS}
        for key, answer in answers.items():
            for effect in EFFECTS:
                because = ladder.criteria[key].choices[answer].effects[effect].get(rung.id)
                if because is not None:
                    said[effect].append(Reason(key, answer, because))
        deciding = tuple(one for key, one in ladder.criteria.items() if key not in answers and one.can_rule_out(rung.id))
        standing = Standing.OUT if said["out"] else Standing.OPEN if deciding else Standing.STANDS
        out, speaks_for, against = (tuple(said[effect]) for effect in EFFECTS)
        findings.append(Finding(rung, standing, out, speaks_for, against, () if out else deciding))
    simplest = next((one for one in findings if one.standing is not Standing.OUT), None)
    return Necessity(tuple(findings), simplest, dict(answers))


def parse_answers(ladder: Ladder, raw: object, at: str = "/answers") -> dict[str, str]:
    """Answers by question, in the order of the ladder; ``null`` leaves a question open.

    Raises:
        InputError: with every problem found.
    """
    reading = Reading()
    given = reading.mapping(raw, at, ladder.criteria)
    found = {
        key: reading.choice(given[key], f"{at}/{step(key)}", tuple(criterion.choices))
        for key, criterion in ladder.criteria.items()
        if given.get(key) is not None
    }
    reading.done()
    return found


def parse_input(ladder: Ladder, raw: object) -> tuple[str, dict[str, str]]:
    """The name and the answers of an input file."""
    reading = Reading()
    given = reading.mapping(raw, "", ("name", "answers"), ("answers",))
    name = reading.text(present(given.get("name"), "the task"), "/name", "a name", 200)
    reading.done()
    return name, parse_answers(ladder, given.get("answers"))


def read_ladder(root: Path) -> Ladder:
    """The ladder of the data root.

    Raises:
        InputError: with every problem, each as ``file:line``.
    """
    tree = read_yaml(root / FILE, FILE)
    try:
        return parse_ladder(tree.root)
    except InputError as error:
        placed = [Problem(tree.where(one.where), one.code, one.message, one.nearest) for one in error.problems]
        raise InputError(placed) from None


def parse_ladder(raw: object, base: Ladder | None = None) -> Ladder:
    """The ladder that ``raw`` describes; with ``base``, its rungs and its questions, to which those of ``raw`` are added.

    Raises:
        InputError: with every problem found.
    """
    reading = Reading()
    keys = ("rungs", "questions") if base is None else ("questions",)
    given = reading.mapping(raw, "", keys, keys)
    rungs = base.rungs if base is not None else tuple(_rungs(reading, given.get("rungs")))
    criteria = {} if base is None else dict(base.criteria)
    ids = tuple(rung.id for rung in rungs)
    for key, entry in reading.mapping(given.get("questions"), "/questions").items():
        at = f"/questions/{step(key)}"
        question = reading.mapping(entry, at, ("ask", "answers"), ("ask", "answers"))
        choices = {
            name: _choice(reading, name, choice, f"{at}/answers/{step(name)}", ids)
            for name, choice in reading.mapping(question.get("answers"), f"{at}/answers").items()
        }
        criteria[key] = Criterion(key, reading.text(present(question.get("ask"), "?"), f"{at}/ask", "a question"), choices)
    reading.done()
    return Ladder(rungs, criteria)


def _rungs(reading: Reading, raw: object) -> Iterable[Rung]:
    for key, entry in reading.mapping(raw, "/rungs").items():
        at, keys = f"/rungs/{step(key)}", ("label", "definition")
        given = reading.mapping(entry, at, keys, keys)
        yield Rung(key, *(reading.text(present(given.get(name), "?"), f"{at}/{name}") for name in keys))


def _choice(reading: Reading, name: str, raw: object, at: str, rungs: tuple[str, ...]) -> Choice:
    given = reading.mapping(raw, at, ("label", *EFFECTS), ("label",))
    effects: dict[str, dict[str, str]] = {}
    for effect in EFFECTS:
        effects[effect] = {}
        for rung, because in reading.mapping(given.get(effect), f"{at}/{effect}").items():
            spot = f"{at}/{effect}/{step(rung)}"
            if rung not in rungs:
                reading.wrong(spot, "unknown-rung", f"there is no rung {rung[:60]!r}.", nearest(rung, rungs))
            effects[effect][rung] = reading.text(because, spot, "a reason")
    return Choice(name, reading.text(present(given.get("label"), "?"), f"{at}/label"), effects)
