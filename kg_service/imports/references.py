"""Cross-references and definitions of a loaded text: what each citation means where it stands, and whether it exists.

A citation of this act is resolved to paths that :meth:`Document.text` reads; one of another act keeps the addresses as written,
with the CELEX number of that act. What is cited and not found is listed, never guessed. Words quoted for another act, and
articles that amend one, cite that act. Tables are left out: correlation tables cite two acts at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import takewhile

from kg_service.imports.citations import RANK, THAT, THIS, Citation, Cited, Target, citations
from kg_service.imports.eu_identity import Named, named_at, named_in
from kg_service.imports.model import Document, Unit, UnitKind, UnitPath
from kg_service.imports.whereabouts import Whereabouts, address

_OF_ACT = re.compile(
    r"\s*,?\s*(?:respectively\s*,?\s*)?(?:of|to|in|under|from|annexed to|laid down by)?\s*(?:the\s+)?", re.IGNORECASE
)
_OWN = re.compile(r"(?:of|to|in)\s+this\s+(?:Regulation|Directive|Decision)\b")
_SAID = re.compile(
    r"\s*,?\s*(?:respectively\s*,?\s*)?(?:of|to|in|under)\s+(?:that|those|the said|the same)\s+(?:\w+\s+)?"
    r"(?:Regulation|Directive|Decision|Recommendation|Treat|Charter|Protocol)\w*"
)
_THEREOF = re.compile(r"\s*,?\s*thereof\b")
_JOINED = re.compile(
    r"^\s*[,;]?\s*(?:and/or|and|or|to|as well as|with the exception of|except(?: for)?|including|in particular)?"
    r"\s*(?:with|in|of|under|by)?\s*(?:the\s+)?$"
)
_AMENDED = re.compile(r"\b(?:is|are|shall be) amended as follows|^Amendments?\s+(?:to|of)\b|^Amending\b", re.IGNORECASE)
_INSERTED = re.compile(
    r"\b(?:the following (?:sub)?(?:paragraph|point|Article|Annex|Section|Chapter|indent|sentence)s?\b.{0,40}"
    r"\b(?:added|inserted)|(?:is|are) (?:replaced|deleted)|replaced by the following)"
)
_IN_TITLE = re.compile(r"\b(?:amending|repealing|supplementing|annulling)\b")
_LISTED = re.compile(
    r"(?:^|\bprovisions?\s+(?:\w+\s+){0,3}(?:of|in)\s+)(?:in\s+|with regard to\s+|as regards\s+)?"
    r"(?:Regulation|Directive|Decision)\b[^:]{0,120}:$"
)
_TERM = re.compile(r"^[‘“]([^’”]{2,120})[’”]")
_MEANS = re.compile(r"\b(?:means?|shall mean|refers to)\b")
_WHOLE = ("art", "annex", "chapter", "title", "part", "section", "recital")


@dataclass(frozen=True, slots=True)
class Reference:
    """A citation in the text of a unit, ``text[start:end]``.

    ``acts`` names the acts cited, by CELEX number or name, and is empty for this act. ``targets`` are paths of this document
    where it is this act's, else addresses as written; ``missing`` are addresses of this act that lead nowhere.
    """

    at: UnitPath
    start: int
    end: int
    words: str
    acts: tuple[str, ...]
    targets: tuple[UnitPath, ...]
    missing: tuple[UnitPath, ...] = ()

    @property
    def internal(self) -> bool:
        return not self.acts


@dataclass(frozen=True, slots=True)
class Definition:
    """A term with the unit that defines it."""

    term: str
    at: UnitPath


def definitions(document: Document) -> tuple[Definition, ...]:
    """The terms that the text defines: a unit that opens with the term in quotation marks and says what it means."""
    found: list[Definition] = []
    for unit in document.units:
        if unit.kind in (UnitKind.QUOTED, UnitKind.TABLE) or "quoted-" in unit.path:
            continue
        text, terms = unit.text, []
        while (match := _TERM.match(text)) is not None:
            terms.append(match[1].strip())
            text = re.sub(r"^\s*(?:\([^)]*\)\s*)?(?:,|or|and)\s*", "", text[match.end() :])
        if terms and _MEANS.search(unit.text[:400]):
            found.extend(Definition(term, unit.path) for term in terms)
    return tuple(found)


def references(document: Document) -> tuple[Reference, ...]:
    """Every citation in the document, resolved as far as it can be."""
    whereabouts = Whereabouts(document)
    found: list[Reference] = []
    for unit in document.units:
        if unit.text and unit.kind not in (UnitKind.TABLE, UnitKind.TITLE_OF_ACT, UnitKind.CLOSING):
            found.extend(_of_unit(document, whereabouts, unit))
    return tuple(found)


def unresolved(found: Iterable[Reference]) -> tuple[Reference, ...]:
    """Those that cite something of this act that is not there."""
    return tuple(reference for reference in found if reference.missing)


def _of_unit(document: Document, whereabouts: Whereabouts, unit: Unit) -> list[Reference]:
    text = unit.text
    chains = [chain for chain in _shared(text, list(citations(text))) if not _idiom(unit, chain)]
    if not chains:
        return []
    named = named_in(text)
    default = _amended_act(document, unit)
    acts = _acts_of(text, chains, named, default, document.identity.celex)
    found: list[Reference] = []
    before: tuple[Citation, tuple[str, ...]] | None = None
    cited: Target = _amended_place(document, unit) if default else ()
    place = cited
    cited_of: tuple[str, ...] = default
    for chain, of in zip(chains, acts, strict=True):
        near = before is not None and _JOINED.match(text[before[0].end : chain.start]) is not None
        if (
            before is not None
            and chain.top not in _WHOLE
            and ((near and of == default) or _of_the_one_before(text, before[0], chain, named))
        ):
            near, of = True, before[1]
        if chain.cited[0].first[0][1] == THAT and of == default and _upto(cited, chain.top):
            of = cited_of
        reached: list[UnitPath] = []
        missing: list[UnitPath] = []
        context = cited if near else (place if of == default else ())
        for one in chain.cited:
            full = _completed(one, context, cited)
            if of:
                reached.extend(_as_written(full))
            else:
                paths, lost = whereabouts.resolve(unit, full)
                reached.extend(paths)
                missing.extend(lost)
        words = text[chain.start : chain.end]
        found.append(Reference(unit.path, chain.start, chain.end, words, of, tuple(reached), tuple(missing)))
        cited = _completed(chain.cited[-1], context, cited).first
        before, cited_of = (chain, of), of
    return found


def _idiom(unit: Unit, chain: Citation) -> bool:
    """``up to this point`` cites nothing."""
    level, number = chain.cited[0].first[0]
    return (
        number == THIS
        and level in ("pt", "part", "title")
        and f"{level}-" not in f"/{unit.path}"
        and unit.kind is UnitKind.RECITAL
    )


def _of_the_one_before(text: str, before: Citation, chain: Citation, named: tuple[Named, ...]) -> bool:
    """``Annex XI, in particular points 2 and 3 thereof``: no act is named since, so the annex is meant."""
    since = any(before.end <= name.start and name.end <= chain.start for name in named)
    return _THEREOF.match(text, chain.end) is not None and not since


def _shared(text: str, chains: list[Citation]) -> list[Citation]:
    """``Section B, points 1 to 5, and points 8 and 9 of Annex VIII``: what a list names at its end holds for all of it."""
    for index in range(len(chains) - 2, -1, -1):
        chain, following = chains[index], chains[index + 1]
        target, whole = chain.cited[-1].first, following.cited[0].first
        listed = re.fullmatch(r"\.?\s*,?\s*(?:and|or)?\s*", text[chain.end : following.start]) is not None
        listed = listed and not text.startswith(
            ("A", "S", "C", "T", "Part"), following.start
        )  # ends with the whole, does not start so
        alike = target[-1][0] == whole[-1][0] or (whole[0][0] == "annex" and target[0][1][0].isdigit())
        if not listed or not alike or chain.top in ("art", "annex", "recital") or RANK[whole[0][0]] >= RANK[chain.top]:
            continue
        outer = tuple(takewhile(lambda step: RANK[step[0]] < RANK[chain.top], whole))  # noqa: B023
        between = {"part", "title", "chapter", "section"} - {step[0] for step in whole}
        inner = tuple(step for step in target[:-1] if step[0] in between)
        chains[index] = _prefixed(chain, outer, 0)
        chains[index + 1] = _prefixed(following, inner, len(outer))
    return chains


def _prefixed(chain: Citation, steps: Target, at: int) -> Citation:
    def put(target: Target) -> Target:
        return (*target[:at], *steps, *target[at:])

    return Citation(
        chain.start, chain.end, tuple(Cited(put(one.first), None if one.last is None else put(one.last)) for one in chain.cited)
    )


def _completed(one: Cited, context: Target, latest: Target) -> Cited:
    """A chain that only goes on with the one before it (``..., and point (c)``, ``that Article``), with what it leaves out."""
    level, number = one.first[0]
    if number == THAT:
        kept = _upto(latest, level)
        rest = one.first[1:]
        return Cited((*kept, *rest) if kept else one.first, None)
    if number == THIS or not context:
        return one
    if level in _WHOLE:
        inside = level not in ("art", "annex", "recital") and context[0][0] == "annex"
        return Cited((context[0], *one.first), one.last and (context[0], *one.last)) if inside else one
    kept = tuple(step for step in context if RANK[step[0]] < RANK[level])
    if not kept or (kept == context and RANK[context[-1][0]] >= RANK[level]):
        return one
    return Cited((*kept, *one.first), None if one.last is None else (*kept, *one.last))


def _upto(latest: Target, level: str) -> Target:
    levels = [step[0] for step in latest]
    return latest[: len(levels) - levels[::-1].index(level)] if level in levels else ()


def _as_written(one: Cited) -> list[UnitPath]:
    first = address(one.first)
    if one.last is None:
        return [first]
    (head, low), (_, high) = one.first[-1], one.last[-1]
    if low.isdigit() and high.isdigit() and int(low) <= int(high) <= int(low) + 300:
        return [address((*one.first[:-1], (head, str(number)))) for number in range(int(low), int(high) + 1)]
    if len(low) == len(high) == 1 and low <= high:
        return [address((*one.first[:-1], (head, chr(code)))) for code in range(ord(low), ord(high) + 1)]
    return [first, address(one.last)]


# --- which act ---------------------------------------------------------------------------------------------------------


def _acts_of(
    text: str, chains: list[Citation], named: tuple[Named, ...], default: tuple[str, ...], own: str | None
) -> list[tuple[str, ...]]:
    """The acts that each chain cites; empty for this act. In a list the act that follows the last one is that of all."""
    acts: list[tuple[str, ...] | None] = [_act_after(text, chain, named, default) for chain in chains]
    for index in range(len(chains) - 2, -1, -1):
        following = acts[index + 1]
        gap = text[chains[index].end : chains[index + 1].start]
        listed = _JOINED.match(gap) is not None and chains[index].top in _WHOLE and chains[index + 1].top in _WHOLE
        if acts[index] is None and listed and following is not None:
            acts[index] = following
    return [() if act is not None and own in act and len(act) == 1 else (default if act is None else act) for act in acts]


def _act_after(text: str, chain: Citation, named: tuple[Named, ...], default: tuple[str, ...]) -> tuple[str, ...] | None:
    """The acts named right after a chain; () where it says that it is this act; None where it says nothing."""
    if chain.cited[0].first[0][1] == THIS:
        return default
    said = _SAID.match(text, chain.end)
    thereof = _THEREOF.match(text, chain.end)
    if said is not None or thereof is not None:
        before = [name for name in _main(text, named) if name.end <= chain.start]
        after = [name for name in named if name.start >= chain.end]
        chosen = before[-1:] or (after[:1] if thereof is None else [])
        return chosen[0].acts if chosen else ("that act",)
    of = _OF_ACT.match(text, chain.end)
    if of is None:
        return None
    words = text[chain.end : of.end() + 20]
    if _OWN.match(words.strip(" ,")):
        return default
    follows = named_at(text, of.end())
    return follows.acts if follows is not None and follows.acts and of.end() > chain.end else None


def _main(text: str, named: tuple[Named, ...]) -> list[Named]:
    """The acts named for themselves: not those that the title of another says it amends or repeals."""
    found: list[Named] = []
    for name in named:
        since = text[found[-1].end : name.start] if found else ""
        if not (_IN_TITLE.search(since) and not re.search(r"\(OJ|[;.]\s", since)):
            found.append(name)
    return found


def _amended_place(document: Document, unit: Unit) -> Target:
    """The article or annex of the other act into which the words go: named where the change is announced, or quoted with them."""
    for part in reversed(unit.path.partition("quoted-")[2].split("/")[1:]):
        level, _, number = part.partition("-")
        if level in ("art", "annex"):
            return ((level, number),)
    for above in document.ancestors(unit.path):
        for chain in citations(above.text):
            whole = chain.cited[0].first[0]
            if whole[0] in ("art", "annex") and whole[1] not in (THIS, THAT):
                return (whole,)
    return ()


def _amended_act(document: Document, unit: Unit) -> tuple[str, ...]:
    """The act whose words a unit gives or changes; empty where it speaks of its own."""
    for above in document.ancestors(unit.path):  # "the following provisions of Regulation X:", then a list
        listed = _LISTED.search(above.text)
        acts = [name.acts for name in named_in(above.text) if listed is not None and name.start >= listed.start()]
        if acts:
            return acts[0]
    quoted = "quoted-" in unit.path
    for above in (unit, *document.ancestors(unit.path)):
        for line in (above.text, above.heading or ""):
            if _AMENDED.search(line):
                acts = [name.acts for name in named_in(line) if name.acts[0][0].isdigit()]
                if acts:
                    return acts[0]
    if quoted:
        for above in document.ancestors(unit.path):
            if _INSERTED.search(above.text):
                acts = [name.acts for name in named_in(above.text) if name.acts[0][0].isdigit()]
                if acts:
                    return acts[0]
        return ("another act",)
    return ()
