"""The package's own data on risks, tests and work: read strictly, with conditions understood by the facts at hand.

An institution can lay a file of its own over each: an entry of the same id takes the place of ours, others are added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Final, TypeVar

from kg_service.applicability.condition import Always, Condition
from kg_service.decisions.reading import Reading, present, step
from kg_service.errors import DocumentError, InputError, Problem, nearest
from kg_service.knowledge.conditions import parse
from kg_service.knowledge.document import Limits, Tree, parse_yaml
from kg_service.model import ControlId, Knowledge, NormId, RiskId

LIMITS: Final = Limits(size=1_000_000, depth=16, values=20_000)
LEVELS: Final = (1, 2, 3, 4, 5)
KINDS: Final = ("bias", "explanation")
OWN: Final = {"risks": "risks.yaml", "tests": "fairness-tests.yaml", "workforce": "workforce.yaml"}
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Raise:
    """What a deployment has that makes a risk greater."""

    when: Condition
    likelihood: int
    impact: int
    because: str


@dataclass(frozen=True, slots=True)
class RiskProfile:
    """The inherent risk before any control, for deployments to which it is ``relevant``."""

    risk: RiskId
    relevant: Condition
    likelihood: int
    impact: int
    because: str
    raises: tuple[Raise, ...] = ()


@dataclass(frozen=True, slots=True)
class RiskData:
    profiles: Mapping[RiskId, RiskProfile]
    respond: frozenset[ControlId]


@dataclass(frozen=True, slots=True)
class FairnessTest:
    """A test of bias or explanation. ``asks``: norms whose text asks for it; ``serves``: those that its result helps to meet."""

    id: str
    name: str
    about: str
    measures: str
    needs: str
    guidance: str
    source: str
    when: Condition
    asks: tuple[NormId, ...]
    serves: tuple[NormId, ...]


@dataclass(frozen=True, slots=True)
class WorkQuestion:
    """A question on the people who work with the system or are judged by it."""

    id: str
    ask: str
    because: str
    when: Condition
    norms: tuple[NormId, ...]
    controls: tuple[ControlId, ...]
    evidence: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of it, for one version of the knowledge."""

    risks: RiskData
    tests: Mapping[str, FairnessTest]
    work: Mapping[str, WorkQuestion]


def read_catalogue(knowledge: Knowledge, own: Mapping[str, Path] | None = None) -> Catalogue:
    """The data of the package with the institution's files over them, by ``risks``, ``tests`` and ``workforce``.

    Raises:
        DocumentError, InputError: with every problem of a file, each as ``file:line``.
    """
    files = own or {}
    return Catalogue(
        _over("risks", files, lambda raw, base: _risks(knowledge, raw, base), RiskData({}, frozenset())),
        _over("tests", files, lambda raw, base: _tests(knowledge, raw, base), {}),
        _over("workforce", files, lambda raw, base: _work(knowledge, raw, base), {}),
    )


def own_files(folder: Path) -> dict[str, Path]:
    """The files of the institution in its data directory that are laid over ours: those of :data:`OWN` that are there."""
    return {name: folder / file for name, file in OWN.items() if (folder / file).is_file()}


def _over(name: str, own: Mapping[str, Path], parse_: Callable[[object, _Entry], _Entry], empty: _Entry) -> _Entry:
    file = f"{name}.yaml"
    ours = resources.files("kg_service.decisions").joinpath("data", file).read_bytes()
    found = _placed(parse_yaml(ours, file, LIMITS), parse_, empty)
    path = own.get(name)
    if path is None:
        return found
    try:
        with path.open("rb") as opened:
            content = opened.read(LIMITS.size + 1)
    except OSError as error:
        raise DocumentError([Problem(str(path), "unreadable", f"the file cannot be read: {error.strerror}.")]) from error
    return _placed(parse_yaml(content, str(path), LIMITS), parse_, found)


def _placed(tree: Tree, parse_: Callable[[object, _Entry], _Entry], base: _Entry) -> _Entry:
    try:
        return parse_(tree.root, base)
    except InputError as error:
        raise InputError(
            [Problem(tree.where(one.where), one.code, f"{one.where}: {one.message}", one.nearest) for one in error.problems]
        ) from None


@dataclass(slots=True)
class _Reader:
    knowledge: Knowledge
    reading: Reading

    def condition(self, raw: object, at: str) -> Condition:
        if raw is None:
            return Always()
        try:
            return parse(raw, self.knowledge.facts, self.knowledge.qualifications, lambda below: f"{at}{below}")
        except InputError as error:
            self.reading.problems.extend(error.problems)
            return Always()

    def norms(self, raw: object, at: str) -> tuple[NormId, ...]:
        return tuple(map(NormId, self._known(raw, at, "norm", self.knowledge.norms)))

    def controls(self, raw: object, at: str) -> tuple[ControlId, ...]:
        return tuple(map(ControlId, self._known(raw, at, "control", self.knowledge.controls)))

    def text(self, given: Mapping[str, Any], key: str, at: str) -> str:
        return self.reading.text(present(given.get(key), "?"), f"{at}/{key}")

    def level(self, given: Mapping[str, Any], key: str, at: str, low: int = 1, default: object = 1) -> int:
        return self.reading.whole(present(given.get(key), default), f"{at}/{key}", low, 5, f"a level from {low} to 5")

    def _known(self, raw: object, at: str, kind: str, known: Mapping[Any, object]) -> list[str]:
        found: list[str] = []
        for place, one in enumerate(self.reading.items(raw, at)):
            if not isinstance(one, str) or one not in known:
                self.reading.wrong(f"{at}/{place}", f"unknown-{kind}", f"there is no {kind} {one!r}.", nearest(str(one), known))
            else:
                found.append(one)
        return found


def _risks(knowledge: Knowledge, raw: object, base: RiskData) -> RiskData:
    read = _Reader(knowledge, Reading())
    given = read.reading.mapping(raw, "", ("respond", "risks"))
    respond = base.respond | set(read.controls(given.get("respond"), "/respond"))
    profiles = dict(base.profiles)
    for name, entry in read.reading.mapping(given.get("risks"), "/risks", knowledge.risks).items():
        at = f"/risks/{step(name)}"
        keys = ("relevant", "likelihood", "impact", "because", "raises")
        risk = read.reading.mapping(entry, at, keys, ("likelihood", "impact", "because"))
        profiles[RiskId(name)] = RiskProfile(
            RiskId(name),
            read.condition(risk.get("relevant"), f"{at}/relevant"),
            read.level(risk, "likelihood", at),
            read.level(risk, "impact", at),
            read.text(risk, "because", at),
            tuple(
                _raise(read, one, f"{at}/raises/{place}")
                for place, one in enumerate(read.reading.items(risk.get("raises"), f"{at}/raises", 20))
            ),
        )
    read.reading.done()
    return RiskData(profiles, respond)


def _raise(read: _Reader, raw: object, at: str) -> Raise:
    given = read.reading.mapping(raw, at, ("when", "likelihood", "impact", "because"), ("when", "because"))
    when, because = read.condition(given.get("when"), f"{at}/when"), read.text(given, "because", at)
    return Raise(when, read.level(given, "likelihood", at, 0, 0), read.level(given, "impact", at, 0, 0), because)


def _tests(knowledge: Knowledge, raw: object, base: Mapping[str, FairnessTest]) -> Mapping[str, FairnessTest]:
    read, found = _Reader(knowledge, Reading()), dict(base)
    texts = ("name", "measures", "needs", "guidance", "source")
    for name, entry in read.reading.mapping(raw, "").items():
        at = f"/{step(name)}"
        given = read.reading.mapping(entry, at, ("about", "when", "asks", "serves", *texts), ("about", *texts))
        words = {key: read.text(given, key, at) for key in texts}
        about = read.reading.choice(present(given.get("about"), KINDS[0]), f"{at}/about", KINDS)
        when = read.condition(given.get("when"), f"{at}/when")
        asks, serves = (read.norms(given.get(key), f"{at}/{key}") for key in ("asks", "serves"))
        found[name] = FairnessTest(id=name, about=about, when=when, asks=asks, serves=serves, **words)
    read.reading.done()
    return found


def _work(knowledge: Knowledge, raw: object, base: Mapping[str, WorkQuestion]) -> Mapping[str, WorkQuestion]:
    read, found = _Reader(knowledge, Reading()), dict(base)
    texts = ("ask", "because", "evidence")
    for name, entry in read.reading.mapping(raw, "").items():
        at = f"/{step(name)}"
        given = read.reading.mapping(entry, at, ("when", "norms", "controls", *texts), texts)
        found[name] = WorkQuestion(
            id=name,
            when=read.condition(given.get("when"), f"{at}/when"),
            norms=read.norms(given.get("norms"), f"{at}/norms"),
            controls=read.controls(given.get("controls"), f"{at}/controls"),
            **{key: read.text(given, key, at) for key in texts},
        )
    read.reading.done()
    return found
