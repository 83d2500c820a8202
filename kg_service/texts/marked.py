"""Changed words as people read them: ``[-gone-]`` and ``{+new+}`` in plain text, struck and bold in Markdown, marked in HTML."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Final

from kg_service.texts.changes import Kind, TextDifference, UnitChange
from kg_service.texts.joining import Role
from kg_service.texts.record import LoadedText
from kg_service.texts.resting import Consequences, Touched
from kg_service.texts.words import Op, Piece, shortened

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|#~])")
_TITLES: Final = {
    Role.NORM: "Norms whose provision changed",
    Role.DATE: "Norms whose days are set by a changed provision",
    Role.QUALIFICATION: "Qualifications whose sources changed",
    Role.INTERPRETATION: "Interpretations that cite a changed provision",
    Role.INSTRUMENT: "Days of instruments that are set by a changed provision",
}
_STYLE: Final = (
    "body{font:16px/1.5 Georgia,serif;max-width:46em;margin:2em auto;padding:0 1em}ins{background:#d7f4dc;text-decoration:none}"
    "del{background:#fbdcdc}h2{font-size:1.1em;margin:1.6em 0 .3em}.k{font:13px sans-serif;color:#555}"
    "p{margin:.3em 0;white-space:pre-line}"
)


def plain(pieces: Iterable[Piece]) -> str:
    """The words with ``[-gone-]`` and ``{+new+}``."""
    return _marked(pieces, lambda text: text, ("[-", "-]"), ("{+", "+}"))


def markdown(pieces: Iterable[Piece]) -> str:
    return _marked(
        pieces, lambda text: _SPECIAL.sub(r"\\\1", " ".join(text.split(" ")).replace("\n", " ")), ("~~", "~~"), ("**", "**")
    )


def html(pieces: Iterable[Piece]) -> str:
    return _marked(pieces, escape, ("<del>", "</del>"), ("<ins>", "</ins>"))


def _marked(pieces: Iterable[Piece], plain_text: Callable[[str], str], gone: tuple[str, str], new: tuple[str, str]) -> str:
    parts: list[str] = []
    for piece in pieces:
        core = piece.text.strip()
        if piece.op is Op.SAME or not core:
            parts.append(plain_text(piece.text))
            continue
        start, end = gone if piece.op is Op.GONE else new
        lead = piece.text[: len(piece.text) - len(piece.text.lstrip())]
        trail = piece.text[len(piece.text.rstrip()) :]
        parts.append(f"{plain_text(lead)}{start}{plain_text(core)}{end}{plain_text(trail)}")
    return "".join(parts)


def words_of(unit: UnitChange, *, whole: bool) -> Sequence[Piece]:
    """The words of a change as they are shown: all, or those around what changed."""
    return unit.pieces if whole else shortened(unit.pieces)


def label(unit: UnitChange) -> str:
    """What happened to a unit, in words."""
    moved = f", moved from {unit.from_name}" if unit.kind is Kind.MOVED else ""
    what = (
        ""
        if unit.kind in (Kind.CHANGED, Kind.MOVED)
        else f", {'punctuation only' if unit.kind is Kind.PUNCTUATION else unit.kind}"
    )
    return f"{unit.name}{moved}{what}"


def heading(old: LoadedText, new: LoadedText) -> str:
    return f"{new.name}: what changed from the text {_version(old)} to the text {_version(new)}"


def _version(text: LoadedText) -> str:
    since = f" (from {text.valid_from.isoformat()})" if text.valid_from is not None else ""
    return f"{'as published' if text.version == 'oj' else text.version}{since if text.version != str(text.valid_from) else ''}"


def summary(found: TextDifference) -> str:
    """How much changed, in one sentence."""
    real = [change for change in found.changes if not change.only_punctuation]
    small = len(found.changes) - len(real)
    parts = [f"{len(real)} provisions changed", f"{found.unchanged} did not"]
    parts += [f"in {small} only punctuation did"] if small else []
    left = (
        f" Not compared, since one of the texts has none: {', '.join(f'{kind}s' for kind in found.left_out)}."
        if found.left_out
        else ""
    )
    return f"{', '.join(parts)}.{left}"


def resting(found: Consequences) -> Iterator[tuple[str, list[str]]]:
    """What rests on the change: a title and a line for each."""
    for role, title in _TITLES.items():
        causes: dict[str, dict[str, None]] = {}
        for one in found.of(role):
            causes.setdefault(one.use.id, {}).update(dict.fromkeys(one.changed))
        if causes:
            yield title, _together({name: "; ".join(changed) for name, changed in causes.items()})
    if found.through:
        yield "Norms that rest on those qualifications", _together({n: ", ".join(names) for n, names in found.through.items()})
    if found.deployments:
        told = [f"{one.deployment.name} ({one.deployment.id}): {_norms(one)}" for one in found.deployments]
        yield "Stored deployments to which those norms may matter", told


def _together(causes: Mapping[str, str]) -> list[str]:
    """A line for each cause with everything that rests on it."""
    found: dict[str, list[str]] = {}
    for name, cause in causes.items():
        found.setdefault(cause, []).append(name)
    return [f"{cause}: {', '.join(names)}" for cause, names in found.items()]


def _norms(one: Touched) -> str:
    more = f" (+{len(one.norms) - 4})" if len(one.norms) > 4 else ""
    return one.problem or ", ".join(list(one.norms)[:4]) + more


def document(form: str, old: LoadedText, new: LoadedText, found: TextDifference, effects: Consequences, *, whole: bool) -> str:
    """The difference as a document in ``markdown`` or ``html``."""
    return (
        "".join(_html(old, new, found, effects, whole))
        if form == "html"
        else "\n".join(_markdown(old, new, found, effects, whole))
    )


def _markdown(old: LoadedText, new: LoadedText, found: TextDifference, effects: Consequences, whole: bool) -> Iterator[str]:
    def plain_line(text: str) -> str:
        return _SPECIAL.sub(r"\\\1", " ".join(text.split()))

    yield from (f"# {plain_line(heading(old, new))}", "", plain_line(summary(found)), "")
    for change in found.changes:
        yield from (f"## {plain_line(change.name)}{f': {plain_line(change.heading)}' if change.heading else ''}", "")
        yield from (f"- *{plain_line(label(unit))}*: {markdown(words_of(unit, whole=whole))}" for unit in change.units)
        yield ""
    for title, lines in resting(effects):
        yield from (f"## {title}", "", *(f"- {plain_line(line)}" for line in lines), "")


def _html(old: LoadedText, new: LoadedText, found: TextDifference, effects: Consequences, whole: bool) -> Iterator[str]:
    title = escape(heading(old, new))
    yield f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    yield f"<style>{_STYLE}</style></head>\n<body>"
    yield f"<h1>{title}</h1>\n<p>{escape(summary(found))}</p>\n"
    for change in found.changes:
        name = f"{change.name}: {change.heading}" if change.heading else change.name
        yield f'<h2 id="{escape(change.path)}">{escape(name)}</h2>\n'
        for unit in change.units:
            yield f'<p><span class="k">{escape(label(unit))}</span>\n{html(words_of(unit, whole=whole))}</p>\n'
    for name, lines in resting(effects):
        yield f"<h2>{escape(name)}</h2>\n<ul>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</ul>\n"
    yield "</body></html>\n"
