"""Pinpoints as our own law writes them (``Art 6(2) + Annex III point 5(b)``, ``Arts 13-14``) as addresses in a text."""

from __future__ import annotations

import re
from typing import Final

from kg_service import ids
from kg_service.imports.citations import Cited, Target, citations
from kg_service.imports.model import UnitPath
from kg_service.imports.whereabouts import address

# The same things under the names that citations use.
_SPELT: Final = (
    (re.compile(r"\bArts?\b\.?"), "Article"),
    (re.compile(r"\bArticles\b"), "Article"),
    (re.compile(r"\bparas?\b\.?"), "paragraph"),
    (re.compile(r"\bRecitals?\b"), "recital"),
    (re.compile(r"(?<!the )\bAnnex\b(?!\s+[IVXLC\dA-Z]+\b)"), "the Annex"),
)
_CODE = re.compile(
    r"(?:^|(?<=[;,\s]))(?:\d+\s+(?:CFR|USC|U\.S\.C\.|NYCRR|CCR|C\.F\.R\.)|§§?|ss?\.?|[Ss]ections?)\s*"
    r"(?P<list>\d[\w.()-]*(?:\s*,\s*\d[\w.()-]*)*)"
)
_SECTION = re.compile(r"(?P<number>\d+[a-z]?(?:[.-]\d+)*[A-Za-z]?)(?P<groups>(?:\(\w{1,5}\))*)")
_OTHER_ACT = re.compile(r"^(?:Regulation|Directive|Decision)\s[^,]*,\s*")


def parse_pinpoint(text: str) -> tuple[UnitPath, ...]:
    """The addresses that a pinpoint means, in its order; empty where it names no numbered place (``whole guidelines``).

    They are addresses as lawyers write them: :meth:`Document.unit` finds what they mean in a text (``art-3/par-1`` is definition
    (1)). A range is written out where its ends tell what lies between, else given by its ends.
    """
    plain = _OTHER_ACT.sub("", " ".join(text.split()))
    for pattern, word in _SPELT:
        plain = pattern.sub(word, plain)
    found: list[UnitPath] = []
    for citation in citations(plain):
        for one in citation.cited:
            found.extend(_spread(one))
    if not found:
        found.extend(_sections(plain))
    return tuple(dict.fromkeys(found))


def _spread(one: Cited) -> list[UnitPath]:
    """Every address of a range."""
    if one.last is None:
        return [address(one.first)]
    low, high = one.first[-1][1], one.last[-1][1]
    if len(one.first) != len(one.last) or one.first[:-1] != one.last[:-1]:
        return [address(one.first), address(one.last)]
    return [address((*one.first[:-1], (one.first[-1][0], number))) for number in _numbers(low, high)]


def _numbers(low: str, high: str) -> list[str]:
    if low.isdigit() and high.isdigit() and int(low) <= int(high) <= int(low) + 500:
        return [str(number) for number in range(int(low), int(high) + 1)]
    if len(low) == len(high) == 1 and low.isalpha() and high.isalpha() and low <= high:
        return [chr(code) for code in range(ord(low), ord(high) + 1)]
    return [low, high]


def _sections(text: str) -> list[UnitPath]:
    """Sections of codes: below a section every designation is a point."""
    found: list[UnitPath] = []
    for match in _CODE.finditer(text):
        for one in _SECTION.finditer(match["list"]):
            steps: Target = tuple(("pt", group.lower()) for group in re.findall(r"\((\w+)\)", one["groups"]))
            base = f"section-{ids.slug(one['number'])}"
            found.append(UnitPath("/".join((base, *(address((step,)) for step in steps)))))
    return found
