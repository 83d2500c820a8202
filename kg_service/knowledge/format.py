"""One way to write the files under ``regulations/``: ``python -m kg_service.knowledge.format [--check] [ROOT]``.

Keys stand in the order of the schema, lines end before column 118, and after the id of a control stands its name, written by this
module and by nobody else. People's comments stand at the head of a file; elsewhere they are refused, never dropped.
"""

from __future__ import annotations

import argparse
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args, get_origin

import yaml
from yaml.emitter import Emitter
from yaml.resolver import Resolver

from kg_service.errors import DocumentError, Problem
from kg_service.knowledge import schema
from kg_service.knowledge.document import Value, parse_yaml, read_yaml
from kg_service.knowledge.schema import Record

WIDTH: Final = 118
_SURENESS: Final = ("certainty", "certainty_note", "checked_on")
_ORDER: Final[Mapping[type[Record], tuple[str, ...]]] = {
    schema.FactRecord: (
        *("kind", "label", "label_zh", "alt", "ask", "definition", "example", "unit", "minimum", "maximum"),
        *("notes", "aliases", "terms"),
    ),
}
_ON_ONE_LINE: Final = frozenset(
    {"bearers", "decisions", "risks", "mitigates", "missing", "aliases", "excludes", "dates", "sources", "provisions", "set_by"}
    | {"amends", "amended_by", "supersedes", "superseded_by", "applies_from", "applies_until", "references", "satisfies", "alt"}
    | {"holds_from", "holds_until"}
)
_SHORT: Final = (schema.FrameworkControlRecord, schema.SourceRecord)
_NUMBERS: Final = frozenset({"decisions", "minimum", "maximum", "min", "max", "above", "below", "facts"})
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER: Final = re.compile(r"0|-?[1-9]\d*(\.\d+)?|-?0\.\d+")
_HARMLESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9 ()./_-]*[A-Za-z0-9)._]")
_EMITTER: Final = Emitter(io.StringIO(), allow_unicode=True)
_RESOLVER: Final = Resolver()
_STRING: Final = "tag:yaml.org,2002:str"


def formatted(text: str, shape: Any, controls: Mapping[str, str], name: str = "text") -> str:
    """``text`` in its one form; it reads as the same tree as before.

    Args:
        shape: the type of the file, as the schema names it.
        controls: the name of each control.

    Raises:
        DocumentError: where the text is not YAML, or holds a comment below its head.
    """
    root = parse_yaml(text, name).root
    head = _head(text, name, controls)
    result = "".join(f"{line}\n" for line in (*head, *_Writer(controls).block(root, shape, 0, "")))
    if parse_yaml(result, name).root != root:
        raise DocumentError([Problem(f"{name}:1", "not-formatted", "this file cannot be written without changing it.")])
    return result


def shape_of(parts: Sequence[str]) -> Any:
    """What a file holds, by its path below ``regulations/``; None where no reader looks."""
    single = {
        "facts.yaml": dict[str, schema.FactRecord],
        "jurisdictions.yaml": dict[str, schema.TermRecord],
        "events.yaml": dict[str, schema.LabelsRecord],
        "bearers.yaml": dict[str, schema.LabelsRecord],
        "risks.yaml": list[schema.RiskRecord],
    }
    families = {
        "controls": list[schema.ControlRecord],
        "frameworks": schema.FrameworkRecord,
        "qualifications": list[schema.QualificationRecord],
        "interpretations": list[schema.InterpretationRecord],
    }
    law = {
        "instrument.yaml": schema.InstrumentRecord,
        "qualifications.yaml": list[schema.QualificationRecord],
        "interpretations.yaml": list[schema.InterpretationRecord],
    }
    match parts:
        case [name]:
            return single.get(name)
        case [family, _]:
            return families.get(family)
        case [_, _, name]:
            return law.get(name, schema.ArticleRecord)
        case [_, _, "scenarios", _]:
            return schema.ScenarioRecord
        case _:
            return None


def changes(root: Path) -> Iterator[tuple[Path, str]]:
    """Every file under ``root`` that is not in its one form, with that form.

    Raises:
        DocumentError: as :func:`formatted` does.
    """
    law = root / "regulations"
    controls = _control_names(law)
    for path in sorted(law.rglob("*.yaml")):
        shape = shape_of(path.relative_to(law).parts)
        if shape is not None:
            text = path.read_text(encoding="utf-8")
            new = formatted(text, shape, controls, path.relative_to(root).as_posix())
            if new != text:
                yield path, new


def main(arguments: Sequence[str]) -> int:
    """Rewrites the files, or with ``--check`` names those that would change.

    Returns:
        1 where ``--check`` found any, 2 where a file cannot be read or written without loss, otherwise 0.
    """
    parser = argparse.ArgumentParser(
        prog="python -m kg_service.knowledge.format", description="One way to write the law's files."
    )
    parser.add_argument("--check", action="store_true", help="change nothing; end with 1 where a file would change")
    parser.add_argument("root", nargs="?", type=Path, default=Path())
    given = parser.parse_args(arguments)
    found = False
    try:
        for path, text in changes(given.root):
            found = True
            sys.stdout.write(f"{'would rewrite' if given.check else 'rewrote'} {path.relative_to(given.root).as_posix()}\n")
            if not given.check:
                path.write_text(text, encoding="utf-8")
    except DocumentError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return int(found and given.check)


class _Writer:
    def __init__(self, controls: Mapping[str, str]) -> None:
        self._controls = controls

    def block(self, value: Value, shape: Any, indent: int, key: str) -> Iterator[str]:
        """The lines of ``value``, which begins on a line of its own."""
        pad = " " * indent
        if isinstance(value, dict) and value:
            for name in _in_order(value, shape):
                inner = _shape_below(shape, name)
                yield from self._entry(f"{pad}{_scalar(name, '', WIDTH)}:", value[name], inner, indent, _key_below(key, name))
        elif isinstance(value, list) and value:
            for item in value:
                yield from self._item(item, _shape_below(shape, "0"), indent, key)
        else:
            yield pad + _flow(value, shape, key)

    def _entry(self, start: str, value: Value, shape: Any, indent: int, key: str) -> Iterator[str]:
        if not isinstance(value, dict | list):
            yield from _folded(f"{start} ", "null" if value is None else _scalar(value, key, 0), indent + 2)
            return
        if not value or _rightmost(key) in _ON_ONE_LINE or _between(key) in _ON_ONE_LINE:
            line = f"{start} {_flow(value, shape, key)}"
            if not value or (len(line) <= WIDTH and not _lists_records(value)):
                yield line
                return
        yield start
        yield from self.block(value, shape, indent + 2, key)

    def _item(self, item: Value, shape: Any, indent: int, key: str) -> Iterator[str]:
        pad = " " * indent
        if isinstance(item, dict) and item:
            line = f"{pad}- {_flow(item, shape, key)}"
            if (_rightmost(key) in _ON_ONE_LINE or shape in _SHORT) and len(line) <= WIDTH:
                yield line
                return
            lines = list(self.block(item, shape, indent + 2, key))
            yield f"{pad}- {lines[0][indent + 2 :]}"
            yield from lines[1:]
        elif isinstance(item, list):
            yield f"{pad}- {_flow(item, shape, key)}"
        else:
            text = "null" if not isinstance(item, str) else _scalar(item, key, 0)
            name = self._controls.get(text) if _rightmost(key) == "controls" else None
            yield from [f"{pad}- {text}  # {name}"] if name else _folded(f"{pad}- ", text, indent + 2)


def _in_order(value: Mapping[str, Value], shape: Any) -> list[str]:
    """The keys of ``value``: those of the schema in its order, then the others as they stand."""
    if not (isinstance(shape, type) and issubclass(shape, Record)):
        return list(value)
    order = _ORDER.get(shape)
    if order is None:
        names = list(shape.model_fields)
        if issubclass(shape, schema.SurenessRecord):
            own = [name for name in names if name not in _SURENESS]
            at = own.index("note") if "note" in own else len(own)
            names = [*own[:at], *_SURENESS, *own[at:]]
        order = tuple(names)
    return [name for name in order if name in value] + [name for name in value if name not in order]


def _shape_below(shape: Any, name: str) -> Any:
    if isinstance(shape, type) and issubclass(shape, Record):
        if shape is schema.ArticleRecord and name == "norms":
            return list[schema.NormRecord]
        found = shape.model_fields.get(name)
        return schema.bare(found.annotation) if found else None
    return schema.bare(get_args(shape)[-1]) if get_origin(shape) in (list, dict) else None


def _key_below(key: str, name: str) -> str:
    """The way to an entry: the last key and the one before it, joined by a slash."""
    return f"{_rightmost(key)}/{name}"


def _rightmost(key: str) -> str:
    return key.rpartition("/")[2]


def _between(key: str) -> str:
    """The key above the last one where the mapping under it is written on one line per entry (``satisfies``, ``alt``)."""
    above = key.rpartition("/")[0]
    return above if above in ("references", "satisfies", "alt") else ""


def _lists_records(value: Value) -> bool:
    """Lists of mappings take one line for each; so do mappings of lists."""
    values = value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()
    return any(isinstance(part, dict | list) for part in values)


def _flow(value: Value, shape: Any, key: str) -> str:
    """``value`` on one line."""
    if isinstance(value, dict):
        names = _in_order(value, shape)
        parts = (
            f"{_scalar(name, '', WIDTH)}: {_flow(value[name], _shape_below(shape, name), _key_below(key, name))}"
            for name in names
        )
        return f"{{{', '.join(parts)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(part, _shape_below(shape, '0'), key) for part in value)}]"
    return "null" if value is None else _scalar(value, key, WIDTH)


def _scalar(text: str, key: str, flow: int) -> str:
    """``text`` as it is written: plain where every reader takes it as it is meant, otherwise in quotes."""
    number = bool({_rightmost(key), key.rpartition("/")[0]} & _NUMBERS) and _NUMBER.fullmatch(text)
    if _DAY.fullmatch(text) or text in ("true", "false") or number:
        return text
    if _HARMLESS.fullmatch(text) and _is_text(text):
        return text
    look = _EMITTER.analyze_scalar(text)
    plain = look.allow_flow_plain if flow else look.allow_block_plain
    if plain and _is_text(text) and not look.multiline:
        return text
    if look.allow_single_quoted and not look.multiline:
        return "'" + text.replace("'", "''") + "'"
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t") + '"'


@cache
def _is_text(text: str) -> bool:
    """True where a YAML reader that guesses types would read the plain scalar ``text`` as text."""
    return bool(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)) == _STRING)  # type: ignore[no-untyped-call]


def _folded(start: str, text: str, indent: int) -> Iterator[str]:
    """``text`` behind ``start``, broken between words where a line grows too long; only where a break reads as one space."""
    line, pad = start, " " * indent
    for word in re.split(r"(?<=[^ ]) (?=[^ ])", text) if not text.startswith('"') else [text]:
        if line.strip() and line != start and len(line) + 1 + len(word) > WIDTH:
            yield line
            line = pad + word
        else:
            line += word if line in (start, pad) else f" {word}"
    yield line


def _head(text: str, name: str, controls: Mapping[str, str]) -> list[str]:
    """The comment lines before anything else; another comment is refused, except the names of controls."""
    lines = text.splitlines()
    first = next((at for at, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")), len(lines))
    doubtful = [at for at in range(first, len(lines)) if "#" in lines[at]]
    covered = _covered(text) if doubtful else {}
    for at in doubtful:
        line, spans = lines[at], covered.get(at, [])
        rest = "".join(sign for column, sign in enumerate(line) if not any(a <= column < b for a, b in spans))
        own = re.fullmatch(r"\s*- (?P<id>\S+)  # .*", line)
        if "#" in rest and not (own and own["id"] in controls):
            message = "a comment stands at the head of a file, or in a field such as 'note'; here it would be lost."
            raise DocumentError([Problem(f"{name}:{at + 1}", "stray-comment", message)])
    return [line.rstrip() for line in lines[:first]]


def _covered(text: str) -> dict[int, list[tuple[int, int]]]:
    """The columns of each line, from 0, in which a value or key stands."""
    covered: dict[int, list[tuple[int, int]]] = {}
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent) and event.start_mark and event.end_mark:
            start, end = event.start_mark, event.end_mark
            for at in range(start.line, end.line + 1):
                span = (start.column if at == start.line else 0, end.column if at == end.line else sys.maxsize)
                covered.setdefault(at, []).append(span)
    return covered


def _control_names(law: Path) -> dict[str, str]:
    names: dict[str, str] = {}
    for path in sorted((law / "controls").glob("*.yaml")):
        root = read_yaml(path, path.name).root
        for record in root if isinstance(root, list) else ():
            if isinstance(record, dict) and isinstance(record.get("id"), str) and isinstance(record.get("name"), str):
                names[str(record["id"])] = str(record["name"])
    return names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
