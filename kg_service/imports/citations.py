"""Reads citations in legal English: ``Article 6(2)``, ``points (a) to (c) of the first subparagraph``, ``Annex III, point 5(b)``.

A citation is a chain of segments (article, paragraph, point ...), written from the whole to the part (``Article 6(1), point
(a)``) or from the part to the whole (``point (a) of Article 6(1)``), each with one number or a list or a range. What it means
where it stands (``this Article``, ``paragraph 3``) and whether that exists is for :mod:`kg_service.imports.references` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

# A step is a segment of a path: prefix and number (``("par", "2")``); a target is the steps from the whole to the part.
Step: TypeAlias = tuple[str, str]
Target: TypeAlias = tuple[Step, ...]

THIS: Final = "@this"  # stands for the number in "this Article"
THAT: Final = "@that"  # ... and in "that Article"
ORDINALS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "last")
RANK: Final = {
    name: rank
    for rank, names in enumerate((
        ("annex",), ("part",), ("title",), ("chapter",), ("section",), ("subsection",), ("recital",), ("art",), ("par",),
        ("subpar",), ("pt",), ("indent",), ("sentence",),
    ))
    for name in names
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cited:
    """One thing cited: ``last`` is set for a range."""

    first: Target
    last: Target | None = None


@dataclass(frozen=True, slots=True)
class Citation:
    """A chain at its place in the text; ``cited`` in the order in which it is written."""

    start: int
    end: int
    cited: tuple[Cited, ...]

    @property
    def top(self) -> str:
        """The level of the whole that is named."""
        return self.cited[0].first[0][0]


@dataclass(frozen=True, slots=True)
class _Segment:
    level: str
    items: tuple[Cited, ...]
    end: int


_PAREN = r"\((?:\d+[a-z]{0,2}|[a-z]{1,5}|[A-Z]|[IVX]{1,5})\)"
_NUMBER = r"\d+[a-z]{0,2}(?![\w%/]|,\d)"
_SEPARATOR = re.compile(r"(?P<to>\s*[-–—]\s*|\s+to\s+)|\.?\s*,?\s+(?:and/or|and|or|as well as)\s+|\.?\s*[,/+]\s*")
_ORDINAL = "|".join(ORDINALS)
_ITEMS: Final = {
    "art": re.compile(rf"(?:{_NUMBER}|[IVX]+\b)(?:\s?{_PAREN})*"),
    "par": re.compile(rf"{_NUMBER}(?:\s?{_PAREN})*|{_PAREN}(?:{_PAREN})*"),
    "pt": re.compile(
        rf"(?:\d+\.)+\d+\b(?:\s?{_PAREN})*|{_NUMBER}(?:\s?{_PAREN})*|{_PAREN}(?:{_PAREN})*|[IVXLC]+\b(?:{_PAREN})*|[a-z]\b(?!['’])"
    ),
    "annex": re.compile(rf"(?:[IVXLC]+[a-z]?\b|\d+\b|[A-Z]\b)(?:{_PAREN})*"),
    "division": re.compile(
        r"(?:[A-Z]\.\s?\d+|\d+(?:\.\d+)+|One|Two|Three|Four|Five|Six|Seven|[IVXLC]+[a-z]?|\d+[a-z]?|[A-Z])\b(?![-’'])"
    ),
    "recital": re.compile(rf"{_NUMBER}|\(\d+\)"),
}
_CONTINUED = re.compile(rf"(?:{_PAREN})+(?!\s*[‘“])")
_OPENERS: Final = (
    ("art", "art", re.compile(r"\b(?:Articles?|Arts?\.?|ARTICLES?)\s+(?=[\dIVX])")),
    ("par", "par", re.compile(r"\b(?:[Pp]aragraphs?|[Pp]aras?\.?)\s+(?=\(?\d)")),
    ("pt", "pt", re.compile(r"\b(?:[Ss]ub-?)?[Pp]oints?\s+(?=\(|\d|[IVXLC]+\b|[a-z]\b)")),
    ("annex", "annex", re.compile(r"\b(?:Annex(?:es)?|ANNEX(?:ES)?)\s+(?=[IVXLC\dA-Z])")),
    ("chapter", "division", re.compile(r"\b(?:Chapters?|CHAPTERS?)\s+(?=[IVXLC\d])")),
    ("title", "division", re.compile(r"\b(?:Titles?|TITLES?)\s+(?=[IVXLC\d])")),
    ("part", "division", re.compile(r"\bParts?\s+(?=[IVXLC\dA-F]+\b|One|Two|Three|Four|Five|Six|Seven)")),
    ("section", "division", re.compile(r"\b(?:Sections?|SECTIONS?)\s+(?=[IVXLC\dA-Z]+\b)")),
    ("recital", "recital", re.compile(r"\b[Rr]ecitals?\s+(?=\(?\d)")),
)
_WORDS: Final = {
    "article": "art", "paragraph": "par", "subparagraph": "subpar", "point": "pt", "annex": "annex", "chapter": "chapter",
    "section": "section", "title": "title", "part": "part", "indent": "indent", "sentence": "sentence",
    "subsection": "subsection", "subpoint": "pt",
}  # fmt: skip
_WORD = "subparagraph|paragraph|point|indent|sentence|Article|Annex|Chapter|Section|Title|Part|subsection"
_POINTING = re.compile(rf"\b(?P<which>[Tt]h(?:is|at)|the same)\s+(?P<word>{_WORD})\b(?!\s+(?:\(|\d))")
_ORDINAL_OPENER = re.compile(
    rf"\b(?:[Tt]he\s+)?(?P<list>(?:{_ORDINAL})(?:(?:\s*,\s*|\s+and\s+|\s+or\s+|\s+to\s+|\s*,?\s+and\s+)(?:the\s+)?(?:{_ORDINAL}))*)"
    r"\s+(?P<word>subparagraph|paragraph|indent|sentence)s?\b",
    re.IGNORECASE,
)
_SOLE_ANNEX = re.compile(r"\b[Tt]he\s+Annex\b(?!\s+[IVXLC\d])")
_START = re.compile(
    rf"\b(?:Articles?|Arts?\.?|ARTICLES?|[Pp]aragraphs?|[Pp]aras?\.?|(?:[Ss]ub-?)?[Pp]oints?|Annex(?:es)?|ANNEX(?:ES)?|Chapters?|CHAPTERS?"
    rf"|Titles?|TITLES?|Parts?|Sections?|SECTIONS?|[Rr]ecitals?|[Tt]h(?:is|at|e)|(?:{_ORDINAL}))\b",
    re.IGNORECASE,
)
_DOWN = re.compile(r"\s*,?\s*(?:in\s+)?(?:the\s+)?|\s*,?\s+and\s+in\s+particular\s+", re.IGNORECASE)
_UP = re.compile(r"\s*,?\s+(?:respectively,?\s+)?(?:of|in|to|under|from)\s+(?:each\s+of\s+)?", re.IGNORECASE)


def citations(text: str) -> Iterator[Citation]:
    """Every citation in ``text``, in order, none inside another."""
    at = 0
    while (start := _START.search(text, at)) is not None:
        first = _segment(text, start.start())
        if first is None:
            at = start.end()
            continue
        found = _chain(text, start.start(), first)
        at = found.end
        yield found


def _chain(text: str, start: int, first: _Segment) -> Citation:
    """The citation that starts with a segment: more exact segments after a comma, wider ones after *of*."""
    below: list[_Segment] = [first]
    above: list[_Segment] = []
    at = first.end
    while True:
        current = above[-1] if above else below[-1]
        up = _UP.match(text, at)
        wider = _segment(text, up.end()) if up is not None else None
        if wider is not None and (_wider(wider, below, above) or _holds(wider, below, above)):
            above.append(wider)
            at = wider.end
            continue
        down = _DOWN.match(text, at)
        exact = _segment(text, down.end()) if down is not None and down.end() > at else None
        within = not above or (exact is not None and RANK[exact.level] < min(RANK[other.level] for other in below))
        if (
            exact is not None
            and within
            and not _pointing(exact)
            and _narrower(current, exact)
            and not _owned(text, exact, [*below, *above])
        ):
            if above:
                above[-1] = _joined(above[-1], exact)
            else:
                below.append(exact)
            at = exact.end
            continue
        break
    whole = below[0]
    for segment in below[1:]:
        whole = _joined(whole, segment)
    for segment in above:
        whole = _joined(segment, whole, product=True)
    return Citation(start, at, whole.items)


def _owned(text: str, segment: _Segment, chain: list[_Segment]) -> bool:
    """``Article 25(9), the second subparagraph of Article 26(2)``: what follows the comma belongs to what follows *of*."""
    up = _UP.match(text, segment.end)
    owner = None if up is None else _segment(text, up.end())
    return owner is not None and RANK[owner.level] < RANK[segment.level] and not _wider(owner, chain, [])


def _wider(segment: _Segment, below: list[_Segment], above: list[_Segment]) -> bool:
    return RANK[segment.level] < min(RANK[other.level] for other in (*below, *above))


def _holds(segment: _Segment, below: list[_Segment], above: list[_Segment]) -> bool:
    """``the fifth paragraph of point 4.6``, ``point (a) of point 7``: points have paragraphs, and points in them."""
    if above or segment.level != "pt":
        return False
    return below[-1].level in ("subpar", "indent", "sentence") or _nested(segment, below[-1])


def _narrower(holder: _Segment, segment: _Segment) -> bool:
    return RANK[segment.level] > RANK[holder.level] or _nested(holder, segment)


def _nested(holder: _Segment, segment: _Segment) -> bool:
    """``point (a), point (ii)``: a point within a point is told by the way it is numbered."""
    if holder.level != "pt" or segment.level != "pt":
        return False
    outer, inner = (_style(each.items[-1].first[-1][1]) for each in (holder, segment))
    return (outer, inner) in (("letter", "roman"), ("figure", "letter"))


def _pointing(segment: _Segment) -> bool:
    return segment.items[0].first[0][1] in (THIS, THAT)


def _joined(upper: _Segment, lower: _Segment, *, product: bool = False) -> _Segment:
    """``lower`` within ``upper``: within each of a list that follows *of*, within the last of a list before a comma."""
    kept = () if product else upper.items[:-1]
    holders = upper.items if product else upper.items[-1:]
    items: list[Cited] = []
    for holder in holders:
        prefix = holder.last or holder.first
        if holder.last is not None and not product:
            items.append(holder)
        items.extend(Cited((*prefix, *item.first), None if item.last is None else (*prefix, *item.last)) for item in lower.items)
    return _Segment(lower.level if not product else upper.level, (*kept, *items), max(upper.end, lower.end))


def _segment(text: str, at: int) -> _Segment | None:
    """The segment that starts exactly there."""
    pointing = _POINTING.match(text, at)
    if pointing is not None:
        level = _WORDS[pointing["word"].lower()]
        which = THIS if pointing["which"].lower() == "this" else THAT
        return _Segment(level, (Cited(((level, which),)),), pointing.end())
    ordinal = _ORDINAL_OPENER.match(text, at)
    if ordinal is not None:
        return _ordinals(ordinal)
    sole = _SOLE_ANNEX.match(text, at)
    if sole is not None:
        return _Segment("annex", (Cited((("annex", ""),)),), sole.end())
    article = re.compile(r"the\s+", re.IGNORECASE).match(text, at)
    at = at if article is None else article.end()
    for level, grammar, opener in _OPENERS:
        opened = opener.match(text, at)
        if opened is not None:
            return _numbers(text, opened.end(), level, _ITEMS[grammar])
    return None


def _ordinals(match: re.Match[str]) -> _Segment:
    level = "subpar" if match["word"].lower() in ("subparagraph", "paragraph") else match["word"].lower()
    words = re.findall(_ORDINAL, match["list"].lower())
    numbers = [str(ORDINALS.index(word) + 1) if word != "last" else "last" for word in words]
    if re.search(r"\bto\b", match["list"]) and len(numbers) == 2:
        return _Segment(level, (Cited(((level, numbers[0]),), ((level, numbers[1]),)),), match.end())
    return _Segment(level, tuple(Cited(((level, number),)) for number in numbers), match.end())


def _numbers(text: str, at: int, level: str, grammar: re.Pattern[str]) -> _Segment | None:
    """A number, a list or a range; ``(7)`` after ``6(6)`` goes on at the level of its kind."""
    item = grammar.match(text, at)
    if item is None:
        return None
    last = _target(level, item[0])
    items = [Cited(last)]
    end = item.end()
    while (separator := _SEPARATOR.match(text, end)) is not None:
        continued = _CONTINUED.match(text, separator.end())
        item = grammar.match(text, separator.end())
        if continued is not None and (len(last) > 1 or level in ("art", "annex")):
            if len(last) < 2:
                break
            last, end = _continue(last, _groups(continued[0])), continued.end()
        elif item is not None and _same_list(text, item, level) and not _other_kind(items[-1].first, item[0]):
            last, end = _target(level, item[0]), item.end()
        else:
            break
        if separator["to"] and items[-1].last is None:
            items[-1] = Cited(items[-1].first, last)
        else:
            items.append(Cited(last))
    return _Segment(level, tuple(items), end)


def _same_list(text: str, item: re.Match[str], level: str) -> bool:
    """Whether what looks like the next number is one: not the start of ``10 %`` or ``2 August``."""
    after = text[item.end() : item.end() + 14]
    if re.match(
        r"\s*(%|years?\b|months?\b|days?\b|hours?\b|January|February|March|April|May\b|June|July|August|Sept|Oct|Nov|Dec)", after
    ):
        return False
    return not (level == "pt" and re.match(r"[a-z]$", item[0]))


def _other_kind(last: Target, printed: str) -> bool:
    """``point (h), (2) to (6)`` does not go on with points."""
    return (
        last[-1][0] == "pt" and printed.startswith("(") and (_style(last[-1][1]) == "figure") != (_style(printed[1:]) == "figure")
    )


def _groups(printed: str) -> list[str]:
    return re.findall(r"\(([^)]*)\)", printed)


def _target(level: str, printed: str) -> Target:
    """The steps of one number with its brackets: ``6(1)(a)`` of an article is article 6, paragraph 1, point (a)."""
    number = printed.partition("(")[0].strip()
    groups = _groups(printed)
    if level == "section" and re.match(r"[A-Z]\.", number):  # "Section C.6": point 6 of Section C
        number, _, point = number.partition(".")
        groups = [point.strip(), *groups]
    steps: list[Step] = [(level, (number or groups.pop(0)).lower())]
    for group in groups:
        steps.append((_below(steps[-1][0], group), group.lower()))
    return tuple(steps)


def _below(level: str, group: str) -> str:
    return "par" if level == "art" and group[0].isdigit() else "pt"


def _continue(last: Target, groups: list[str]) -> Target:
    """``last`` with its end replaced by kind of number: a letter for a letter, a figure for a figure."""
    depth = len(last) - 1
    wanted = _style(groups[0])
    for index in range(len(last) - 1, -1 if last[0][0] == "pt" else 0, -1):
        style = _style(last[index][1])
        if wanted == style or (wanted == "roman" and style == "letter" and len(groups[0]) == 1):
            depth = index
            break
    steps = list(last[:depth])
    for group in groups:
        steps.append((_below(steps[-1][0], group) if steps else last[0][0], group.lower()))
    return tuple(steps)


def _style(number: str) -> str:
    if number[0].isdigit():
        return "figure"
    return "roman" if set(number.lower()) <= set("ivx") else "letter"
