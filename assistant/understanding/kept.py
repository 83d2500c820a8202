"""The compiled language in the cache, so that it is read in a moment; flat numbers and JSON, nothing that could run code.

An entry is one file: a line that names its key and the hash of what follows, the rules as one line of JSON, then the arrays of
the graphs. The key is a hash of the language files, the version of the knowledge and the code: what changed is never found. It is
written aside and renamed into place; an entry that is damaged, foreign or cannot be written costs the compiling and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import unicodedata
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache as once
from pathlib import Path
from typing import Any, Final

import orjson

from assistant.understanding.graph import Graph, Rows
from assistant.understanding.rules import Habit, Implied, Language, LawName, Meaning, PlaceName, Rule
from kg_service.durable import write_file
from kg_service.model import FactId, TermId

_LOG: Final = logging.getLogger(__name__)
_SUFFIX: Final = ".language"
_KEPT: Final = 4
_ARRAYS: Final = 9  # of a graph
_WORDS: Final = ("barriers", "fillers", "subjects")


def key_of(files: Mapping[str, bytes], version: str) -> str:
    """A hash of all that the compiled language comes from: 64 hexadecimal digits."""
    total = hashlib.sha256(f"{version} {_code()} {sys.version} {unicodedata.unidata_version} {sys.byteorder}".encode())
    for name, content in files.items():
        total.update(f" {len(name)} {len(content)} {name} ".encode())
        total.update(content)
    return total.hexdigest()


@once
def _code() -> str:
    """A hash of the code that compiles, reads and is read."""
    here = Path(__file__).resolve().parent
    own = [*sorted(here.glob("*.py")), here.parent.parent / "kg_service" / "knowledge" / "document.py"]
    total = hashlib.sha256()
    for path in own:
        total.update(path.read_bytes())
    return total.hexdigest()


def found(cache: Path, key: str) -> Language | None:
    """The language that was kept under ``key``, or None where there is none or it is damaged; that one is thrown away."""
    entry = _entry(cache, key)
    try:
        return unpacked(entry.read_bytes(), key)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError, KeyError, TypeError, IndexError, OverflowError, RecursionError) as error:
        _LOG.warning("the kept language %s cannot be used and is compiled again: %s", entry.name, error)
        return None


def keep(cache: Path, key: str, language: Language) -> None:
    """The language stands whole in the cache, beside the few written last, or is left out with a note."""
    entry = _entry(cache, key)
    try:
        write_file(entry, packed(language, key))
        entries = sorted(cache.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for old in entries[_KEPT:]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _LOG.info("the language cannot be kept in %s and will be compiled again: %s", cache, error)


def _entry(cache: Path, key: str) -> Path:
    return cache / f"{key[:32]}{_SUFFIX}"


def packed(language: Language, key: str) -> bytes:
    """``language`` as the bytes of an entry; equal languages give equal bytes."""
    means = {one: number for number, one in enumerate(dict.fromkeys(rule.means for rule in language.rules))}
    plain = {
        "names": list(language.names.words),
        "patterns": list(language.patterns.words),
        "means": [[_meaning(one) for one in group] for group in means],
        "rules": [[rule.group, rule.plain, means[rule.means], rule.name, rule.where] for rule in language.rules],
        "name_rules": [_name(one) for one in language.name_rules],
        "habits": {fact: _habit(habit) for fact, habit in language.habits.items()},
        "implied": [_implied(one) for one in language.implied],
        "foreign": {code: sorted(words) for code, words in language.foreign.items()},
        "nearby": {name: sorted(words) for name, words in language.nearby.items()},
        **{name: sorted(getattr(language, name)) for name in _WORDS},
        "subjects_of_law": language.subjects_of_law,
        "remarks": language.remarks,
    }
    arrays = [*_arrays(language.names), *_arrays(language.patterns)]
    text = orjson.dumps(plain)
    body = b"".join((text, *(one.tobytes() for one in arrays)))
    head = {"key": key, "sha256": hashlib.sha256(body).hexdigest(), "text": len(text), "arrays": [len(one) for one in arrays]}
    return json.dumps(head).encode() + b"\n" + body


def unpacked(content: bytes, key: str) -> Language:
    """The language that :func:`packed` wrote under ``key``.

    Raises:
        ValueError: where a single byte differs, or it was written under another key. What was never written so may raise others.
    """
    line, _, body = content.partition(b"\n")
    head = json.loads(line)
    if head["key"] != key or head["sha256"] != hashlib.sha256(body).hexdigest():
        raise ValueError("the key or the hash does not fit the content")
    plain = orjson.loads(body[: head["text"]])
    arrays = _read(body, head["text"], head["arrays"])
    if len(arrays) != 2 * _ARRAYS:
        raise ValueError("arrays are missing")
    means = [tuple(_of_meaning(*one) for one in group) for group in plain["means"]]
    rules = [Rule(group, whole, means[number], name, where) for group, whole, number, name, where in plain["rules"]]
    name_rules = [_of_name(one) for one in plain["name_rules"]]
    return Language(
        _graph(plain["names"], arrays[:_ARRAYS], len(name_rules)),
        _graph(plain["patterns"], arrays[_ARRAYS:], len(rules)),
        name_rules,
        rules,
        {FactId(fact): _of_habit(*habit) for fact, habit in plain["habits"].items()},
        [_of_implied(*one) for one in plain["implied"]],
        foreign={code: frozenset(words) for code, words in plain["foreign"].items()},
        **{name: frozenset(plain[name]) for name in _WORDS},
        subjects_of_law=tuple(plain["subjects_of_law"]),
        nearby=defaultdict(frozenset, {name: frozenset(words) for name, words in plain["nearby"].items()}),
        remarks=tuple(plain["remarks"]),
    )


def _arrays(graph: Graph) -> Iterator[array[int]]:
    rows = (graph.classes, graph.members, graph.sets)
    for one in (*(part for row in rows for part in (row.starts, row.items)), graph.targets, graph.loose, graph.roots):
        yield array("i", one)


def _read(body: bytes, at: int, lengths: Sequence[int]) -> list[array[int]]:
    arrays = []
    for length in lengths:
        one = array("i")
        end = at + length * one.itemsize
        if end > len(body):
            raise ValueError("the content is too short")
        one.frombytes(body[at:end])
        arrays.append(one)
        at = end
    return arrays


def _graph(words: Sequence[str], arrays: Sequence[array[int]], rules: int) -> Graph:
    """The graph of ``arrays``, none of whose numbers leads out of it."""
    classes, members, sets = (Rows(arrays[number], arrays[number + 1]) for number in (0, 2, 4))
    targets, loose, roots = arrays[6:]
    nodes = len(targets)
    for rows, size, low, high in (
        (classes, len(words), 0, len(members)),
        (members, len(members), 0, nodes),
        (sets, len(sets), -rules, nodes),
    ):
        if len(rows) != size or rows.starts[0] or rows.starts[-1] != len(rows.items):
            raise ValueError("the rows of a graph do not fit")
        _within(rows.items, low, high)
    _within(targets, 0, len(sets))
    _within(loose, 0, nodes)
    _within(roots, 0, nodes)
    if not all(isinstance(word, str) and word for word in words):
        raise ValueError("a word of a graph is none")
    return Graph(tuple(words), classes, members, targets, sets, loose, roots)


def _within(numbers: Sequence[int], low: int, high: int) -> None:
    if len(numbers) and not (low <= min(numbers) and max(numbers) < high):
        raise ValueError("a number of a graph leads out of it")


def _meaning(one: Meaning) -> list[object]:
    return [one.fact, one.value, one.number, one.weak, one.denied, one.only_denied]


def _of_meaning(fact: str, value: Any, *rest: Any) -> Meaning:
    return Meaning(FactId(fact), () if value == [] else value, *rest)


def _habit(one: Habit) -> list[object]:
    return [one.mentions, one.open_terms, sorted(one.holds), sorted(one.silenced_by), one.or_is_doubt, one.carries]


def _of_habit(mentions: str, open_terms: list[str], holds: list[str], inside: list[str], torn: bool, carries: list[str]) -> Habit:
    terms, facts = tuple(map(TermId, open_terms)), tuple(map(FactId, carries))
    return Habit(mentions, terms, frozenset(holds), frozenset(inside), torn, facts)


def _implied(one: Implied) -> list[object]:
    when = [[fact, sorted(terms)] for fact, terms in one.when.items()]
    return [when, [_meaning(meaning) for meaning in one.means], sorted(one.unless_any), one.instead]


def _of_implied(when: list[Any], means: list[Any], unless_any: list[str], instead: bool) -> Implied:
    terms = {FactId(fact): frozenset(words) for fact, words in when}
    return Implied(terms, tuple(_of_meaning(*one) for one in means), frozenset(unless_any), instead)


def _name(one: PlaceName | LawName | None) -> list[object]:
    if isinstance(one, PlaceName):
        return ["place", one.terms, one.form, one.unsure]
    return [] if one is None else ["law", one.instrument, one.norms, one.qualification, one.kind]


_NAMES: Final[Mapping[str, Callable[..., PlaceName | LawName]]] = {
    "place": lambda terms, form, unsure: PlaceName(tuple(map(TermId, terms)), form, unsure),
    "law": lambda instrument, norms, qualification, kind: LawName(instrument, tuple(norms), qualification, kind),
}


def _of_name(plain: list[Any]) -> PlaceName | LawName | None:
    return _NAMES[plain[0]](*plain[1:]) if plain else None


__all__ = ["found", "keep", "key_of", "packed", "unpacked"]
