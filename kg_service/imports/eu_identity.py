"""Identifiers of EU acts: CELEX numbers, ELIs and kinds, read from the words of a title or a citation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LETTERS: Final = {"regulation": "R", "directive": "L", "decision": "D", "recommendation": "H"}
_ELI: Final = {"regulation": "reg", "directive": "dir", "decision": "dec", "recommendation": "reco"}
_ACT = re.compile(
    r"\b(?P<kind>Regulation|Directive|Decision|Recommendation)s?\s*"
    r"(?:\((?P<body>[A-Z][A-Za-z, ]{1,20})\)\s*)?(?P<no>No\s*|n°\s*)?"
    r"(?P<first>\d{1,4})/(?P<second>\d{1,4})(?P<tail>/[A-Z]{2,7})?",
    re.IGNORECASE,
)
_CELEX = re.compile(r"\b([0-9])((?:19|20)\d{2})([A-Z]{1,2})(\d{4})\b")


@dataclass(frozen=True, slots=True)
class Act:
    """An act by kind (``regulation``), year and number. ``form`` is ``delegated`` or ``implementing`` where the title says so."""

    kind: str
    year: int
    number: int
    form: str = ""

    @property
    def celex(self) -> str:
        return f"3{self.year}{_LETTERS[self.kind]}{self.number:04d}"

    @property
    def eli(self) -> str:
        """The ELI by the publisher's pattern."""
        suffix = {"delegated": "_del", "implementing": "_impl"}.get(self.form, "")
        return f"http://data.europa.eu/eli/{_ELI[self.kind]}{suffix}/{self.year}/{self.number}/oj"


def numbered_act(kind: str, first: str, second: str, *, no: bool, tail: str | None = None, form: str = "") -> Act | None:
    """The act of a kind and its two figures, in whichever order they stand; None where they cannot be a year and a number.

    ``No 575/2013`` has the number first; since 2015, and in directives and decisions always, the year comes first.
    """
    a, b = int(first), int(second)
    if no and not tail and kind == "regulation":
        year, number = b, a
    else:
        year, number = a, b
        if not _is_year(first) and _is_year(second):
            year, number = b, a
    if year < 100:
        year += 1900
    return Act(kind, year, number, form) if 1950 <= year <= 2100 and number < 10_000 else None


def _is_year(figures: str) -> bool:
    return (len(figures) == 4 and figures[:2] in ("19", "20")) or (len(figures) == 2 and int(figures) >= 50)


def act_in(text: str) -> Act | None:
    """The first act that ``text`` names: a title gives the act itself."""
    for match in _ACT.finditer(text):
        form = next((word for word in ("delegated", "implementing") if word in text[: match.end()].lower()), "")
        kind = match["kind"].lower()
        act = numbered_act(kind, match["first"], match["second"], no=bool(match["no"]), tail=match["tail"], form=form)
        if act is not None:
            return act
    return None


_LEADS: Final = r"(?:(?:Council|Commission|Delegated|Implementing|Framework|said|abovementioned)\s+)*"
_ONE: Final = r"(?:\([A-Z][A-Za-z, ]{1,20}\)\s*)?(?:No\s*)?\d{1,4}/\d{1,4}(?:/[A-Z]{2,7})?"
_ACTS = re.compile(
    rf"{_LEADS}(?P<kind>Regulation|Directive|Decision|Recommendation)s?\s*(?P<list>{_ONE}(?:(?:\s*,\s*(?:and\s+)?|\s+(?:and|or)\s+){_ONE})*)"
)
_TREATIES = re.compile(
    r"(?P<name>TFEU|TEU|Charter\b|Treat(?:y|ies)\b[\w ]{0,60}|Protocol No \d+|Convention [\w ]{0,40}|Staff Regulations|"
    r"Statute\b|Rules of Procedure|European Convention[\w ]{0,60}|Euratom Treaty|EEA Agreement|Interinstitutional Agreement)"
)


@dataclass(frozen=True, slots=True)
class Named:
    """Acts named at a place in a text: CELEX numbers, or the words used where there is no such number (``TFEU``)."""

    acts: tuple[str, ...]
    start: int
    end: int


def named_at(text: str, at: int) -> Named | None:
    """The acts that are named exactly there."""
    match = _ACTS.match(text, at)
    if match is not None:
        found = (act_in(f"{match['kind']} {one}") for one in re.findall(_ONE, match["list"]))
        return Named(tuple(act.celex for act in found if act is not None), at, match.end())
    treaty = _TREATIES.match(text, at)
    return None if treaty is None else Named((treaty["name"].strip(),), at, treaty.end())


def named_in(text: str) -> tuple[Named, ...]:
    """All acts named in a text, in order."""
    starts = re.finditer(
        r"\b(?:Regulation|Directive|Decision|Recommendation)s?\s+(?=[(\dN])|\b(?:TFEU|TEU|Charter|Treaty)\b", text
    )
    found = (named_at(text, start.start()) for start in starts)
    return tuple(named for named in found if named is not None and named.acts)


def celex_in(text: str) -> str | None:
    """The first CELEX number in ``text``, that of a consolidated text (sector 0) given as the act's own (sector 3)."""
    match = _CELEX.search(text)
    if match is None:
        return None
    sector = "3" if match[1] == "0" else match[1]
    return f"{sector}{match[2]}{match[3]}{match[4]}"


def kind_of(act: Act | None) -> str:
    """The kind of a document: ``regulation``, ``delegated_regulation``, ``act`` where the title tells nothing."""
    if act is None:
        return "act"
    return f"{act.form}_{act.kind}" if act.form else act.kind
