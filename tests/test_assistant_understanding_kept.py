"""The compiled language in the cache: the same readings either way, and a file that is damaged or foreign costs nothing else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assistant.understanding import Reader
from assistant.understanding.graph import Rows, Weaver
from assistant.understanding.kept import packed, unpacked
from assistant.understanding.language import habits_of, load
from assistant.understanding.pattern import Patterns
from assistant.understanding.rules import Habit, Language, LawName, Meaning, PlaceName, Rule
from assistant.understanding.words import words_of
from kg_service.errors import KnowledgeError
from kg_service.model import FactId, Knowledge, TermId

TODAY = date(2026, 11, 23)
DATA = Path(__file__).parent / "data" / "understanding"
SHOWN = ("plain", "everyday-a", "everyday-b", "everyday-c")
SMALL = """
macros: {near_by: here|there}
facts:
  hosting:
    said:
      public_cloud: [in the cloud, "$near_by ..2 cloud"]
"""


def texts() -> list[str]:
    return [one["text"] for name in SHOWN for one in yaml.safe_load((DATA / f"{name}.yaml").read_text(encoding="utf-8"))]


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A folder with one small language file."""
    folder = tmp_path / "language"
    folder.mkdir()
    (folder / "a.yaml").write_text(SMALL, encoding="utf-8")
    return folder


def only_entry(cache: Path) -> Path:
    (entry,) = cache.glob("*.language")
    return entry


def test_the_same_is_read_from_the_cache_as_from_the_files(law: Knowledge, tmp_path: Path) -> None:
    """Every shown description is read the same by a reader from the files, the one that fills the cache, and one out of it."""
    readers = [Reader(law), Reader(law, cache=tmp_path), Reader(law, cache=tmp_path)]
    assert only_entry(tmp_path).stat().st_size
    for text in texts():
        first, *others = (reader.read(text, None, TODAY) for reader in readers)
        assert others == [first, first]


def test_equal_languages_are_kept_as_equal_bytes(law: Knowledge) -> None:
    """What is compiled twice is the same to the byte, and survives being kept."""
    one = packed(load(law), "key")
    assert packed(load(law), "key") == one
    assert packed(unpacked(one, "key"), "key") == one


WORDS = st.text(st.characters(codec="utf-8"), max_size=8)
TERMS = st.lists(WORDS, max_size=3).map(tuple)
MEANINGS = st.builds(
    Meaning, WORDS, st.one_of(st.booleans(), WORDS, st.just(())), st.none() | WORDS, st.booleans(), st.booleans(), st.booleans()
)
LANGUAGES = st.builds(
    Language,
    rules=st.lists(st.builds(Rule, WORDS, st.booleans(), st.lists(MEANINGS, max_size=3).map(tuple), WORDS, WORDS), max_size=5),
    name_rules=st.lists(
        st.none()
        | st.builds(PlaceName, TERMS, WORDS, st.booleans())
        | st.builds(LawName, st.none() | WORDS, TERMS, st.none() | WORDS, WORDS),
        max_size=5,
    ),
    habits=st.dictionaries(
        WORDS, st.builds(Habit, WORDS, TERMS, st.frozensets(WORDS), st.frozensets(WORDS), st.booleans(), TERMS), max_size=3
    ),
    fillers=st.frozensets(WORDS),
    foreign=st.dictionaries(WORDS, st.frozensets(WORDS), max_size=3),
    subjects_of_law=TERMS,
)


@given(language=LANGUAGES)
def test_whatever_a_language_holds_is_kept(language: Language) -> None:
    """Rules, names, habits and words come back as they were, of the same types."""
    again = unpacked(packed(language, "k"), "k")
    for name in ("rules", "name_rules", "habits", "fillers", "foreign", "subjects_of_law"):
        assert getattr(again, name) == getattr(language, name)


def broken(content: bytes) -> Iterator[bytes]:
    """An entry as it must not be: damaged, cut, of another key, or one whose numbers lead out of it."""
    head, _, body = content.partition(b"\n")
    yield b""
    yield b"\x80\x04}"  # a pickle
    yield content[:-3]
    yield content[: len(head) + 20]
    middle = len(content) // 2
    yield content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    yield head.replace(b'"key": "', b'"key": "0') + b"\n" + body
    for end in range(4, 100, 16):
        wrong = body[: len(body) - end] + b"\x7f" * end
        signed = json.loads(head) | {"sha256": hashlib.sha256(wrong).hexdigest()}
        yield json.dumps(signed).encode() + b"\n" + wrong
    yield json.dumps(json.loads(head) | {"arrays": [1] * 17}).encode() + b"\n" + body
    yield json.dumps({"key": json.loads(head)["key"]}).encode() + b"\n" + body
    yield b"[1]\n" + body


def test_a_broken_entry_is_thrown_away(law: Knowledge, small: Path, tmp_path: Path) -> None:
    """Whatever stands in an entry's place, the reader reads as before and the entry is whole again."""
    cache, text = tmp_path / "cache", "It runs there in the cloud."
    wanted = Reader(law, small, cache=cache).read(text, None, TODAY)
    entry = only_entry(cache)
    whole = entry.read_bytes()
    for content in broken(whole):
        entry.write_bytes(content)
        assert Reader(law, small, cache=cache).read(text, None, TODAY) == wanted
        assert entry.read_bytes() == whole


def test_changed_files_and_another_version_are_compiled_anew(law: Knowledge, small: Path, tmp_path: Path) -> None:
    """A changed pattern counts at once, another version of the knowledge finds nothing of this one, and few entries remain."""
    cache = tmp_path / "cache"
    assert not Reader(law, small, cache=cache).read("It sits in a tent.", None, TODAY).readings
    (small / "a.yaml").write_text(SMALL.replace("in the cloud", "in a tent"), encoding="utf-8")
    assert Reader(law, small, cache=cache).read("It sits in a tent.", None, TODAY).readings
    assert len(list(cache.glob("*.language"))) == 2
    for number in range(6):
        load(replace(law, version=f"{number}"), small, cache)
    assert len(list(cache.glob("*"))) == 4


def test_without_a_place_to_keep_it_the_language_is_compiled(law: Knowledge, small: Path, tmp_path: Path) -> None:
    """A cache that cannot be written changes nothing that is read."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    reader = Reader(law, small, cache=blocked / "cache")
    assert [one.fact for one in reader.read("It runs in the cloud.", None, TODAY).readings] == ["hosting"]


@pytest.mark.parametrize(("section", "said"), [("macros: {near_by: hither}", "macro"), ("irregular: {go: [went]}", "bends")])
def test_what_must_be_unique_is_refused_where_it_stands_twice(law: Knowledge, small: Path, section: str, said: str) -> None:
    """A macro, or a word that bends, stands once over all files: both places are named."""
    with (small / "a.yaml").open("a") as file:
        file.write("irregular: {go: [gone]}\n")
    (small / "b.yaml").write_text(section, encoding="utf-8")
    with pytest.raises(KnowledgeError) as caught:
        load(law, small)
    assert said in str(caught.value)
    assert "b.yaml:1" in str(caught.value)
    assert "a.yaml:" in str(caught.value)


def test_a_pattern_said_twice_is_remarked(law: Knowledge, small: Path) -> None:
    """The same row for the same term counts once and is remarked with both places; a later habit that differs is, too."""
    (small / "b.yaml").write_text(
        "facts:\n  hosting:\n    mentions: complete\n    said: {public_cloud: ['in  the cloud'], private_cloud: [in a tent]}\n"
    )
    (small / "c.yaml").write_text("facts:\n  hosting: {mentions: partial}\n")
    remarks = load(law, small).remarks
    assert [one.partition(":")[0].rpartition("/")[2] for one in remarks] == ["b.yaml", "c.yaml"]
    assert "a.yaml:6" in remarks[0]
    assert "b.yaml:2" in remarks[1]


ATOMS = st.sampled_from(["a", "b", "c", "..1", "..,2", ",", "(a|b)", "(a b|c)", "a?", "(b c)?", "(, a|b)"])
PATTERNS = st.lists(st.lists(ATOMS, min_size=1, max_size=5).map(lambda rest: " ".join(["c", *rest])), min_size=1, max_size=4)


def ends(tokens: list[str], words: list[str], place: int, loose: bool = False) -> set[int]:
    """Where ``tokens`` may end in ``words`` from ``place`` on: by trying everything."""
    if not tokens:
        return {place}
    first, rest = tokens[0], tokens[1:]
    if first == ",":
        return ends(rest, words, place, True)
    if first.endswith("?"):
        return ends([first[:-1], *rest], words, place, loose) | ends(rest, words, place, loose)
    if first.startswith(".."):
        size, commas = int(first[-1]), "," in first
        found = ends(rest, words, place, loose or commas)
        if place < len(words) and (words[place][0] != "," or commas or loose):
            after = [first[:-1] + str(size - 1), *rest] if size > 1 else rest
            found |= ends(after, words, place + 1, commas)
        return found
    if first.startswith("("):
        rows = [row.split(" ") for row in first[1:-1].split("|")]
        free = loose or any(row[0] == "," for row in rows)
        return {end for row in rows for end in ends([*row, *rest], words, place, free)}
    if place < len(words) and words[place].lstrip(",") == first and (loose or words[place][0] != ","):
        return ends(rest, words, place + 1)
    return set()


@settings(max_examples=300, deadline=None)
@example(patterns=["c , ..1 b", "c , ..1 (b c)?"], words=["c", ",a", "b", "c"])
@given(patterns=PATTERNS, words=st.lists(st.sampled_from(["a", "b", "c", ",a", ",b", ",c"]), min_size=1, max_size=9))
def test_the_graph_finds_what_trying_everything_finds(patterns: list[str], words: list[str]) -> None:
    """Each pattern is met from a word on exactly where the language of patterns says, with a row that may end there."""
    graph = Patterns()
    for number, pattern in enumerate(patterns):
        graph.add(pattern, number)
    found = {(match.rule, match.first): match for match in graph.scan(words_of(" ".join(words).replace(" ,", ", ")))}
    for number, pattern in enumerate(patterns):
        tokens = pattern.replace("(a b|c)", "(a_b|c)").replace("(b c)?", "(b_c)?").replace("(, a|b)", "(,_a|b)").split(" ")
        tokens = [token.replace("_", " ") for token in tokens]
        for first in range(len(words)):
            begin = [words[first].lstrip(","), *words[first + 1 :]]
            wanted = ends(tokens, begin, 0)
            assert ((number, first) in found) == bool(wanted), (pattern, words, first)
            if wanted:
                assert found[number, first].last + 1 - first in wanted


def test_rows_of_numbers() -> None:
    """Rows come back as they were put in, empty ones too; an empty graph meets nothing."""
    rows = Rows.of([[1, 2], [], [3]])
    assert [list(rows[number]) for number in range(len(rows))] == [[1, 2], [], [3]]
    assert Weaver().graph().scan(words_of("anything at all")) == []


def test_habits_are_those_of_the_files(law: Knowledge) -> None:
    """What the files say of mentions is known without a reader, too."""
    assert habits_of(replace(law, version="another")) == load(law).habits
    assert habits_of(law)[FactId("data")].open_terms[:1] == (TermId("personal"),)
