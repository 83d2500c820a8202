"""OSCAL in JSON: catalogues of controls (resolved profiles are catalogues too) and profiles, which select and change controls."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson

from kg_service.errors import DocumentError
from kg_service.ids import slug
from kg_service.imports.markup import folded
from kg_service.imports.model import Document, Finding, Identity, UnitKind, UnitPath, Version
from kg_service.imports.outline import Outline
from kg_service.imports.protocol import refusal, source

_INSERT: Final = re.compile(r"\{\{\s*(?:insert:\s*)?param(?:eter)?\s*,\s*(?P<id>[\w.-]+)\s*\}\}")
_MAX_DEPTH: Final = 40
_MAX_NESTED: Final = 4
_MAX_TEXT: Final = 200_000
_OWN_TEXT: Final = "statement"
_KINDS: Final = {"item": UnitKind.POINT, "guidance": UnitKind.COMMENTARY}


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a JSON file with its place, so that what is wrong can be named."""

    value: Any
    at: str
    name: str

    def wrong(self, expected: str) -> DocumentError:
        return refusal(self.name, None, "wrong_type", f"{self.at or '/'}: {expected} was expected")

    def has(self, key: str) -> bool:
        return key in self.fields()

    def fields(self) -> dict[str, Any]:
        if not isinstance(self.value, dict):
            raise self.wrong("an object")
        return self.value

    def get(self, key: str) -> Node:
        return Node(self.fields().get(key), f"{self.at}/{key}", self.name)

    def items(self, key: str) -> Iterator[Node]:
        """The members of the list at ``key``; none where it is absent."""
        held = self.get(key)
        if held.value is None:
            return
        if not isinstance(held.value, list):
            raise held.wrong("a list")
        for index, each in enumerate(held.value):
            yield Node(each, f"{held.at}/{index}", self.name)

    def text(self, key: str) -> str:
        """The text at ``key``, empty where it is absent; lines are kept, other white space is folded."""
        return self.get(key).own_text()

    def own_text(self) -> str:
        if self.value is None:
            return ""
        if not isinstance(self.value, str):
            raise self.wrong("a text")
        return "\n".join(line for each in self.value.splitlines() if (line := folded(each)))


class Oscal:
    """Reads OSCAL catalogues and profiles in JSON."""

    name = "oscal"
    title = "OSCAL catalogues and profiles (JSON)"

    def recognises(self, head: bytes, name: str) -> float:
        start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:400]
        if re.match(rb"\{\s*(?:\"\$schema\"\s*:\s*\"[^\"]*oscal[^\"]*\"\s*,\s*)?\"(?:catalog|profile)\"\s*:\s*\{", start):
            return 1.0 if b"oscal-version" in head else 0.8
        return 0.0

    def parse(self, content: bytes, name: str) -> Document:
        try:
            raw = orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
        except orjson.JSONDecodeError as error:
            raise refusal(name, error.lineno, "not_json", f"not JSON: {error.msg[:120]}") from error
        top = Node(raw, "", name)
        kind = next((each for each in ("catalog", "profile") if top.has(each)), None)
        if kind is None:
            raise refusal(name, 1, "wrong_format", "the file is neither an OSCAL catalogue nor an OSCAL profile")
        document = top.get(kind)
        reader = _Reader(document)
        if kind == "catalog":
            reader.catalogue()
        else:
            reader.profile()
        units = reader.outline.units()
        if not units:
            raise refusal(name, None, "empty", "the file holds no control")
        metadata = document.get("metadata")
        title = metadata.text("title") or name
        return Document(
            identity=Identity(title, title, citations=tuple(each.own_text() for each in _identifiers(metadata))),
            kind={"catalog": "catalogue"}.get(kind, kind),
            language="en",
            version=_version(metadata),
            source=source(content, name, self.name),
            units=units,
            findings=tuple(reader.outline.findings),
        )


class _Reader:
    def __init__(self, document: Node) -> None:
        self.document = document
        self.outline = Outline()
        self.params: dict[str, Node] = {}
        self._count: dict[tuple[UnitPath | None, str], int] = {}

    def catalogue(self) -> None:
        self._collect(self.document, 0)
        self._parts(self.document, None, 0)
        self._controls(self.document, None, 0)
        for group in self.document.items("groups"):
            self._group(group, None, 0)
        self._resources()

    def profile(self) -> None:
        """Imports, settings of parameters and additions; what is imported is in files of its own, which are not fetched."""
        for number, each in enumerate(self.document.items("imports"), 1):
            target = each.text("href")
            path = self.outline.add(
                UnitKind.OTHER, number, prefix="import", heading=target[:200], extras={"printed": "", "href": target}
            )
            self.outline.findings.append(
                Finding("external_part", f"controls of {target[:120]!r} have to be loaded from it", path)
            )
            for selection in ("include-controls", "exclude-controls"):
                for chosen in each.items(selection):
                    for control in chosen.items("with-ids"):
                        shown = control.own_text()
                        extras = {"printed": shown, "selection": selection.partition("-")[0]}
                        self.outline.add(UnitKind.CONTROL, shown, parent=path, extras=extras)
        modify = self.document.get("modify")
        if modify.value is None:
            return
        for setting in modify.items("set-parameters"):
            self._setting(setting)
        for change in modify.items("alters"):
            shown = change.text("control-id")
            path = self.outline.add(UnitKind.CONTROL, shown, prefix="change", extras={"printed": shown})
            for addition in change.items("adds"):
                self._parts(addition, path, 0)

    def _setting(self, setting: Node) -> None:
        said = [each.own_text() for each in setting.items("values")]
        said += [each.text("prose") for key in ("guidelines", "constraints") for each in setting.items(key) if each.has("prose")]
        said += [each.text("description") for each in setting.items("constraints") if each.has("description")]
        label, shown = setting.text("label"), setting.text("param-id")
        extras = {"printed": shown}
        self.outline.add(UnitKind.OTHER, shown, prefix="parameter", heading=label, text="\n".join(said), extras=extras)

    def _collect(self, node: Node, depth: int) -> None:
        """Every parameter, wherever it is declared, by its id."""
        self._deep(node, depth)
        for param in node.items("params"):
            if shown := param.text("id"):
                self.params[shown] = param
        for key in ("groups", "controls"):
            for each in node.items(key):
                self._collect(each, depth + 1)

    def _group(self, group: Node, holder: UnitPath | None, depth: int) -> None:
        self._deep(group, depth)
        shown = group.text("id")
        path = self.outline.add(
            UnitKind.OTHER,
            shown or self._next(holder, "group"),
            parent=holder,
            address=None,
            prefix="group",
            heading=self._prose(group, "title"),
            extras={"printed": shown.upper()},
        )
        self._parts(group, path, depth)
        self._controls(group, path, depth)
        for inner in group.items("groups"):
            self._group(inner, path, depth + 1)

    def _controls(self, node: Node, holder: UnitPath | None, depth: int) -> None:
        for control in node.items("controls"):
            self._deep(control, depth)
            shown, printed = control.text("id"), _label(control)
            if not shown:
                raise control.wrong("a control with an id")
            extras = {"printed": printed or shown, "id": shown, **_props(control)}
            related, references = _links(control)
            extras |= {key: value for key, value in (("related", related), ("references", references)) if value}
            if params := self._declared(control):
                extras["params"] = params
            path = self.outline.add(
                UnitKind.CONTROL,
                printed or shown,
                parent=holder,
                address=None,
                heading=self._prose(control, "title"),
                extras=extras,
            )
            self._parts(control, path, depth)
            self._controls(control, path, depth + 1)

    def _parts(self, node: Node, holder: UnitPath | None, depth: int) -> None:
        self._deep(node, depth)
        for part in node.items("parts"):
            name = folded(part.text("name")) or "part"
            text, title, label = self._prose(part, "prose"), self._prose(part, "title"), _label(part)
            if name == _OWN_TEXT and holder is not None and self.outline.silent(holder) and not self.outline.under(holder):
                self.outline.say(holder, "\n".join(each for each in (title, text) if each))
                self._parts(part, holder, depth + 1)
                continue
            kind = _KINDS.get(name, UnitKind.OTHER)
            prefix = "pt" if kind is UnitKind.POINT else slug(name) or "part"
            number = label.strip(" .()") or str(self._next(holder, prefix))
            extras = {"printed": label, **({"id": part.text("id")} if part.has("id") else {}), **_props(part)}
            # A label outside of the statement repeats the whole designation: AC-1(a)(1).
            address = self._control(holder) if label and kind is UnitKind.OTHER else holder
            path = self.outline.add(
                kind, number, parent=holder, address=address, prefix=prefix, heading=title, text=text, extras=extras
            )
            self._parts(part, path, depth + 1)

    def _control(self, holder: UnitPath | None) -> UnitPath | None:
        while (
            holder is not None and self.outline.kind(holder) is not UnitKind.CONTROL and self.outline.parent(holder) is not None
        ):
            holder = self.outline.parent(holder)
        return holder

    def _declared(self, control: Node) -> str:
        """The parameters of a control, a line each: id, what is to be filled in, guidance."""
        lines = []
        for param in control.items("params"):
            shown = param.text("id")
            guidance = [each.text("prose") for each in param.items("guidelines")]
            guidance += [each.text("description") for each in param.items("constraints")]
            lines.append(": ".join(each for each in (shown, self._filled(shown, 0), " ".join(guidance)) if each))
        return "\n".join(lines)

    def _prose(self, node: Node, key: str) -> str:
        """The text at ``key`` with what is to be filled in, in brackets, where a parameter stands."""
        text = _INSERT.sub(lambda found: self._filled(found["id"], 0), node.text(key))
        if len(text) > _MAX_TEXT:
            raise refusal(node.name, None, "too_large", f"{node.at}/{key}: with its parameters the text is too long")
        return text

    def _filled(self, param_id: str, depth: int) -> str:
        param = self.params.get(param_id)
        if param is None or depth >= _MAX_NESTED:
            return f"[{param_id}]"
        values = [each.own_text() for each in param.items("values")]
        if values:
            return f"[{', '.join(values)}]"
        select = param.get("select")
        if select.value is not None:
            choices = [self._choice(each, depth) for each in select.items("choice")]
            many = " (one or more)" if select.text("how-many") == "one-or-more" else ""
            return self._bounded(f"[Selection{many}: {'; '.join(choices)}]", param)
        return f"[Assignment: {param.text('label') or param_id}]"

    def _choice(self, choice: Node, depth: int) -> str:
        text, rest, size = "", choice.own_text(), 0
        at = 0
        for found in _INSERT.finditer(rest):
            text += rest[at : found.start()] + self._filled(found["id"], depth + 1)
            at, size = found.end(), len(text)
            if size > _MAX_TEXT:
                break
        return folded(self._bounded(text + rest[at:], choice))

    def _bounded(self, text: str, node: Node) -> str:
        if len(text) > _MAX_TEXT:
            raise refusal(node.name, None, "too_large", f"{node.at}: with its parameters the text is too long")
        return text

    def _resources(self) -> None:
        matter = self.document.get("back-matter")
        if matter.value is None:
            return
        for number, resource in enumerate(matter.items("resources"), 1):
            citation = resource.get("citation")
            said = [citation.text("text")] if citation.value is not None else []
            said += [resource.text("description")]
            text = "\n".join(each for each in said if each)
            extras = {"printed": "", "id": resource.text("uuid")}
            self.outline.add(UnitKind.OTHER, number, prefix="resource", heading=resource.text("title"), text=text, extras=extras)

    def _next(self, holder: UnitPath | None, what: str) -> int:
        self._count[holder, what] = count = self._count.get((holder, what), 0) + 1
        return count

    @staticmethod
    def _deep(node: Node, depth: int) -> None:
        if depth > _MAX_DEPTH:
            raise refusal(node.name, None, "too_deep", f"{node.at[:80]} ...: nested more than {_MAX_DEPTH} deep")


def _label(node: Node) -> str:
    """The printed designation: the label without a class, else the first."""
    labels = [(prop.text("class"), prop.text("value")) for prop in node.items("props") if prop.text("name") == "label"]
    return next((value for kind, value in labels if not kind), labels[0][1] if labels else "")


def _props(node: Node) -> dict[str, str]:
    """What the file says of a control or a part beside its text: status, level, method."""
    found: dict[str, str] = {}
    for prop in node.items("props"):
        name = prop.text("name")
        if name not in ("label", "sort-id", "") and not prop.text("class"):
            found[name] = f"{found[name]}, {prop.text('value')}" if name in found else prop.text("value")
    return {key: value for key, value in found.items() if key not in ("printed", "id", "params", "related", "references")}


def _links(node: Node) -> tuple[str, str]:
    targets: dict[str, list[str]] = {}
    for link in node.items("links"):
        targets.setdefault(link.text("rel"), []).append(link.text("href").removeprefix("#"))
    return ", ".join(targets.get("related", ())), ", ".join(targets.get("reference", ()))


def _identifiers(metadata: Node) -> Iterator[Node]:
    for each in metadata.items("document-ids"):
        yield each.get("identifier")


def _version(metadata: Node) -> Version:
    changed = _day(metadata.text("published")) or _day(metadata.text("last-modified"))
    shown = metadata.text("version") or (changed.isoformat() if changed else "undated")
    return Version(shown, published=changed)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None
