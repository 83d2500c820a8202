"""YAML files as plain trees with positions: every scalar is a string, every value knows its line.

Safe against hostile input. The text is read as a stream of events with a stack of our own, so that nothing is expanded and
nothing recurses: anchors, aliases and tags are refused where they stand, and size, depth and count are limited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NoReturn, TypeAlias

import yaml

from kg_service.errors import DocumentError, Problem

Value: TypeAlias = "str | list[Value] | dict[str, Value] | None"

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_LOADER: Final = yaml.CSafeLoader


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document may be at most: bytes of UTF-8, levels of nesting, values altogether."""

    size: int = 1_000_000
    depth: int = 40
    values: int = 100_000


@dataclass(frozen=True, slots=True)
class Tree:
    """A document. ``lines`` gives the line (from 1) of each value by its JSON pointer; an entry stands where its key stands."""

    name: str
    root: Value
    lines: Mapping[str, int]

    def line(self, at: str) -> int:
        """The line of the value at JSON pointer ``at``, or of the nearest value around it."""
        while at and at not in self.lines:
            at = at.rpartition("/")[0]
        return self.lines.get(at, 1)

    def where(self, at: str = "") -> str:
        """``file:line`` of the value at JSON pointer ``at``."""
        return f"{self.name}:{self.line(at)}"


@dataclass(frozen=True, slots=True)
class Place:
    """A spot in a document; written as ``file:line``."""

    tree: Tree
    at: str = ""

    def below(self, *steps: str | int) -> Place:
        return Place(self.tree, self.at + pointer(steps))

    @property
    def line(self) -> int:
        return self.tree.line(self.at)

    def __str__(self) -> str:
        return self.tree.where(self.at)


@dataclass(slots=True)
class _Open:
    """A collection that is being read; ``key`` is the entry whose value comes next."""

    value: list[Value] | dict[str, Value]
    at: str
    key: str | None = None


@dataclass(slots=True)
class _Reading:
    name: str
    limits: Limits
    lines: dict[str, int] = field(default_factory=dict)
    stack: list[_Open] = field(default_factory=list)
    root: Value = None
    values: int = 0

    def fail(self, line: int, code: str, message: str) -> NoReturn:
        raise DocumentError([Problem(f"{self.name}:{line}", code, message)])

    def place(self, line: int) -> str:
        """The pointer of the value that comes next, which is now counted and has its line."""
        self.values += 1
        if self.values > self.limits.values:
            self.fail(line, "too-many-values", f"the document holds more than {self.limits.values:,} values.")
        if not self.stack:
            at = ""
        else:
            top = self.stack[-1]
            step = str(len(top.value)) if isinstance(top.value, list) else escape(top.key or "")
            at = f"{top.at}/{step}"
        self.lines.setdefault(at, line)
        return at

    def put(self, value: Value) -> None:
        if not self.stack:
            self.root = value
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is not None:
            top.value[top.key] = value
            top.key = None

    def expects_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def start(self, event: yaml.Event, value: list[Value] | dict[str, Value]) -> None:
        line = _line(event)
        if self.expects_key():
            self.fail(line, "not-a-key", "a key must be a word, not a list or a mapping.")
        if len(self.stack) >= self.limits.depth:
            self.fail(line, "too-deep", f"the document is nested more than {self.limits.depth} levels deep.")
        at = self.place(line)
        self.put(value)
        self.stack.append(_Open(value, at))

    def scalar(self, event: yaml.ScalarEvent) -> None:
        line, text = _line(event), str(event.value)
        if found := _UNPRINTABLE.search(text):
            self.fail(line, "unprintable", f"the text holds the character U+{ord(found.group()):04X}, which cannot be shown.")
        if self.expects_key():
            self._key(text, line)
            return
        self.place(line)
        self.put(None if event.style in (None, "") and text in _NULLS else text)

    def _key(self, text: str, line: int) -> None:
        top = self.stack[-1]
        if text in top.value:
            first = self.lines[f"{top.at}/{escape(text)}"]
            self.fail(line, "duplicate-key", f"the key {text[:60]!r} stands twice; first at line {first}.")
        top.key = text
        self.lines[f"{top.at}/{escape(text)}"] = line


def escape(step: str) -> str:
    """``step`` as one part of a JSON pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def pointer(steps: Iterable[str | int]) -> str:
    """The JSON pointer of ``steps``: ``("norms", 0, "id")`` gives ``/norms/0/id``."""
    return "".join(f"/{escape(str(step))}" for step in steps)


def parse_yaml(text: str | bytes, name: str, limits: Limits = Limits()) -> Tree:
    """The tree of ``text``: mappings, lists, strings, and None for ``null``, ``~`` and nothing.

    Raises:
        DocumentError: naming file and line, where it is not YAML, too large, too deep, or holds an alias, an anchor, a tag, a
            duplicate key, a second document or a character that cannot be shown.
    """
    reading = _Reading(name, limits)
    source = _decoded(text, reading)
    documents = 0
    try:
        for event in yaml.parse(source, Loader=_LOADER):
            documents += isinstance(event, yaml.DocumentStartEvent)
            if documents > 1:
                reading.fail(_line(event), "second-document", "the file holds more than one YAML document.")
            _take(event, reading)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        why = error.problem or error.context or "it cannot be parsed"
        reading.fail(mark.line + 1 if mark else 1, "not-yaml", f"this is not YAML: {why}.")
    except (yaml.YAMLError, UnicodeError):
        reading.fail(1, "not-yaml", "this is not YAML.")
    return Tree(name, reading.root, reading.lines)


def read_yaml(path: Path, name: str, limits: Limits = Limits()) -> Tree:
    """The tree of the file at ``path``, which is never read further than its allowed size."""
    try:
        with path.open("rb") as file:
            content = file.read(limits.size + 1)
    except OSError as error:
        raise DocumentError([Problem(f"{name}:1", "unreadable", f"the file cannot be read: {error.strerror}.")]) from error
    return parse_yaml(content, name, limits)


def _decoded(text: str | bytes, reading: _Reading) -> str:
    if len(text) > reading.limits.size:
        reading.fail(1, "too-large", f"the document is larger than {reading.limits.size:,} bytes.")
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            reading.fail(line, "not-utf-8", f"the text is not UTF-8: byte {error.object[error.start]:#04x} cannot stand here.")
    if found := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, found.start()) + 1
        reading.fail(line, "unprintable", f"the text holds the character U+{ord(found.group()):04X}, which cannot be shown.")
    return text


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _take(event: yaml.Event, reading: _Reading) -> None:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        reading.fail(line, "alias", "anchors and aliases (& and *) are not allowed; put text that begins so in quotes.")
    if getattr(event, "tag", None) is not None:
        reading.fail(line, "tag", "tags (!) are not allowed; put text that begins with ! in quotes.")
    if isinstance(event, yaml.ScalarEvent):
        reading.scalar(event)
    elif isinstance(event, yaml.MappingStartEvent):
        reading.start(event, {})
    elif isinstance(event, yaml.SequenceStartEvent):
        reading.start(event, [])
    elif isinstance(event, yaml.CollectionEndEvent):
        reading.stack.pop()
