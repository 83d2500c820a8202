"""Deployment files: one planned or running system as a person writes it down, in YAML or JSON.

The form is described in ``docs/deployment-files.md`` and, for editors, in ``docs/schema/deployment.schema.json``, which
:func:`json_schema` writes from the facts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from kg_service.applicability.facts import Facts, parse_day, parse_facts, plain_facts
from kg_service.decisions.controls import ControlRecord, ControlState, parse_record, plain_record
from kg_service.decisions.reading import Reading
from kg_service.errors import DocumentError, InputError, Problem, nearest
from kg_service.knowledge.document import Limits, Tree, parse_yaml
from kg_service.model import Control, ControlId, Fact, FactId, FactKind, Knowledge

LIMITS: Final = Limits(size=1_000_000, depth=8, values=10_000)
KEYS: Final = ("name", "description", "as_of", "facts", "controls")
_DAY: Final = {"$ref": "#/$defs/day"}
_RECORD: Final = {
    "type": "object",
    "description": "A control with its owner and what shows it.",
    "additionalProperties": False,
    "properties": {
        "state": {"$ref": "#/$defs/state"},
        "owner": {"type": ["string", "null"], "minLength": 1, "maxLength": 200, "description": "Who answers for it."},
        "date": _DAY | {"description": "The day on which the state was found."},
        "review_months": {"type": "integer", "minimum": 1, "maximum": 120, "description": "How long evidence counts; 12."},
        "evidence": {
            "type": ["array", "null"],
            "items": {
                "anyOf": [
                    {"type": "string", "minLength": 1, "maxLength": 500},
                    {
                        "type": "object",
                        "required": ["title"],
                        "additionalProperties": False,
                        "properties": {
                            "title": {"type": "string", "minLength": 1, "maxLength": 500},
                            "link": {"type": "string", "pattern": "^https?://"},
                            "sha256": {"type": "string", "pattern": "^(sha256:)?[0-9a-f]{64}$"},
                            "date": _DAY,
                        },
                    },
                ]
            },
        },
    },
}
_SURROGATES: Final = re.compile(r"(?<!\\)((?:\\\\)*)\\u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Deployment:
    """What a deployment file says, checked. ``as_of`` is None where the file leaves the day to the reader."""

    name: str
    facts: Facts
    description: str | None = None
    as_of: date | None = None
    controls: Mapping[ControlId, ControlRecord] = field(default_factory=dict)


def read_deployment(path: Path, knowledge: Knowledge) -> Deployment:
    """The deployment in the file at ``path``, never read further than its allowed size.

    Raises:
        DocumentError: where it cannot be read at all.
        InputError: with every problem found, each as ``file:line``.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LIMITS.size + 1)
    except OSError as error:
        raise DocumentError([Problem(str(path), "unreadable", f"the file cannot be read: {error.strerror}.")]) from error
    except ValueError as error:
        raise DocumentError([Problem(repr(str(path)), "unreadable", "this is no name of a file.")]) from error
    return read_text(content, str(path), knowledge)


def read_text(content: bytes, name: str, knowledge: Knowledge) -> Deployment:
    """The deployment in ``content``, YAML or JSON; ``name`` stands before the line in every problem.

    Raises:
        DocumentError, InputError: as :func:`read_deployment`.
    """
    tree = parse_yaml(_joined(content), name, LIMITS)
    try:
        return parse_deployment(tree.root, knowledge, Path(name).stem)
    except InputError as error:
        inside = sorted(error.problems, key=lambda problem: tree.line(problem.where))
        raise InputError([_placed(problem, tree) for problem in inside]) from None


def parse_deployment(raw: object, knowledge: Knowledge, name: str = "deployment") -> Deployment:
    """The deployment that ``raw`` (parsed YAML or JSON) describes; ``name`` where it gives itself none.

    Raises:
        InputError: with every problem found, each at its JSON pointer.
    """
    if not isinstance(raw, Mapping):
        raise InputError([Problem("", "not-a-mapping", f"a deployment is a mapping with {', '.join(KEYS)}.")])
    problems = list(_unknown_keys(raw, knowledge))
    if "facts" not in raw:
        problems.append(Problem("", "no-facts", "the deployment has no 'facts'."))
    facts: Facts = {}
    try:
        answers = raw.get("facts")
        facts = parse_facts(knowledge.facts, {} if answers is None else answers)
    except InputError as error:
        problems.extend(error.problems)
    controls, wrong = _controls(raw.get("controls"), knowledge)
    problems.extend(wrong)
    texts = {key: _text(raw.get(key), key, problems) for key in ("name", "description")}
    as_of = _day(raw.get("as_of"), problems)
    if problems:
        raise InputError(problems)
    return Deployment(texts["name"] or name, facts, texts["description"], as_of, controls)


def plain_deployment(deployment: Deployment) -> dict[str, object]:
    """``deployment`` as JSON holds it; :func:`parse_deployment` gives back an equal one."""
    view: dict[str, object] = {"name": deployment.name}
    if deployment.description is not None:
        view["description"] = deployment.description
    if deployment.as_of is not None:
        view["as_of"] = deployment.as_of.isoformat()
    view["facts"] = plain_facts(deployment.facts)
    view["controls"] = [{str(control): plain_record(record)} for control, record in deployment.controls.items()]
    return view


def _unknown_keys(raw: Mapping[Any, object], knowledge: Knowledge) -> Iterator[Problem]:
    for key in raw:
        if key not in KEYS:
            word = str(key)[:60]
            hint = " It is a fact: move it under 'facts'." if word in knowledge.facts else ""
            yield Problem(_at(word), "unknown-key", f"a deployment has no {word!r}.{hint}", () if hint else nearest(word, KEYS))


def _controls(raw: object, knowledge: Knowledge) -> tuple[dict[ControlId, ControlRecord], list[Problem]]:
    """The controls with their records: an id alone is in place; ``id: state``, or ``id:`` and a mapping, says more."""
    if raw is None:
        return {}, []
    if not isinstance(raw, list):
        return {}, [Problem("/controls", "not-a-list", "'controls' is a list of control ids, or of id: state.")]
    aliases = {alias: control.id for control in knowledge.controls.values() for alias in control.aliases}
    records: dict[ControlId, ControlRecord] = {}
    reading = Reading()
    for place, item in enumerate(raw):
        where = f"/controls/{place}"
        pair = {item: str(ControlState.IN_PLACE)} if isinstance(item, str) else item
        if not isinstance(pair, Mapping) or len(pair) != 1:
            reading.wrong(where, "not-a-control", "an entry is a control id, or one id with its state.")
            continue
        ((word, state),) = pair.items()
        control = aliases.get(ControlId(str(word)), ControlId(str(word)))
        if control not in knowledge.controls:
            near = nearest(str(word), knowledge.controls)
            reading.wrong(where, "unknown-control", f"there is no control {str(word)[:60]!r}.", near)
            continue
        record = parse_record(reading, state, _at(str(word), where))
        if control in records:
            reading.wrong(where, "control-twice", f"the control {control!r} stands twice.")
        records.setdefault(control, record)
    return records, reading.problems


def _text(value: object, key: str, problems: list[Problem]) -> str | None:
    if value is None or (isinstance(value, str) and value.strip() and len(value) <= LIMITS.values and _shows(value)):
        return value.strip() if isinstance(value, str) else None
    problems.append(Problem(f"/{key}", "not-a-text", f"{key!r} must be a text that can be shown."))
    return None


def _shows(value: str) -> bool:
    return all(char.isprintable() or char in "\n\t" for char in value)


def _day(value: object, problems: list[Problem]) -> date | None:
    if value is None:
        return None
    try:
        return parse_day(value, "/as_of")
    except InputError as error:
        problems.extend(error.problems)
        return None


def _at(step: str, below: str = "") -> str:
    return f"{below}/{step.replace('~', '~0').replace('/', '~1')}"


def _placed(problem: Problem, tree: Tree) -> Problem:
    return Problem(tree.where(problem.where), problem.code, problem.message, problem.nearest)


def _joined(content: bytes) -> bytes:
    r"""``content`` with JSON's escaped pairs (``\ud83d\ude00``), which YAML does not know, as the characters they stand for."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content
    if not text.lstrip().startswith("{") or "\\u" not in text:
        return content

    def pair(found: re.Match[str]) -> str:
        high, low = int(found[2], 16), int(found[3], 16)
        return found[1] + chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))

    return _SURROGATES.sub(pair, text).encode()


def json_schema(facts: Mapping[FactId, Fact], controls: Mapping[ControlId, Control]) -> dict[str, Any]:
    """The JSON Schema (2020-12) of deployment files: every fact and term with its words, for completion in editors."""
    places = next((fact for fact in facts.values() if fact.jurisdictions), None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://w3id.org/sextant/schema/deployment.schema.json",
        "title": "Deployment",
        "description": "A planned or running system. A fact left out is unanswered; an empty list is the answer: none of these.",
        "type": "object",
        "required": ["facts"],
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "minLength": 1, "description": "What you call it."},
            "description": {"type": ["string", "null"], "description": "In your own words."},
            "as_of": {"$ref": "#/$defs/day", "description": "The day to assess for; today where it is left out."},
            "facts": {
                "type": ["object", "null"],
                "additionalProperties": False,
                "properties": {fact.id: _fact_schema(fact) for fact in facts.values()},
            },
            "controls": {
                "type": ["array", "null"],
                "description": "How far the controls are, by id; an id alone is in place.",
                "items": {
                    "anyOf": [
                        {"$ref": "#/$defs/control"},
                        {
                            "type": "object",
                            "minProperties": 1,
                            "maxProperties": 1,
                            "propertyNames": {"$ref": "#/$defs/control"},
                            "additionalProperties": {"anyOf": [{"$ref": "#/$defs/state"}, {"$ref": "#/$defs/record"}]},
                        },
                    ]
                },
            },
        },
        "$defs": {
            "day": {"type": ["string", "null"], "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
            "place": {"anyOf": [] if places is None else _choices(places)},
            "control": {"anyOf": [_choice(control.id, control.name, control.objective) for control in controls.values()]},
            "state": {"enum": [str(state) for state in ControlState]},
            "record": _RECORD,
        },
    }


def _fact_schema(fact: Fact) -> dict[str, Any]:
    words = " ".join(text for text in (fact.ask, fact.labels.definition, *fact.notes) if text)
    head: dict[str, Any] = {"title": fact.labels.label, "description": words}
    term: dict[str, Any] = {"$ref": "#/$defs/place"} if fact.jurisdictions else {"anyOf": _choices(fact)}
    match fact.kind:
        case FactKind.ONE:
            return head | {"anyOf": [term, {"type": "array", "minItems": 1, "maxItems": 1, "items": term}, {"type": "null"}]}
        case FactKind.TERMS:
            return head | {"anyOf": [{"type": "array", "items": term}, term, {"type": "null"}]}
        case FactKind.FLAG:
            return head | {"type": ["boolean", "null"]}
        case FactKind.DATE:
            return head | {"$ref": "#/$defs/day"}
        case FactKind.NUMBER:
            bounds = {"minimum": fact.minimum, "maximum": fact.maximum}
            return head | {"type": ["number", "null"]} | {name: bound for name, bound in bounds.items() if bound is not None}


def _choices(fact: Fact) -> list[dict[str, Any]]:
    return [_choice(term.id, term.labels.label, term.labels.definition) for term in fact.terms.values()]


def _choice(const: str, title: str, description: str | None) -> dict[str, Any]:
    return {"const": const, "title": title} | ({"description": description} if description else {})
