"""The files in ``language/``, read and held against the knowledge; what does not exist there is an error with its line.

What they say once they are compiled is kept in the cache, for it takes a second or two (:mod:`assistant.understanding.kept`).
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from assistant.understanding import kept
from assistant.understanding.compiling import NOWHERE, Compiling
from assistant.understanding.lawnames import law_names
from assistant.understanding.names import name_pattern, place_pattern, spellings
from assistant.understanding.rules import SLOT, Habit, Implied, Language, Meaning, PlaceName, Rule
from kg_service.errors import DocumentError, KnowledgeError, Problem, nearest
from kg_service.knowledge.document import Place, Value, parse_yaml
from kg_service.model import Fact, FactId, Knowledge, TermId

FOLDER: Final = Path(__file__).resolve().parent / "language"
NAME: Final = "assistant/understanding/language"
CUES: Final = (
    *(
        "negation",
        "negation_short",
        "negation_before",
        "negation_clause",
        "negation_before_end",
        "negation_clause_end",
        "answer_no",
        "answer_yes",
        "answer_open",
        "doubt",
        "doubt_wide",
        "doubt_before",
        "doubt_clause",
        "only_after",
        "only_before",
        "if",
        "nothing",
        "correction",
        "withdraw",
    ),
)
INTENTS: Final = ("applies", "explain", "compare", "controls", "changes", "define", "withdraw", "outside")
MENTIONS: Final = ("complete", "partial", "open")
NUMBERS: Final = ("billions", "count", "share", "flop", "staff")


def load(knowledge: Knowledge, folder: Path = FOLDER, cache: Path | None = None) -> Language:
    """The language of ``folder`` for ``knowledge``: as it was kept in ``cache`` where nothing changed, otherwise compiled.

    Raises:
        KnowledgeError: with every problem found, each with file, line and the nearest valid choice.
    """
    files, problems = _contents(folder)
    key = kept.key_of(files, knowledge.version)
    with _undisturbed():
        language = None if cache is None or problems else kept.found(cache, key)
        if language is None:
            language = _compiled(knowledge, files, problems)
            if cache is not None:
                kept.keep(cache, key, language)
    if folder == FOLDER:
        _remember(knowledge, language.habits)
    return language


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Nobody looks for garbage while a million small things are made that all stay: that would take a fifth of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def _contents(folder: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """The files of ``folder`` in the order of their names, read once."""
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in sorted(folder.glob("*.yaml")):
        name = f"{NAME}/{path.name}"
        try:
            files[name] = path.read_bytes()
        except OSError as error:
            problems.append(Problem(f"{name}:1", "unreadable", f"the file cannot be read: {error.strerror}."))
    return files, problems


def _compiled(knowledge: Knowledge, files: Mapping[str, bytes], problems: list[Problem]) -> Language:
    trees = []
    for name, content in files.items():
        try:
            trees.append(parse_yaml(content, name))
        except DocumentError as error:
            problems.extend(error.problems)
    reading = Compiling(knowledge, Language(), problems)
    places = [Place(tree) for tree in trees]
    for place in places:
        _grammar(reading, place)
    for patterns in (reading.names, reading.patterns):
        patterns.macros, patterns.irregular = reading.macros, reading.irregular
    for place in places:
        for key, value, spot in reading.entries(place.tree.root, place):
            section = _SECTIONS.get(key)
            if section is not None:
                section(reading, value, spot)
            elif key not in _GRAMMAR:
                reading.wrong(spot, "unknown-key", f"there is no section {key!r}.", nearest(key, [*_SECTIONS, *_GRAMMAR]))
    _jurisdictions(reading)
    if reading.problems:
        raise KnowledgeError(sorted(reading.problems, key=lambda problem: problem.where))
    reading.language.names, reading.language.patterns = reading.names.graph(), reading.patterns.graph()
    return reading.language


_HABITS: Final[dict[str, Mapping[FactId, Habit]]] = {}
_KEPT: Final = 4


def habits_of(knowledge: Knowledge) -> Mapping[FactId, Habit]:
    """How mentions of each fact are taken, as the files in the package say; kept for the last versions of the knowledge."""
    known = _HABITS.get(knowledge.version)
    if known is None:
        reading = Compiling(knowledge, Language())
        for name, content in _contents(FOLDER)[0].items():
            place = Place(parse_yaml(content, name))
            root = place.tree.root if isinstance(place.tree.root, dict) else {}
            for word, body, spot in reading.entries(root.get("facts"), place.below("facts")):
                fact = reading.fact(word, spot)
                if fact is not None:
                    _habit(reading, fact, body if isinstance(body, dict) else {}, spot)
        known = reading.language.habits
        _remember(knowledge, known)
    return known


def _remember(knowledge: Knowledge, habits: Mapping[FactId, Habit]) -> None:
    while len(_HABITS) >= _KEPT and knowledge.version not in _HABITS:
        _HABITS.pop(next(iter(_HABITS)), None)
    _HABITS[knowledge.version] = habits


def _grammar(reading: Compiling, place: Place) -> None:
    root = place.tree.root if isinstance(place.tree.root, dict) else {}
    language = reading.language
    for word, bent, spot in reading.entries(root.get("irregular"), place.below("irregular")):
        reading.only("word that bends", word, spot)
        reading.irregular[word] = tuple(text for text, _ in reading.rows(bent, spot))
    for name, pattern, spot in reading.entries(root.get("macros"), place.below("macros")):
        reading.only("macro", name, spot)
        for text, _ in reading.rows(pattern, spot):
            reading.macros[name] = text
    words = {key: frozenset(text for text, _ in reading.rows(root.get(key), place.below(key))) for key in _WORDS}
    language.barriers |= words["barriers"]
    language.fillers |= words["fillers"]
    language.subjects |= words["subjects"]
    language.subjects_of_law += tuple(sorted(words["subjects_of_law"]))
    for name, row, spot in reading.entries(root.get("nearby"), place.below("nearby")):
        reading.only("row of nearby words", name, spot)
        words_of = frozenset(word for text, _ in reading.rows(row, spot) for word in text.split())
        language.nearby = defaultdict(frozenset, {**language.nearby, name: words_of})
    for code, common, spot in reading.entries(root.get("foreign"), place.below("foreign")):
        language.foreign[code] = frozenset(text for text, _ in reading.rows(common, spot))


def _facts(reading: Compiling, value: Value, place: Place) -> None:
    for name, body, spot in reading.entries(value, place):
        fact = reading.fact(name, spot)
        if fact is None:
            continue
        record = body if isinstance(body, dict) else {}
        for key, _, where in reading.entries(body, spot):
            if key not in _FACT_KEYS:
                reading.wrong(where, "unknown-key", f"a fact has no {key!r} here.", nearest(key, _FACT_KEYS))
        _habit(reading, fact, record, spot)
        for key in ("said", "weak", "denied", "if_denied"):
            for word, patterns, where in reading.entries(record.get(key), spot.below(key)):
                answer = reading.value(fact, word, where)
                if answer is not None:
                    means = (
                        Meaning(fact.id, answer, weak=key == "weak", denied=key == "denied", only_denied=key == "if_denied"),
                    )
                    for pattern, line in reading.rows(patterns, where):
                        reading.add_of_term(pattern, line, Rule("fact", True, means))
        for pattern, line in reading.rows(record.get("slot"), spot.below("slot")):
            reading.add(pattern, line, Rule("fact", True, (Meaning(fact.id, SLOT),)))
        for pattern, line in reading.rows(record.get("none"), spot.below("none")):
            reading.add(pattern, line, Rule("fact", True, (Meaning(fact.id, ()),)))
        _numbers(reading, fact, record.get("numbers"), spot.below("numbers"))
        if record.get("names") == "all":
            _names(
                reading,
                fact,
                frozenset(text.casefold() for text, _ in reading.rows(record.get("not_names"), spot.below("not_names"))),
            )


def _habit(reading: Compiling, fact: Fact, record: Mapping[str, Value], place: Place) -> None:
    def terms(key: str) -> tuple[TermId, ...]:
        found = []
        for word, spot in reading.rows(record.get(key), place.below(key)):
            if reading.value(fact, word, spot) is not None:
                found.append(TermId(word))
        return tuple(found)

    mentions = record.get("mentions", "complete")
    if mentions not in MENTIONS:
        reading.wrong(place.below("mentions"), "unknown-choice", f"mentions are {', '.join(MENTIONS)}, not {mentions!r}.")
    inside = frozenset(
        text for text, spot in reading.rows(record.get("silenced_by"), place.below("silenced_by")) if reading.fact(text, spot)
    )
    carries = tuple(
        FactId(text) for text, spot in reading.rows(record.get("carries"), place.below("carries")) if reading.fact(text, spot)
    )
    torn = record.get("or_is_doubt") == "true"
    habit = Habit(str(mentions), terms("open_terms"), frozenset(terms("holds")), inside, torn, carries)
    said = {key: record[key] for key in record if key in _HABIT_KEYS}
    if said:
        reading.habit(fact.id, habit, said, place)
    else:  # a file that says nothing of it leaves it as it is
        reading.language.habits.setdefault(fact.id, habit)


def _numbers(reading: Compiling, fact: Fact, value: Value, place: Place) -> None:
    for number, one in enumerate(value if isinstance(value, list) else []):
        spot = place.below(number)
        record = one if isinstance(one, dict) else {}
        rule, pattern = record.get("rule"), record.get("pattern")
        if rule not in NUMBERS or not isinstance(rule, str) or not isinstance(pattern, str):
            reading.wrong(spot, "unknown-choice", f"a number has a pattern, and a rule out of {', '.join(NUMBERS)}.")
        else:
            reading.add(pattern, spot, Rule("fact", True, (Meaning(fact.id, SLOT, number=rule),)))


def _names(reading: Compiling, fact: Fact, without: frozenset[str]) -> None:
    """The labels of the terms, as the knowledge has them, are patterns too, but for those of ``without``."""
    for term in fact.terms.values():
        for name in spellings(term.labels):
            if name.casefold() not in without:
                reading.add(name_pattern(name), Place(NOWHERE), Rule("fact", True, (Meaning(fact.id, str(term.id)),)))


def _jurisdictions(reading: Compiling) -> None:
    """The labels of the jurisdictions as names of places; two letters only in capitals."""
    for term in reading.knowledge.jurisdictions.values():
        for name in spellings(term.labels):
            reading.add_name(place_pattern(name), Place(NOWHERE), PlaceName((term.id,), "noun"))


def _places(reading: Compiling, value: Value, place: Place) -> None:
    for name, body, spot in reading.entries(value, place):
        known = reading.knowledge.jurisdictions
        if TermId(name) not in known:
            reading.wrong(spot, "unknown-term", f"there is no place {name!r}.", nearest(name, known))
            continue
        record = body if isinstance(body, dict) else {}
        _place_names(reading, record, spot, (TermId(name),), False)


def _place_groups(reading: Compiling, value: Value, place: Place) -> None:
    for _, body, spot in reading.entries(value, place):
        record = body if isinstance(body, dict) else {}
        terms: list[TermId] = []
        for word, where in reading.rows(record.get("of"), spot.below("of")):
            if TermId(word) not in reading.knowledge.jurisdictions:
                reading.wrong(
                    where, "unknown-term", f"there is no place {word!r}.", nearest(word, reading.knowledge.jurisdictions)
                )
            else:
                terms.append(TermId(word))
        _place_names(reading, record, spot, tuple(terms), record.get("unsure") == "true")


def _place_names(reading: Compiling, record: Mapping[str, Value], spot: Place, terms: tuple[TermId, ...], unsure: bool) -> None:
    exact = frozenset(text for text, _ in reading.rows(record.get("exact"), spot.below("exact")))
    for key, form in (("names", "noun"), ("adjectives", "adjective"), ("people", "people")):
        for text, line in reading.rows(record.get(key), spot.below(key)):
            pattern = text if text in exact or text.endswith("=") else place_pattern(text)
            reading.add_name(pattern, line, PlaceName(terms, form, unsure))


def _not_places(reading: Compiling, value: Value, place: Place) -> None:
    for text, line in reading.rows(value, place):
        reading.add_name(text, line, None)


def _together(reading: Compiling, value: Value, place: Place) -> None:
    for number, one in enumerate(value if isinstance(value, list) else []):
        spot = place.below(number)
        record = one if isinstance(one, dict) else {}
        means = reading.meanings(record.get("means"), spot.below("means"))
        for pattern, line in reading.rows(record.get("say"), spot.below("say")):
            reading.add(pattern, line, Rule("fact", True, means))


def _implied(reading: Compiling, value: Value, place: Place) -> None:
    for number, one in enumerate(value if isinstance(value, list) else []):
        spot = place.below(number)
        record = one if isinstance(one, dict) else {}
        when: dict[FactId, set[str]] = {}
        for meaning in reading.meanings(record.get("when"), spot.below("when")):
            when.setdefault(meaning.fact, set()).add(str(meaning.value))
        unless = frozenset(
            text for text, where in reading.rows(record.get("unless_any"), spot.below("unless_any")) if reading.fact(text, where)
        )
        means = reading.meanings(record.get("means"), spot.below("means"))
        instead = record.get("instead") == "true"
        reading.language.implied.append(Implied({fact: frozenset(terms) for fact, terms in when.items()}, means, unless, instead))


def _cues(reading: Compiling, value: Value, place: Place) -> None:
    for name, patterns, spot in reading.entries(value, place):
        if name not in CUES:
            reading.wrong(spot, "unknown-key", f"there is no cue {name!r}.", nearest(name, CUES))
            continue
        for pattern, line in reading.rows(patterns, spot):
            reading.add(pattern, line, Rule("cue", True, name=name))


def _intents(reading: Compiling, value: Value, place: Place) -> None:
    for name, patterns, spot in reading.entries(value, place):
        if name not in INTENTS and name not in ("field", "as_of", "bare_day", "until"):
            reading.wrong(spot, "unknown-key", f"there is no intent {name!r}.", nearest(name, INTENTS))
            continue
        for pattern, line in reading.rows(patterns, spot):
            reading.add(pattern, line, Rule("intent", True, name=name))


def _nothing(reading: Compiling, value: Value, place: Place) -> None:
    for pattern, line in reading.rows(value, place):
        reading.add(pattern, line, Rule("mask", True))


def _law(reading: Compiling, value: Value, place: Place) -> None:
    for pattern, line, name in law_names(reading.knowledge, value, place, reading.problems):
        reading.add_name(pattern, line, name)


def _premises(reading: Compiling, value: Value, place: Place) -> None:
    for name, patterns, spot in reading.entries(value, place):
        for pattern, line in reading.rows(patterns, spot):
            reading.add(pattern, line, Rule("premise", True, name=name))


_WORDS: Final = ("barriers", "fillers", "subjects", "subjects_of_law")
_GRAMMAR: Final = ("irregular", "macros", "foreign", "nearby", *_WORDS)
_HABIT_KEYS: Final = frozenset({"mentions", "open_terms", "holds", "silenced_by", "or_is_doubt", "carries"})
_FACT_KEYS: Final = (
    *sorted(_HABIT_KEYS),
    *("names", "not_names", "said", "weak", "denied", "if_denied", "slot", "none", "numbers"),
)
_SECTIONS: Final = {
    "facts": _facts,
    "places": _places,
    "groups": _place_groups,
    "not_places": _not_places,
    "together": _together,
    "implied": _implied,
    "cues": _cues,
    "intents": _intents,
    "nothing": _nothing,
    "law": _law,
    "premises": _premises,
}
