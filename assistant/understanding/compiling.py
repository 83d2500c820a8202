"""The language while it is compiled: patterns into graphs, rules, and every problem with its file and line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.understanding.pattern import PatternError, Patterns
from assistant.understanding.rules import Habit, Language, LawName, Meaning, PlaceName, Rule
from kg_service.errors import Problem, nearest
from kg_service.knowledge.document import Place, Tree, Value
from kg_service.model import Fact, FactId, FactKind, Knowledge, TermId

NOWHERE: Final = Tree("regulations", None, {})


@dataclass(slots=True)
class Compiling:
    """What the files say so far, what is wrong with it, and what is odd."""

    knowledge: Knowledge
    language: Language
    problems: list[Problem] = field(default_factory=list)
    irregular: dict[str, tuple[str, ...]] = field(default_factory=dict)
    macros: dict[str, str] = field(default_factory=dict)
    names: Patterns = field(default_factory=Patterns)
    patterns: Patterns = field(default_factory=Patterns)
    said: dict[tuple[str, str, str], Place] = field(default_factory=dict)  # fact, term, pattern
    once: dict[tuple[str, str], Place] = field(default_factory=dict)
    habits: dict[FactId, tuple[Place, Mapping[str, Value]]] = field(default_factory=dict)

    def wrong(self, place: Place, code: str, message: str, near: Sequence[str] = ()) -> None:
        self.problems.append(Problem(str(place), code, message, tuple(near)))

    def rows(self, value: Value, place: Place) -> Iterator[tuple[str, Place]]:
        """The texts of a list (or the one text) with their places."""
        if isinstance(value, str):
            yield value, place
        elif isinstance(value, list):
            for number, one in enumerate(value):
                spot = place.below(number)
                if isinstance(one, str):
                    yield one, spot
                else:
                    self.wrong(spot, "not-a-text", "a pattern is a text.")
        elif value is not None:
            self.wrong(place, "not-a-list", "a list of texts is due.")

    def entries(self, value: Value, place: Place) -> Iterator[tuple[str, Value, Place]]:
        if isinstance(value, dict):
            for key, one in value.items():
                yield key, one, place.below(key)
        elif value is not None:
            self.wrong(place, "not-a-mapping", "a mapping is due.")

    def only(self, kind: str, name: str, place: Place) -> None:
        """Notes where ``name`` stands; where it stood before, that is wrong: of two the later would win unseen."""
        first = self.once.setdefault((kind, name), place)
        if first is not place:
            self.wrong(place, "said-twice", f"the {kind} {name!r} stands twice; first at {first}.")

    def remark(self, place: Place, message: str) -> None:
        """Notes what is odd and changes no reading."""
        self.language.remarks += (f"{place}: {message}",)

    def habit(self, fact: FactId, habit: Habit, said: Mapping[str, Value], place: Place) -> None:
        """How mentions of ``fact`` are taken, by what is ``said`` of it; what an earlier file says otherwise is remarked."""
        first, before = self.habits.get(fact, (place, said))
        for key in before:
            if said.get(key) != before[key]:
                self.remark(place, f"{key} of {fact} is said otherwise at {first}; what stands here counts.")
        self.habits[fact] = (place, said)
        self.language.habits[fact] = habit

    def add_of_term(self, pattern: str, place: Place, rule: Rule) -> None:
        """Compiles ``pattern`` for the one meaning of ``rule``; where it stands for the same already, that is remarked."""
        meaning = rule.means[0]
        first = self.said.setdefault((str(meaning.fact), str(meaning.value), " ".join(pattern.split())), place)
        if first is not place:
            self.remark(place, f"{meaning.fact}, {meaning.value}: the pattern {pattern[:60]!r} stands twice; first at {first}.")
        self.add(pattern, place, rule)

    def add(self, pattern: str, place: Place, rule: Rule, *, names: bool = False) -> None:
        """Compiles ``pattern`` for ``rule``; what is wrong with it is noted."""
        language = self.language
        rules, patterns = (None, self.names) if names else (language.rules, self.patterns)
        number = len(language.name_rules) if rules is None else len(rules)
        try:
            plain = patterns.add(" ".join(pattern.split()), number)
        except PatternError as error:
            self.wrong(place, "bad-pattern", f"the pattern {pattern[:60]!r} cannot be used: {error}.")
            plain = True
        if rules is not None:
            rules.append(Rule(rule.group, plain, rule.means, rule.name, str(place)))

    def add_name(self, pattern: str, place: Place, name: PlaceName | LawName | None) -> None:
        self.add(pattern, place, Rule("mask", True), names=True)
        self.language.name_rules.append(name)

    def fact(self, name: str, place: Place) -> Fact | None:
        fact = self.knowledge.facts.get(FactId(name))
        if fact is None:
            self.wrong(place, "unknown-fact", f"there is no fact {name!r}.", nearest(name, self.knowledge.facts))
        return fact

    def value(self, fact: Fact, word: str, place: Place) -> bool | str | None:
        """``word`` as an answer to ``fact``: one of its terms, or true or false."""
        if fact.kind is FactKind.FLAG:
            if word in ("true", "false"):
                return word == "true"
            self.wrong(place, "not-a-flag", f"{fact.id!r} is answered by true or false, not {word!r}.")
        elif TermId(word) in fact.terms:
            return word
        else:
            self.wrong(place, "unknown-term", f"fact {fact.id!r} has no term {word!r}.", nearest(word, fact.terms))
        return None

    def meanings(self, value: Value, place: Place) -> tuple[Meaning, ...]:
        found: list[Meaning] = []
        for name, words, spot in self.entries(value, place):
            fact = self.fact(name, spot)
            if fact is None:
                continue
            for word, where in self.rows(words, spot):
                answer = self.value(fact, word, where)
                if answer is not None:
                    found.append(Meaning(fact.id, answer))
        return tuple(found)


__all__ = ["NOWHERE", "Compiling"]
