"""The gold set in ``tests/gold``: descriptions with the facts that they state, questions with what a right answer holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from assistant.model import FactReading, Polarity
from kg_service.applicability.facts import Facts, parse_facts
from kg_service.model import Fact, FactId, FactKind, Knowledge, TermId

GOLD = Path(__file__).resolve().parent.parent / "tests" / "gold"
DAY = date(2026, 11, 23)
SPLITS = ("dev", "test", "fresh")
NONE = "(none)"
POLARITIES = {"stated": Polarity.STATED, "negated": Polarity.NEGATED, "uncertain": Polarity.UNCERTAIN}


class Pair(NamedTuple):
    """One fact with one term, number, day or flag, and how it was said."""

    polarity: Polarity
    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class Description:
    """A deployment in everyday words. ``pairs`` is what it says; ``may`` is what may be read as well and is not counted."""

    id: str
    text: str
    pairs: frozenset[Pair]
    may: frozenset[tuple[str, str]]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Item:
    """A question, or the turns of a conversation, and what a right answer holds."""

    id: str
    kind: str
    turns: tuple[str, ...]
    facts: Facts
    as_of: date
    dated: bool  # the question itself names the day
    expected: Mapping[str, Any]

    @property
    def shown(self) -> bool:
        """Whether a failure of it may be shown to those who write the patterns."""
        return not str(self.expected.get("description", "")).startswith("test") and int(self.id[-1]) % 2 == 1


@dataclass(slots=True)
class Score:
    """Right, wrong and missed, counted."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    def add(self, other: Score) -> None:
        self.right, self.wrong, self.missed = self.right + other.right, self.wrong + other.wrong, self.missed + other.missed

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missed) if self.right + self.missed else 1.0

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def f1(self) -> float:
        whole = 2 * self.right + self.wrong + self.missed
        return 2 * self.right / whole if whole else 1.0


@dataclass(frozen=True, slots=True)
class Gold:
    descriptions: Mapping[str, tuple[Description, ...]]
    items: tuple[Item, ...]
    implied: tuple[Mapping[str, Any], ...] = field(repr=False)


def read_gold(knowledge: Knowledge) -> Gold:
    """All descriptions and questions; facts are typed as :func:`parse_facts` types them and named by the knowledge's own ids.

    Raises:
        InputError: where facts are not in the list of facts.
        KeyError: where a question asks about a description that is not there.
    """
    implied = tuple(_load("conventions.yaml"))
    descriptions = {
        split: tuple(_description(knowledge, record) for record in _load(f"descriptions-{split}.yaml")) for split in SPLITS
    }
    texts = {description.id: description for split in SPLITS for description in descriptions[split]}
    items = [_applies(knowledge, record, texts) for record in _load("questions-applies.yaml")]
    items += [_item(knowledge, record, record["kind"]) for record in _load("questions-law.yaml")]
    items += [_item(knowledge, record, "premise") for record in _load("questions-premises.yaml")]
    items += [_item(knowledge, record, "refusal") for record in _load("questions-refusals.yaml")]
    return Gold(descriptions, tuple(items), implied)


def read_descriptions(knowledge: Knowledge, file: Path) -> tuple[Description, ...]:
    """The descriptions of a file in the form of the gold set."""
    return tuple(_description(knowledge, record) for record in yaml.safe_load(file.read_text(encoding="utf-8")))


def neutral_in(description: Description, gold: Gold, knowledge: Knowledge) -> Callable[[Pair], bool]:
    """What tells of a pair whether it is neither right nor wrong for ``description``."""
    return _neutral(description, gold, knowledge)


def read_pairs(readings: Iterable[FactReading], schema: Mapping[FactId, Fact]) -> frozenset[Pair]:
    """What a reading says, in the form of the gold set: a flag that does not hold is negated, so is "no personal data"."""
    pairs: set[Pair] = set()
    for reading in readings:
        values = reading.value if isinstance(reading.value, tuple) else (reading.value,)
        if not values and reading.complete:
            pairs.add(Pair(Polarity.STATED, str(reading.fact), NONE))
        pairs.update(_pair(schema, reading.polarity, str(reading.fact), value) for value in values)
    return frozenset(pairs)


def score(description: Description, read: frozenset[Pair], gold: Gold, knowledge: Knowledge) -> dict[str, Score]:
    """Right, wrong and missed pairs, for each polarity and in ``all``; neutral pairs are not counted."""
    neutral = _neutral(description, gold, knowledge)
    scores = {name: Score() for name in (*POLARITIES, "all")}
    for name, polarity in POLARITIES.items():
        said = {pair for pair in description.pairs if pair.polarity == polarity}
        got = {pair for pair in read if pair.polarity == polarity}
        wrong = {pair for pair in got - said if not neutral(pair)}
        scores[name] = Score(len(said & got), len(wrong), len(said - got))
        scores["all"].add(scores[name])
    return scores


def faults(description: Description, read: frozenset[Pair], gold: Gold, knowledge: Knowledge) -> tuple[list[Pair], list[Pair]]:
    """The pairs that were missed, and those that were read without being said."""
    neutral = _neutral(description, gold, knowledge)
    return sorted(description.pairs - read), sorted(pair for pair in read - description.pairs if not neutral(pair))


def facts_said(knowledge: Knowledge, record: Mapping[str, Any]) -> Facts:
    """The answers that a careful reader would enter: what is stated, flags that are denied, and no personal data where denied."""
    plain: dict[str, Any] = dict(record.get("stated") or {})
    for name, value in (record.get("negated") or {}).items():
        if knowledge.facts[FactId(name)].kind is FactKind.FLAG:
            plain[name] = False
        elif name == "data" and "personal" in value and "data" not in plain:
            plain["data"] = ["no_personal"]
    return parse_facts(knowledge.facts, {name: _scalar(value) for name, value in plain.items()})


class _Neutral:
    def __init__(self, description: Description, gold: Gold, knowledge: Knowledge) -> None:
        self._said = description.pairs
        self._schema = knowledge.facts
        self._lines = {pair: _line(knowledge.facts, pair.fact, pair.value) for pair in description.pairs}
        self._may = set(description.may)
        for rule in gold.implied:
            if any(self._holds(fact, values) for fact, values in rule["where"].items()):
                self._may.update((fact, str(value)) for fact, values in rule["may"].items() for value in values)

    def _holds(self, fact: str, values: list[str]) -> bool:
        return any(
            pair.fact == fact and pair.polarity is Polarity.STATED and ("*" in values or self._lines[pair] & set(values))
            for pair in self._said
        )

    def __call__(self, pair: Pair) -> bool:
        """Whether ``pair`` is neither right nor wrong: allowed, or a wider word for something said; never the opposite of it."""
        if any((one.fact, one.value) == (pair.fact, pair.value) for one in self._said):
            return False
        if (pair.fact, pair.value) in self._may:
            return True
        if pair.polarity is Polarity.NEGATED:
            above = _line(self._schema, pair.fact, pair.value)
            return any(one.polarity is pair.polarity and one.fact == pair.fact and one.value in above for one in self._said)
        return any(
            one.polarity is pair.polarity and one.fact == pair.fact and pair.value in self._lines[one] for one in self._said
        )


def _neutral(description: Description, gold: Gold, knowledge: Knowledge) -> _Neutral:
    return _Neutral(description, gold, knowledge)


def _line(schema: Mapping[FactId, Fact], fact: str, value: str) -> frozenset[str]:
    """``value`` and the terms above it."""
    return frozenset((value, *schema[FactId(fact)].ancestors.get(TermId(value), ())))


def _pair(schema: Mapping[FactId, Fact], polarity: Polarity, fact: str, value: object) -> Pair:
    if schema[FactId(fact)].kind is FactKind.FLAG:
        holds = value in (True, "true") and polarity is not Polarity.NEGATED
        if polarity is Polarity.UNCERTAIN:
            return Pair(polarity, fact, "true")
        return Pair(Polarity.STATED, fact, "true") if holds else Pair(Polarity.NEGATED, fact, "false")
    if fact == "data" and value == "no_personal":
        return Pair(Polarity.NEGATED if polarity is Polarity.STATED else polarity, fact, "personal")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Pair(polarity, fact, f"{float(value):g}")
    return Pair(polarity, fact, value.isoformat() if isinstance(value, date) else str(value))


def _pairs(knowledge: Knowledge, record: Mapping[str, Any]) -> frozenset[Pair]:
    pairs: set[Pair] = set()
    for name, polarity in POLARITIES.items():
        for fact, value in (record.get(name) or {}).items():
            values = value if isinstance(value, list) else [value]
            if not values:
                pairs.add(Pair(polarity, fact, NONE))
            pairs.update(_pair(knowledge.facts, polarity, fact, one) for one in values)
    return frozenset(pairs)


def _description(knowledge: Knowledge, record: Mapping[str, Any]) -> Description:
    may = {(fact, str(value).lower()) for fact, values in (record.get("may") or {}).items() for value in values}
    return Description(
        id=record["id"],
        text=record["text"],
        pairs=_pairs(knowledge, record),
        may=frozenset(may),
        facts=facts_said(knowledge, record),
    )


def _applies(knowledge: Knowledge, record: Mapping[str, Any], texts: Mapping[str, Description]) -> Item:
    if "description" not in record:
        return _item(knowledge, record, "applies")
    description = texts[record["description"]]
    turn = f"{description.text.rstrip()} {record['ask']}"
    return Item(record["id"], "applies", (turn,), description.facts, DAY, False, record)


def _item(knowledge: Knowledge, record: Mapping[str, Any], kind: str) -> Item:
    turns = tuple(record.get("turns") or (record["question"],))
    plain = {name: _scalar(value) for name, value in (record.get("facts") or {}).items()}
    return Item(
        id=record["id"],
        kind=kind,
        turns=turns,
        facts=parse_facts(knowledge.facts, plain),
        as_of=record.get("as_of", DAY),
        dated="as_of" in record,
        expected=record,
    )


def _scalar(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _load(name: str) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load((GOLD / name).read_text(encoding="utf-8"))
    return loaded
