"""What the model of clauses learns from: clauses, sentences and descriptions with labels, and texts composed of them."""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from assistant.model import Polarity
from assistant.understanding import Reader
from assistant.understanding.clauses import POLARITIES, TRUE, Said, said_in
from assistant.understanding.groups import names_of
from assistant.understanding.rules import Language
from assistant.understanding.whose import Spot, spots_of
from assistant.understanding.words import words_of
from benchmarks.clauses_rows import Rows
from benchmarks.gold import GOLD, Description, Gold, Pair, neutral_in, read_descriptions
from kg_service.knowledge.document import read_yaml
from kg_service.model import FactId, FactKind, Knowledge, TermId

ROOT = GOLD.parent.parent
DATA = ROOT / "tests" / "data" / "clauses"
NOTES = ROOT / "tests" / "data" / "understanding"
SHOWN = (GOLD / "descriptions-dev.yaml", *sorted(NOTES.glob("everyday-?.yaml")), NOTES / "plain.yaml")
LANGUAGE = ROOT / "assistant" / "understanding" / "language"
TURNED = re.compile(
    r"\b(no|not|never|none|nobody|without|neither|nor|\w+n't|cannot|may|might|maybe|whether|if|open|unclear|probably|possibly)\b|\?",
    re.IGNORECASE,
)
BETWEEN = (". ", ". ", ". ", "; ", ", ", "\n- ", "\n", " and ", ", and ")
ELSEWHERE = 0.3  # how sure it is that a clause written for some facts says nothing of the others
Span = tuple[int, int]


@dataclass(frozen=True)
class Mark:
    """A label of a text: its number, how it is said (0 stated, 1 denied, 2 left open), and where; without places anywhere."""

    label: int
    turn: int
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True)
class Whose:
    """A place that a text names at ``span``: the numbers of its roles with how they are said.

    Of ``open`` roles nothing is known there.
    """

    span: Span
    roles: tuple[tuple[int, int], ...]
    open: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Text:
    """A text to learn from. ``open`` labels are neither right nor wrong; ``facts``: of others little is known.

    ``places``: those of which it is known whose they are.
    """

    text: str
    marks: tuple[Mark, ...]
    open: frozenset[int] = frozenset()
    facts: frozenset[str] | None = None
    places: tuple[Whose, ...] = ()


class Labels:
    """All terms that may be heard, in the order of the facts; a flag has one."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.names: list[tuple[str, str]] = []
        for name, fact in knowledge.facts.items():
            if not fact.jurisdictions and fact.kind not in (FactKind.NUMBER, FactKind.DATE):
                terms = (TRUE,) if fact.kind is FactKind.FLAG else tuple(map(str, fact.terms))
                self.names += [(str(name), term) for term in terms if term != "no_personal"]
        self.number = {name: place for place, name in enumerate(self.names)}
        self.roles = [str(name) for name, fact in knowledge.facts.items() if fact.jurisdictions]

    def of(self, fact: str, term: str, turn: int) -> tuple[int, int] | None:
        """The label and turn of a pair of the gold set; None for places, days and numbers."""
        known = self.knowledge.facts.get(FactId(fact))
        if known is None:
            return None
        term = str(term).lower()
        if known.kind is FactKind.FLAG:
            turn = 1 if term == "false" and turn == 0 else turn
            term = TRUE
        if (fact, term) == ("data", "no_personal"):
            term, turn = "personal", (1, 0, 2)[turn]
        place = self.number.get((fact, term))
        return None if place is None else (place, turn)

    def above(self, label: int) -> set[int]:
        fact, term = self.names[label]
        ups = self.knowledge.facts[FactId(fact)].ancestors.get(TermId(term), ())
        return {self.number[fact, str(up)] for up in ups if (fact, str(up)) in self.number}

    def role(self, fact: str, term: str, turn: int) -> tuple[int, TermId, int] | None:
        """The number of the role, the place and the turn of a pair of the gold set; None where no place answers."""
        return (self.roles.index(fact), TermId(term.lower()), turn) if fact in self.roles else None

    def text(self, text: str, said: Iterable[tuple[int, int]], facts: bool) -> Text:
        marks = tuple(Mark(*one) for one in dict.fromkeys(said))
        here = {one.label for one in marks}
        above = {up for one in here for up in self.above(one)} - here
        return Text(text, marks, frozenset(above), frozenset(self.names[one][0] for one in here) if facts else None)


def clauses(labels: Labels, folder: Path = DATA) -> list[Text]:
    """The clauses of ``examples-*.yaml``; those under ``_full`` and ``_none`` are labelled in full."""
    found: list[Text] = []
    for file in sorted(folder.glob("examples-*.yaml")):
        for fact, terms in yaml.safe_load(file.read_text(encoding="utf-8")).items():
            if fact in ("_none", "_full"):
                found += [labels.text(text, _known(labels, more), False) for text, more in map(_line, terms)]
            elif fact == "_not":
                found += [
                    Text(_line(line)[0], (), facts=frozenset([str(other)])) for other, lines in terms.items() for line in lines
                ]
            else:
                for term, lines in terms.items():
                    for text, more in map(_line, lines):
                        found.append(labels.text(text, _known(labels, [(fact, str(term)), *more]), True))
    return found


def _line(line: object) -> tuple[str, list[tuple[str, str]]]:
    text, _, more = str(line).partition(" |")
    pairs = [one.strip().partition("=") for one in more.split(",") if "=" in one]
    return text.strip().strip('"').rstrip("."), [(fact.strip(), term.strip()) for fact, _, term in pairs]


def _known(labels: Labels, pairs: Iterable[tuple[str, str]]) -> list[tuple[int, int]]:
    return [found for fact, term in pairs if (found := labels.of(fact, term, 0)) is not None]


def sentences(labels: Labels, language: Language, folder: Path = DATA) -> list[Text]:
    """The lines of ``sentences-*.txt``, labelled in full: ``text ## stated fact=term; negated fact=term``.

    In ``places-*.txt`` it is labelled in full as well whose the places are.
    """
    turns = {"stated": 0, "negated": 1, "uncertain": 2}
    found: list[Text] = []
    for file in (*sorted(folder.glob("sentences-*.txt")), *sorted(folder.glob("places-*.txt"))):
        for line in file.read_text(encoding="utf-8").splitlines():
            text, _, told = (part.strip() for part in line.partition("##"))
            said = [one.strip().partition(" ") for one in told.split(";") if "=" in one]
            parts = [(turns[turn], *rest.strip().partition("=")[::2]) for turn, _, rest in said if turn in turns]
            if not text:
                continue
            known = [one for turn, fact, term in parts if (one := labels.of(fact, term, turn)) is not None]
            places: tuple[Whose, ...] = ()
            if file.name.startswith("places-"):
                roles = {role: None for turn, fact, term in parts if (role := labels.role(fact, term, turn)) is not None}
                places = _whose(labels, text, roles, frozenset(), language)
            found.append(replace(labels.text(text, known, False), places=places))
    return found


def _whose(
    labels: Labels,
    text: str,
    roles: Mapping[tuple[int, TermId, int], Sequence[Span] | None],
    neutral: frozenset[tuple[int, TermId]],
    language: Language,
) -> tuple[Whose, ...]:
    """The places of ``text`` with their roles; ``roles``: where each is said, None where that is not known."""
    words = words_of(text)
    spots = spots_of(words, names_of(words, language, labels.knowledge)[0])
    parents = {term.id: term.parent for term in labels.knowledge.jurisdictions.values()}
    found = []
    for spot in spots:
        mine: dict[int, int] = {}
        free = {role for role, term in neutral if _meets(spot, term, parents)}
        for (role, term, turn), spans in roles.items():
            if not _meets(spot, term, parents):
                continue
            if spans is None:
                here = sum(_meets(other, term, parents) for other in spots) == 1
            else:
                here = any(start < spot.end and spot.start < end for start, end in spans)
            if here:
                mine[role] = turn
            else:
                free.add(role)
        found.append(Whose((spot.start, spot.end), tuple(sorted(mine.items())), frozenset(free - set(mine))))
    return tuple(found)


def _meets(spot: Spot, term: TermId, parents: Mapping[TermId, TermId | None]) -> bool:
    """Whether ``spot`` names ``term``, or what lies in it or around it."""

    def up(one: TermId) -> set[TermId]:
        found: set[TermId] = set()
        above: TermId | None = one
        while above is not None and above not in found:
            found.add(above)
            above = parents.get(above)
        return found

    return any(term in up(one) or one in up(term) for one in spot.terms)


def descriptions(labels: Labels, files: Sequence[Path], reader: Reader, gold: Gold) -> list[tuple[Description, Text]]:
    """Each description with its labels: their places by ``words``, else where the patterns read them."""
    found = []
    for file in files:
        records = {record["id"]: record for record in yaml.safe_load(file.read_text(encoding="utf-8"))}
        for one in read_descriptions(labels.knowledge, file):
            lines = records[one.id].get("words")
            spans = _told(labels, one.text, lines) or _read(labels, one.text, reader)
            known = [labels.of(pair.fact, pair.value, POLARITIES.index(pair.polarity)) for pair in one.pairs]
            marks = tuple(Mark(*key, tuple(spans.get(key, ()))) for key in sorted(key for key in known if key is not None))
            neutral = neutral_in(one, gold, labels.knowledge)
            free = {place for place, (fact, term) in enumerate(labels.names) if neutral(Pair(Polarity.STATED, fact, term))}
            flags = [(place, fact) for place, (fact, term) in enumerate(labels.names) if term == TRUE]
            free |= {place for place, fact in flags if neutral(Pair(Polarity.NEGATED, fact, "false"))}
            free |= {up for mark in marks for up in labels.above(mark.label)}
            roles = _placed(labels, one, lines)
            may = frozenset(
                (number, term)
                for number, fact in enumerate(labels.roles)
                for term in labels.knowledge.jurisdictions
                if neutral(Pair(Polarity.STATED, fact, str(term)))
            )
            places = _whose(labels, one.text, roles, may - {(role, term) for role, term, _ in roles}, reader.language)
            found.append((one, Text(one.text, marks, frozenset(free - {mark.label for mark in marks}), places=places)))
    return found


def _placed(
    labels: Labels, one: Description, lines: Sequence[str] | None
) -> dict[tuple[int, TermId, int], Sequence[Span] | None]:
    """The roles of places that ``one`` says, and where; None where no ``lines`` tell."""
    said = [labels.role(pair.fact, pair.value, POLARITIES.index(pair.polarity)) for pair in one.pairs]
    roles: dict[tuple[int, TermId, int], Sequence[Span] | None] = {role: None for role in said if role is not None}
    for turn, fact, term, spans in _lines(one.text, lines):
        role = labels.role(fact, term, turn)
        if role is not None:
            roles[role] = [*(roles.get(role) or ()), *spans]
    return roles


def _lines(text: str, lines: Sequence[str] | None) -> Iterator[tuple[int, str, str, list[Span]]]:
    """The lines ``polarity fact term | words`` of a description: how it is said, the pair, and where."""
    for line in lines or ():
        head, _, said = str(line).partition("|")
        turn, fact, term = head.split()
        met = [
            re.search(r"\s+".join(map(re.escape, piece.split())), text, re.IGNORECASE) for piece in said.strip().split(" ... ")
        ]
        yield ("stated", "negated", "uncertain").index(turn.lower()), fact, term, [one.span() for one in met if one]


def _told(labels: Labels, text: str, lines: Sequence[str] | None) -> dict[tuple[int, int], list[Span]]:
    spans: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for turn, fact, term, met in _lines(text, lines):
        key = labels.of(fact, term, turn)
        if key is not None:
            spans[key] += met
    return spans


def _read(labels: Labels, text: str, reader: Reader) -> dict[tuple[int, int], list[Span]]:
    spans: dict[tuple[int, int], list[Span]] = defaultdict(list)
    for one in reader.read(text).readings:
        for said in said_in([one], labels.knowledge.facts):
            if (key := _label(labels, said)) is not None:
                spans[key] += [(span.start, span.end) for span in one.spans]
    return spans


def _label(labels: Labels, said: Said) -> tuple[int, int] | None:
    return labels.of(str(said.fact), said.term, POLARITIES.index(said.polarity))


def rows(labels: Labels) -> tuple[Rows, list[tuple[str, tuple[tuple[int, int], ...]]]]:
    """The patterns of the language files with what they say, and what writes rows of words from them."""
    macros: dict[str, str] = {}
    found: list[tuple[str, tuple[tuple[int, int], ...]]] = []
    roots: list[Any] = [read_yaml(file, file.name).root or {} for file in sorted(LANGUAGE.glob("*.yaml"))]
    for root in roots:
        macros.update({name: str(value) for name, value in (root.get("macros") or {}).items()})
        for fact, record in (root.get("facts") or {}).items():
            for key, turn in (("said", 0), ("denied", 1)) if isinstance(record, Mapping) else ():
                for term, value in (record.get(key) or {}).items():
                    if (known := labels.of(fact, str(term), turn)) is not None:
                        found += [(pattern, (known,)) for pattern in _flat(value)]
    return Rows(macros), found


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for one in value.values() if isinstance(value, Mapping) else value:
            yield from _flat(one)


class Composer:
    """Composes texts of pieces, denies and doubts some of them, and takes parts of descriptions. ``seed`` decides all."""

    def __init__(self, labels: Labels, written: Sequence[Text], seed: int = 0) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - chance, not secrecy
        self._labels, self._written = labels, written
        self._rows, self._patterns = rows(labels)
        self._forms: Mapping[str, list[str]] = yaml.safe_load((DATA / "turns.yaml").read_text(encoding="utf-8"))
        self._of: dict[int, list[Text]] = defaultdict(list)
        for one in written:
            self._of[one.marks[0].label if one.marks else -1].append(one)

    def piece(self) -> Text:
        lot = self.chance.random()
        if lot < 0.12:
            return Text(self.chance.choice(self._forms["nothing"]), ())
        if lot < 0.62:
            return self.chance.choice(self._of[self.chance.choice(sorted(self._of))] if lot < 0.37 else self._written)
        pattern, said = self.chance.choice(self._patterns)
        return self._labels.text(self._rows.say(pattern, self.chance), said, True)

    def composed(self) -> Text:
        """One to seven pieces in a row, each with its own labels."""
        text, marks, free = "", dict[tuple[int, int], list[Span]](), set[int]()
        facts: set[str] | None = None
        for _ in range(self.chance.choice((1, 1, 2, 3, 4, 5, 6, 7))):
            one = self._turned(self.piece())
            if not one.text:
                continue
            said = one.text[0].upper() + one.text[1:] if self.chance.random() < 0.5 else one.text
            text += self.chance.choice(BETWEEN) if text else ""
            for mark in one.marks:
                marks.setdefault((mark.label, mark.turn), []).append((len(text), len(text) + len(said)))
            free |= one.open
            if one.facts is not None:
                facts = (facts or set()) | one.facts
            text += said
        here = {label for label, _ in marks}
        told = frozenset(facts | {self._labels.names[one][0] for one in here}) if facts is not None else None
        return Text(text, tuple(Mark(*key, tuple(spans)) for key, spans in marks.items()), frozenset(free - here), told)

    def _turned(self, one: Text) -> Text:
        if not one.marks or TURNED.search(one.text) or any(mark.turn for mark in one.marks) or self.chance.random() > 0.3:
            return one
        turn = 1 if self.chance.random() < 0.55 else 2
        form = self.chance.choice(self._forms["denied" if turn == 1 else "doubted"])
        return replace(one, text=form.format(x=one.text), marks=tuple(replace(mark, turn=turn) for mark in one.marks))

    def part(self, one: Text) -> Text:
        """Some sentences of a description, where all its labels have a place; else the whole."""
        if self.chance.random() < 0.4 or not all(mark.spans for mark in one.marks):
            return one
        cuts = [0, *(found.end() for found in re.finditer(r"[.!?;\n]\s+", one.text)), len(one.text)]
        whole = [(begin, end) for begin, end in pairwise(cuts) if end > begin]
        kept = [span for span in whole if self.chance.random() < 0.6] or whole[:1]
        if self.chance.random() < 0.3:
            self.chance.shuffle(kept)
        text, moved = "", []
        for begin, end in kept:
            moved.append((begin, end, len(text) - begin))
            text += one.text[begin:end] + ("" if one.text[end - 1].isspace() else " ")
        marks = []
        for mark in one.marks:
            spans = tuple((a + by, min(b, end) + by) for a, b in mark.spans for begin, end, by in moved if begin <= a < end)
            if len(spans) == len(mark.spans):
                marks.append(replace(mark, spans=spans))
        gone = {mark.label for mark in one.marks} - {mark.label for mark in marks}
        places = [
            replace(place, span=(place.span[0] + by, place.span[1] + by))
            for place in one.places
            for begin, end, by in moved
            if begin <= place.span[0] and place.span[1] <= end
        ]
        return Text(text, tuple(marks), one.open | gone, places=tuple(places))

    def pair(self, one: Text, other: Text) -> Text:
        """Two sentences in a row, where their labels do not mix."""
        mine, its = {mark.label for mark in one.marks}, {mark.label for mark in other.marks}
        if mine & (its | other.open) or its & one.open:
            return one
        text = f"{one.text}{self.chance.choice((' ', chr(10)))}{other.text}"
        first, second = (0, len(one.text)), (len(one.text) + 1, len(text))
        marks = [replace(mark, spans=(first,)) for mark in one.marks] + [replace(mark, spans=(second,)) for mark in other.marks]
        behind = [replace(place, span=(place.span[0] + second[0], place.span[1] + second[0])) for place in other.places]
        return Text(text, tuple(marks), one.open | other.open, places=(*one.places, *behind))
