"""Deployment files: what a person writes is understood, or refused with file, line and the nearest valid choice."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.decisions.controls import ControlState
from kg_service.deployment import (
    LIMITS,
    json_schema,
    parse_deployment,
    plain_deployment,
    read_deployment,
    read_text,
)
from kg_service.errors import DocumentError, InputError
from kg_service.model import Fact, FactKind, Knowledge

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))
PUBLISHED = ROOT / "docs/schema/deployment.schema.json"
DAY = date(2026, 11, 23)

ids = [path.stem for path in EXAMPLES]


@pytest.fixture(scope="module")
def schema(law: Knowledge) -> dict[str, Any]:
    return json_schema(law.facts, law.controls)


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Any:
    return jsonschema.Draft202012Validator(schema)


def test_published_schema_is_the_generated_one(schema: dict[str, Any]) -> None:
    """docs/schema holds what the facts give now (`make fmt` writes it)."""
    assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == schema


def test_schema_is_a_valid_schema(schema: dict[str, Any]) -> None:
    """The published schema is itself valid under JSON Schema 2020-12."""
    jsonschema.Draft202012Validator.check_schema(schema)


def test_there_are_ten_examples_from_many_places(law: Knowledge) -> None:
    """Ten examples or more, of at least six jurisdictions and six kinds of institution."""
    found = [read_deployment(path, law) for path in EXAMPLES]
    places = {frozenset(d.facts["established_in"]) for d in found}  # type: ignore[arg-type,index]
    kinds = {frozenset(d.facts["institution"]) for d in found}  # type: ignore[arg-type,index]
    assert len(found) >= 10
    assert len(places) >= 6
    assert len(kinds) >= 6


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_example_is_valid_under_the_schema_and_names_it(path: Path, validator: Any) -> None:
    """Each example passes an independent validator and tells editors where the schema is."""
    text = path.read_text(encoding="utf-8")
    validator.validate(json.loads(json.dumps(yaml.safe_load(text), default=str)))
    assert text.startswith("# yaml-language-server: $schema=../docs/schema/deployment.schema.json\n")


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_example_is_settled_unless_it_says_otherwise(path: Path, evaluator: Evaluator) -> None:
    """The examples leave nothing open, but for the one that is unfinished on purpose."""
    deployment = read_deployment(path, evaluator.knowledge)
    still_open = evaluator.assess(deployment.facts, DAY).counts()[Status.UNDETERMINED]
    assert bool(still_open) == path.stem.endswith("incomplete")


@pytest.mark.parametrize("path", EXAMPLES, ids=ids)
def test_example_survives_writing_and_reading(path: Path, law: Knowledge) -> None:
    """What was read and is written as YAML or JSON reads as the same deployment."""
    deployment = read_deployment(path, law)
    plain = plain_deployment(deployment)
    assert read_text(yaml.safe_dump(plain).encode(), "again.yaml", law) == deployment
    assert read_text(json.dumps(plain).encode(), "again.json", law) == deployment
    assert parse_deployment(plain, law) == deployment


def test_name_defaults_to_the_file(law: Knowledge) -> None:
    """A deployment without a name is called after its file."""
    assert read_text(b"facts: {}", "plans/chat.yaml", law).name == "chat"


def test_empty_facts_are_no_answers(law: Knowledge) -> None:
    """`facts:` with nothing below it answers nothing."""
    assert read_text(b"facts:\n", "x.yaml", law).facts == {}


def test_control_without_a_state_is_in_place(law: Knowledge) -> None:
    """An id alone is in place; a state may stand behind it."""
    found = read_text(b"facts: {}\ncontrols:\n  - gov-inventory\n  - fair-testing: planned\n", "x.yaml", law)
    states = {control: record.state for control, record in found.controls.items()}
    assert states == {"gov-inventory": ControlState.IN_PLACE, "fair-testing": ControlState.PLANNED}


def test_json_may_escape_characters_as_pairs(law: Knowledge) -> None:
    r"""JSON writes characters beyond the first plane as two escapes (RFC 8259, section 7); an escaped backslash starts none."""
    found = read_text(b'{"name": "\\ud83d\\ude00 \\\\ud83d", "facts": {}}', "x.json", law)
    assert found.name == "\N{GRINNING FACE} \\ud83d"


# Bad input: the text, the line told, the code, and a word of the message or of the nearest choice.
BAD: dict[str, tuple[str, int, str, str]] = {
    "unknown fact": ("facts:\n  instituton: [insurer]\n", 2, "unknown-fact", "institution"),
    "unknown term": ("facts:\n  institution:\n    - insurer\n    - insurrer\n", 4, "unknown-term", "insurer"),
    "fact beside facts": ("facts: {}\ninstitution: [insurer]\n", 2, "unknown-key", "move it under 'facts'"),
    "unknown key": ("fact: {}\nfacts: {}\n", 1, "unknown-key", "facts"),
    "no facts": ("name: x\n", 1, "no-facts", "facts"),
    "not a mapping": ("- a\n- b\n", 1, "not-a-mapping", "mapping"),
    "nothing at all": ("", 1, "not-a-mapping", "mapping"),
    "facts as a list": ("facts: [institution]\n", 1, "not-a-mapping", "mapping"),
    "flag as a word": ("facts:\n  agentic: maybe\n", 2, "not-a-flag", "true or false"),
    "number as a word": ("facts:\n  total_assets_usd_bn: large\n", 2, "not-a-number", "number"),
    "not a number": ("facts:\n  total_assets_usd_bn: .nan\n", 2, "not-a-number", "number"),
    "NaN": ("facts:\n  total_assets_usd_bn: NaN\n", 2, "not-a-number", "number"),
    "infinity": ("facts:\n  total_assets_usd_bn: 1e999\n", 2, "not-a-number", "finite"),
    "terms as a mapping": ("facts:\n  institution: {insurer: true}\n", 2, "not-terms", "term"),
    "two values for a single choice": (
        "facts:\n  hosting:\n    - on_premises\n    - public_cloud\n",
        2,
        "not-one",
        "exactly one",
    ),
    "none for a single choice": ("facts:\n  hosting: []\n", 2, "not-one", "exactly one"),
    "contradiction": ("facts:\n  data: [no_personal, personal]\n", 2, "contradiction", "cannot both hold"),
    "contradiction below": ("facts:\n  data: [no_personal, health]\n", 2, "contradiction", "cannot both hold"),
    "day that does not exist": ("facts:\n  in_service_from: 2027-02-29\n", 2, "no-such-day", "day"),
    "day in another form": ("facts:\n  in_service_from: 01.02.2027\n", 2, "not-a-date", "YYYY-MM-DD"),
    "as_of that does not exist": ("facts: {}\nas_of: 2026-11-31\n", 2, "no-such-day", "day"),
    "as_of as a week": ("facts: {}\nas_of: 2026-W48-1\n", 2, "not-a-date", "YYYY-MM-DD"),
    "unknown control": ("facts: {}\ncontrols:\n  - gov-inventry\n", 3, "unknown-control", "gov-inventory"),
    "unknown state": ("facts: {}\ncontrols:\n  - gov-inventory: plannd\n", 3, "unknown-state", "planned"),
    "control twice": ("facts: {}\ncontrols: [gov-inventory, gov-inventory]\n", 2, "control-twice", "twice"),
    "controls as a word": ("facts: {}\ncontrols: gov-inventory\n", 2, "not-a-list", "list"),
    "controls as pairs": ("facts: {}\ncontrols:\n  - {a: b, c: d}\n", 3, "not-a-control", "id"),
    "name as a list": ("name: [a]\nfacts: {}\n", 1, "not-a-text", "name"),
    "key twice": ("facts: {}\nfacts: {}\n", 2, "duplicate-key", "facts"),
    "alias": ("facts:\n  institution: &a [insurer]\n  product: *a\n", 2, "alias", "aliases"),
    "cycle": ("facts: &a\n  institution: *a\n", 1, "alias", "aliases"),
    "tag that runs code": ("facts: !!python/object/apply:os.system [id]\n", 1, "tag", "tags"),
    "two documents": ("facts: {}\n---\nfacts: {}\n", 2, "second-document", "more than one"),
    "not YAML": ("facts: [unclosed\n", 2, "not-yaml", "YAML"),
    "deep": ("facts: " + "[" * 2000 + "]" * 2000 + "\n", 1, "too-deep", "deep"),
    "deep mappings": ("{a: " * 2000 + "1" + "}" * 2000 + "\n", 1, "too-deep", "deep"),
    "terminal escape": ('name: "\\e[2J"\nfacts: {}\n', 1, "unprintable", "U+001B"),
    "lone surrogate in JSON": ('{"name": "\\ud800", "facts": {}}\n', 1, "not-yaml", "YAML"),
}


@pytest.mark.parametrize(("text", "line", "code", "word"), BAD.values(), ids=BAD)
def test_bad_input_is_told_with_file_and_line(text: str, line: int, code: str, word: str, law: Knowledge) -> None:
    """Each way of being wrong is refused at its line, in a word that helps."""
    with pytest.raises(InputError) as caught:
        read_text(text.encode(), "plan.yaml", law)
    problem = caught.value.problems[0]
    assert (problem.where, problem.code) == (f"plan.yaml:{line}", code)
    assert word in str(problem)


def test_all_problems_are_told_at_once_in_the_order_of_lines(law: Knowledge) -> None:
    """A person mends a file in one go."""
    text = b"nme: x\nfacts:\n  institution: [insurrer]\n  agentic: maybe\ncontrols: [gov-inventry]\nas_of: 2026-02-30\n"
    with pytest.raises(InputError) as caught:
        read_text(text, "x.yaml", law)
    assert [problem.where for problem in caught.value.problems] == [f"x.yaml:{line}" for line in (1, 3, 4, 5, 6)]


BROKEN: dict[str, bytes] = {
    "not UTF-8": b"name: \xff\nfacts: {}\n",
    "UTF-16": "facts: {}".encode("utf-16"),
    "null byte": b"facts: {}\x00",
    "surrogate bytes": b"name: \xed\xa0\x80\nfacts: {}\n",
    "one byte too large": b"#" * LIMITS.size + b"\n",
    "many values": b"facts: {institution: [" + b"insurer," * LIMITS.values + b"]}",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_unreadable_content_is_refused(content: bytes, law: Knowledge) -> None:
    """What is no text of a fair size is refused before anything is understood."""
    with pytest.raises(DocumentError):
        read_text(content, "x.yaml", law)


def test_large_file_is_not_read_to_its_end(tmp_path: Path, law: Knowledge) -> None:
    """Of a file of 50 MB no more is read than is allowed."""
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(50_000_000)
    with pytest.raises(DocumentError, match="larger than"):
        read_deployment(large, law)


@pytest.mark.parametrize("name", ["absent.yaml", ".", "a\0b"], ids=["absent", "a folder", "no name"])
def test_file_that_cannot_be_opened_is_told(name: str, tmp_path: Path, law: Knowledge) -> None:
    """A missing file, a folder and a name that is none are bad input like any other."""
    with pytest.raises(DocumentError):
        read_deployment(tmp_path / name, law)


def _answers(fact: Fact) -> st.SearchStrategy[object]:
    terms = sorted(fact.terms)
    match fact.kind:
        case FactKind.TERMS:
            return st.lists(st.sampled_from(terms), max_size=3, unique=True)
        case FactKind.ONE:
            return st.sampled_from(terms)
        case FactKind.FLAG:
            return st.booleans()
        case FactKind.NUMBER:
            low, high = fact.minimum or 0, fact.maximum or 1
            return st.floats(low, high, allow_nan=False)
        case FactKind.DATE:
            return st.dates(DAY, DAY + timedelta(1000)).map(date.isoformat)


def _wrong_answers() -> st.SearchStrategy[object]:
    return st.one_of(st.just({"a": 1}), st.just([["a"]]), st.just("no such term"), st.just([1]))


@st.composite
def _deployments(draw: st.DrawFn, facts: list[Fact], wrong: bool) -> dict[str, object]:
    chosen = draw(st.lists(st.sampled_from(facts), min_size=1, max_size=6, unique_by=lambda fact: fact.id))
    answers = {str(fact.id): draw(_answers(fact)) for fact in chosen}
    if wrong:
        answers[str(chosen[0].id)] = draw(_wrong_answers())
    return {"facts": answers}


@pytest.mark.parametrize("wrong", [False, True], ids=["right", "wrong"])
def test_parser_and_schema_agree(wrong: bool, law: Knowledge, validator: Any) -> None:
    """What the schema accepts the parser accepts, but for contradictions, which a schema cannot say; and the other way round."""
    facts = list(law.facts.values())

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(_deployments(facts, wrong))
    def agree(raw: dict[str, object]) -> None:
        accepted = not list(_problems(raw, law))
        assert accepted == validator.is_valid(raw) == (not wrong)

    agree()


def _problems(raw: object, law: Knowledge) -> Iterator[str]:
    try:
        parse_deployment(raw, law)
    except InputError as error:
        yield from (problem.code for problem in error.problems if problem.code != "contradiction")
