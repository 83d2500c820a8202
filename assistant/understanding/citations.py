"""Which law a message names: instruments, provisions and the norms on them; and law that the graph does not hold."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from assistant.model import Span
from assistant.understanding.groups import Named
from assistant.understanding.pattern import Group
from assistant.understanding.words import Word, listed
from kg_service.model import InstrumentId, Knowledge, NormId, QualificationId

NOT_HELD: Final = " is not in the graph"
_KINDS: Final = {
    "art": "article articles art arts",
    "s": "section sections sec secs s ss §  §§",
    "annex": "annex annexes",
    "recital": "recital recitals",
    "principle": "principle principles",
    "rule": "rule rules",
    "chapter": "chapter chapters",
    "part": "part",
    "app": "app apps",
    "reg": "reg regs",
    "point": "point points para paras paragraph paragraphs",
}
_KIND: Final = {name: kind for kind, names in _KINDS.items() for name in names.split()}
_PINPOINT: Final = re.compile(
    r"(?<![\w])(?P<kind>articles?|arts?|sections?|secs?|ss?|§§?|annex(?:es)?|recitals?|principles?|rules?|chapters?|part|apps?|regs?)"
    r"\.?\s{0,2}(?P<number>\d{1,5}[a-z]?(?:[.:-]\d{1,4}[A-Za-z]?){0,3}|[IVX]{1,5}\b)(?P<sub>(?:\s?\(\w{1,4}\)){0,4})"
    r"(?:\s?(?:-|–|to)\s?(?P<last>\d{1,4})\b)?(?:,?\s(?:points?|no\.?|nr\.?|number)?\s?(?P<point>\d{1,2})(?P<pointsub>(?:\s?\([a-z0-9]{1,3}\)){0,2})(?![\w/.]))?",
    re.IGNORECASE,
)
_CHINESE: Final = re.compile(r"第\s?(?P<number>\d{1,4})\s?条")
_CODE: Final = re.compile(
    r"\b\d{1,2}\s(?:CFR|C\.F\.R\.|USC|U\.S\.C\.|NYCRR|CCR)\s(?:part\s|§\s?)?(?P<number>\d{1,5}[a-z]?(?:[.-]\d{1,4})?)",
    re.IGNORECASE,
)
_BARE: Final = re.compile(r"\b(?P<number>\d{3,5}[a-z]?(?:[.-]\d{1,4})?|\d[A-Z](?:\.\d{1,2}){1,2}|\d{1,2}[A-Z]?\.\d{1,2}[A-Z]?)\b")
_UNKNOWN: Final = re.compile(
    r"\b(?:[A-Z][\w’'&-]{1,30}\s(?:(?:of|on|the|and|for|in)\s){0,2}){1,6}(?:Act|Directive|Regulation|Ordinance|Bill|Accord|Treaty|Convention|Statute)\b"
    r"(?:\s(?:of\s)?(?:19|20)\d{2})?"
)
_NUMBERED: Final = re.compile(
    r"\b(?:Regulation|Directive|Decision)\s(?:\((?:EU|EC|EEC|Euratom)\)\s)?(?:No\.?\s)?\d{2,4}/\d{1,4}(?:/E[CU])?", re.IGNORECASE
)
_OPENERS: Final = listed(
    """the this that which what does is are under if since has in and when do must can may why how our your an a will would
    now also because as but for did was with given after that's should could these those new according any every each all
    no another"""
)
_NEAR: Final = 6
_OF: Final = listed(
    """of the to in under from par para paragraph paragraphs point points subparagraph first second third letter eu european
    its"""
)


@dataclass(frozen=True, slots=True)
class LawCited:
    """A law or a provision as the words ``first`` to ``last`` name it; ``about`` is the id that stands for it."""

    first: int
    last: int
    about: str
    instrument: str | None
    pinpoint: str | None = None


@dataclass(slots=True)
class Cited:
    instruments: list[str] = field(default_factory=list)
    provisions: list[tuple[str, str]] = field(default_factory=list)
    norms: list[NormId] = field(default_factory=list)
    qualifications: list[QualificationId] = field(default_factory=list)
    unknown: list[Span] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    named: list[LawCited] = field(default_factory=list)

    def groups(self) -> Iterator[Group]:
        for one in self.named:
            yield Group("law", one.first, one.last, one)


@dataclass(frozen=True, slots=True)
class _Place:
    kind: str
    number: str
    sub: str


class Citations:
    """Finds the law that a message names, in ``knowledge``."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._norms: dict[str, dict[tuple[str, str], list[tuple[str, NormId]]]] = {}
        for norm in knowledge.norms.values():
            at = self._norms.setdefault(str(norm.instrument), {})
            for place in _places(norm.provision):
                at.setdefault((place.kind, place.number), []).append((place.sub, norm.id))
        self._known: dict[str, set[tuple[str, str]]] = {}
        for provision in knowledge.provisions.values():
            known = self._known.setdefault(str(provision.instrument), set())
            known.update((place.kind, place.number) for place in _places(provision.number))

    def find(self, text: str, words: Sequence[Word], laws: Sequence[Named], before: Iterable[str] = ()) -> Cited:
        """The law that ``text`` names; ``before`` are the instruments of earlier turns, for "and Article 27?"."""
        cited = Cited()
        ends = ([word.start for word in words], [word.end for word in words])
        for one in laws:
            self._law(one, text, words, cited)
        for match in [*_PINPOINT.finditer(text), *_CODE.finditer(text), *_CHINESE.finditer(text)]:
            first, last = bisect_right(ends[1], match.start()), bisect_left(ends[0], match.end()) - 1
            if first <= last and not any(one.first <= first and last <= one.last for one in laws):
                self._provision(match, first, last, words, laws, list(before), cited)
        self._bare_numbers(text, words, laws, cited)
        _unknown(text, words, laws, cited)
        for part in (cited.instruments, cited.provisions, cited.norms, cited.qualifications, cited.unknown):
            part[:] = list(dict.fromkeys(part))  # type: ignore[arg-type]
        return cited

    def _law(self, one: Named, text: str, words: Sequence[Word], cited: Cited) -> None:
        law = one.law
        if law.kind == "unknown":
            start, end = words[one.first].start, words[one.last].end
            cited.unknown.append(Span(start, end, text[start:end]))
            return
        if law.instrument:
            cited.instruments.append(law.instrument)
        cited.norms.extend(NormId(norm) for norm in law.norms)
        if law.qualification:
            cited.qualifications.append(QualificationId(law.qualification))
        about = law.norms[0] if law.norms else law.qualification or law.instrument or ""
        cited.named.append(LawCited(one.first, one.last, about, law.instrument))

    def _provision(
        self,
        match: re.Match[str],
        first: int,
        last: int,
        words: Sequence[Word],
        laws: Sequence[Named],
        before: list[str],
        cited: Cited,
    ) -> None:
        places = list(_places(match.group()))
        if not places:
            return
        owner, law = self._owner(places[0], first, last, words, laws, before)
        if owner is None:
            if places[0].kind in ("art", "annex", "recital"):
                cited.notes.append(f"{match.group().strip()}: of which law?")
            return
        cited.instruments.append(owner)
        title = self._knowledge.instruments[InstrumentId(owner)].short_title
        for place in places:
            pinpoint = _written(place)
            norms = self.norms_at(owner, place)
            if norms or self._holds(owner, place):
                cited.provisions.append((owner, pinpoint))
                cited.norms.extend(norms)
                spread = (min(first, law.first), max(last, law.last)) if law is not None else (first, last)
                cited.named.append(LawCited(*spread, str(norms[0]) if norms else owner, owner, pinpoint))
            else:
                cited.notes.append(f"{pinpoint} of {title}{NOT_HELD}")

    def norms_at(self, instrument: str, place: _Place) -> list[NormId]:
        """The norms on the provision; where none is as fine as asked, those on what is around it."""
        at = self._norms.get(instrument, {})
        found = at.get((place.kind, place.number), [])
        if not found and place.kind in ("s", "rule", "art", ""):
            found = [one for (_, number), norms in at.items() if number == place.number for one in norms]
        exact = [norm for sub, norm in found if not place.sub or sub.startswith(place.sub) or place.sub.startswith(sub)]
        return list(dict.fromkeys(exact or [norm for _, norm in found]))

    def _has(self, instrument: str, place: _Place) -> bool:
        return bool(self._norms.get(instrument, {}).get((place.kind, place.number))) or self._holds(instrument, place)

    def _holds(self, instrument: str, place: _Place) -> bool:
        known = self._known.get(instrument, set())
        return (place.kind, place.number) in known or any(
            number == place.number for kind, number in known if place.kind in ("s", "")
        )

    def _owner(
        self, place: _Place, first: int, last: int, words: Sequence[Word], laws: Sequence[Named], before: list[str]
    ) -> tuple[str | None, Named | None]:
        real = [one for one in laws if one.law.instrument]
        sentence = words[first].sentence
        after = [
            one
            for one in real
            if 0 < one.first - last <= _NEAR
            and words[one.first].sentence == sentence
            and all(word.low in _OF for word in words[last + 1 : one.first])
        ]
        ahead = [
            one
            for one in real
            if 0 < first - one.last <= 4
            and words[one.last].sentence == sentence
            and all(word.low in _OF or word.raw[0].isdigit() for word in words[one.last + 1 : first])
        ]
        close = after or ahead
        if close:
            chosen = close[0] if close[0].first > last else close[-1]
            return chosen.law.instrument, chosen
        rightful = [one.law.instrument for one in real if one.law.instrument and self._has(one.law.instrument, place)]
        if real and not rightful:
            near = [name for name in ("eu-ai-act",) if place.kind == "annex" and self._has(name, place)]
            if near:
                return near[0], None
        if len(set(rightful)) == 1:
            return rightful[0], None
        within = {one.law.instrument for one in real if words[one.first].sentence == sentence} or {
            one.law.instrument for one in real
        }
        if len(within) == 1:
            return next(iter(within)), None
        for name in reversed(before):
            if self.norms_at(name, place) or self._holds(name, place):
                return name, None
        holders = [name for name in self._norms if (place.kind, place.number) in self._norms[name]]
        if len(holders) == 1:
            return holders[0], None
        low = {word.low for word in words}
        if (
            not within
            and place.kind in ("art", "annex")
            and low & {"deployer", "deployers", "ai", "annex"}
            and "eu-ai-act" in holders
        ):
            return "eu-ai-act", None
        return None, None

    def _bare_numbers(self, text: str, words: Sequence[Word], laws: Sequence[Named], cited: Cited) -> None:
        """Numbers straight behind the name of a law, as in "SYSC 8.1", "Reg B 1002.9", "PRIN 2A.2", "GDPR 22"."""
        for one in laws:
            if not one.law.instrument or one.last + 1 >= len(words):
                continue
            following = words[one.last + 1]
            digits = following.raw[:1].isdigit() and not (len(following.raw) == 4 and following.raw[:2] in ("19", "20"))
            if following.stop or not digits:
                continue
            sub = (
                "".join(re.findall(r"\(\w{1,4}\)", text[following.end : following.end + 16]))
                if text[following.end : following.end + 1] == "("
                else ""
            )
            place = _Place("art" if following.raw.isdigit() and len(following.raw) < 3 else "s", following.low, sub)
            norms = self.norms_at(one.law.instrument, place)
            if norms:
                cited.provisions.append((one.law.instrument, _written(place)))
                cited.norms.extend(norms)
                cited.named.append(LawCited(one.first, one.last + 1, str(norms[0]), one.law.instrument, _written(place)))


def _places(text: str) -> Iterator[_Place]:
    """The places that a pinpoint names: "Arts 13-14" are two, "Annex III point 5(b)" is one."""
    for found in _PINPOINT.finditer(text):
        kind = _KIND[found["kind"].lower()]
        number = found["number"].lower() if kind != "annex" else found["number"].upper()
        sub = found["sub"].replace(" ", "").lower()
        if kind == "annex" and found["point"]:
            sub = f"({found['point']}){(found['pointsub'] or '').replace(' ', '').lower()}"
        yield _Place(kind, number, sub)
        if found["last"] and number.isdigit() and int(number) < int(found["last"]) <= int(number) + 40:
            for one in range(int(number) + 1, int(found["last"]) + 1):
                yield _Place(kind, str(one), "")
    for found in _CODE.finditer(text):
        yield _Place("s", found["number"].lower(), "")
    for found in _CHINESE.finditer(text):
        yield _Place("art", found["number"], "")
    if not _PINPOINT.search(text) and not _CODE.search(text):
        for found in _BARE.finditer(text):
            yield _Place("s", found["number"].lower(), "")


def _written(place: _Place) -> str:
    names = {"art": "Art", "annex": "Annex", "recital": "Recital", "principle": "Principle", "chapter": "Chapter", "part": "Part"}
    number = place.number.upper() if place.kind == "annex" else place.number
    sub = place.sub
    if place.kind == "annex" and sub:
        head, _, rest = sub[1:].partition(")")
        sub = f" point {head}{rest}"
    return f"{names.get(place.kind, place.kind)} {number}{sub}"


def _unknown(text: str, words: Sequence[Word], laws: Sequence[Named], cited: Cited) -> None:
    spans = [(words[one.first].start, words[one.last].end) for one in laws]
    for form in (_UNKNOWN, _NUMBERED):
        for found in form.finditer(text):
            start, end = found.span()
            if form is _UNKNOWN:
                parts = found.group().split(" ")
                while parts and parts[0].lower() in _OPENERS:
                    start += len(parts[0]) + 1
                    parts = parts[1:]
                if len(parts) < 2:
                    continue
            if not any(start < other_end and other_start < end for other_start, other_end in spans):
                cited.unknown.append(Span(start, end, text[start:end]))
