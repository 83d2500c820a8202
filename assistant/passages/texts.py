"""Passages of what is loaded: official texts word for word, and own policies in a class of trust of their own."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Final

from assistant.model import Passage, PassageId, PassageKind, Trust
from assistant.passages.names import name, trust_of, unique
from kg_service.errors import StoreError
from kg_service.imports.model import Document, Unit, UnitKind, UnitPath, printed
from kg_service.model import Knowledge
from kg_service.texts.joining import covering
from kg_service.texts.library import last_day
from kg_service.texts.policies import sections
from kg_service.texts.record import LoadedText
from kg_service.texts.register import Texts

_LOG: Final = logging.getLogger(__name__)
LONGEST: Final = 1_200  # characters: a unit that is longer with all below it is cut at its parts
_HOLDERS: Final = frozenset(
    {
        UnitKind.PREAMBLE, UnitKind.PART, UnitKind.SUBPART, UnitKind.TITLE, UnitKind.CHAPTER, UnitKind.SUBCHAPTER,
        UnitKind.ANNEX, UnitKind.APPENDIX,
    }
)  # fmt: skip
_LEFT_OUT: Final = frozenset({UnitKind.CITATION, UnitKind.CLOSING})


def text_passages(texts: Texts, knowledge: Knowledge) -> tuple[Passage, ...]:
    """The loaded official texts and own policies as passages, in the order of their keys; each id once.

    A text that cannot be read is left out, and the log says which.
    """
    found: dict[PassageId, Passage] = {}
    for text in texts.library.all().values():
        try:
            document = texts.library.document(text)
        except StoreError as error:
            _LOG.warning("the loaded text %s is not searched: %s", text.key, error)
            continue
        passages = _policy(texts, text, document) if text.is_policy else _official(texts, knowledge, text, document)
        for passage in passages:
            found.setdefault(passage.id, passage)
    return tuple(found.values())


def _official(texts: Texts, knowledge: Knowledge, text: LoadedText, document: Document) -> Iterator[Passage]:
    instrument = knowledge.instruments.get(text.instrument) if text.instrument is not None else None
    if instrument is None or text.instrument is None:
        _LOG.warning("the loaded text %s is of an instrument that the knowledge does not hold; it is not searched", text.key)
        return
    norms = covering(texts.cited, text.instrument, document)
    until = last_day(texts.library.versions(text.instrument), text)
    trust = trust_of(instrument.bindingness, instrument.type)
    for unit, words, paths in _pieces(document):
        above = document.ancestors(unit.path)
        place = [printed(each).partition("\n")[0] for each in (*reversed(above), unit) if each.number or each.heading]
        carried = [norm for path in (*paths, *(each.path for each in above)) for norm in norms.get(path, ())]
        id_ = name(PassageKind.TEXT_UNIT, text.key, unit.path)
        yield Passage(
            id=id_,
            kind=PassageKind.TEXT_UNIT,
            title=", ".join([instrument.short_title, *(_short(each) for each in place[-3:])]),
            text=words,
            trust=trust,
            iri=document.iri(unit.path),
            about=unit.path,
            instrument=instrument.id,
            provision=unit.path,
            official_url=instrument.url,
            jurisdiction=instrument.jurisdiction,
            applies_from=text.valid_from,
            applies_until=until,
            neighbours=unique((name(PassageKind.NORM, norm) for norm in carried if norm in knowledge.norms), id_),
            context=", ".join([instrument.short_title, *(each.heading for each in reversed(above) if each.heading)]),
        )


def _pieces(document: Document) -> Iterator[tuple[Unit, str, tuple[UnitPath, ...]]]:
    """Units that say something, whole where they are short, else their own words and then their parts; with the paths inside."""
    done: set[UnitPath] = set()
    for unit in document.units:
        if unit.path in done or unit.kind in _LEFT_OUT:
            continue
        below = [each.path for each in document.below(unit.path)]
        whole = document.text(unit.path) if unit.kind not in _HOLDERS else ""
        if whole and len(whole) <= LONGEST:
            done.update(below)
            yield unit, whole, tuple(below)
        elif unit.text:
            yield unit, printed(unit), (unit.path,)


def _policy(texts: Texts, text: LoadedText, document: Document) -> Iterator[Passage]:
    linked: dict[str, list[PassageId]] = {}
    try:
        candidates = texts.candidates()
    except StoreError:  # another policy is damaged; the log says which
        candidates = ()
    for one in candidates:
        if one.policy.key == text.key:
            about = name(PassageKind.CONTROL, one.control) if one.control else None
            about = about or (name(PassageKind.NORM, one.norm) if one.norm else None)
            if about is not None:
                linked.setdefault(one.section.path, []).append(about)
    for section in sections(document):
        id_ = name(PassageKind.POLICY, text.key, section.path)
        yield Passage(
            id=id_,
            kind=PassageKind.POLICY,
            title=f"{text.name}: {section.heading}" if section.heading else text.name,
            text=section.text,
            trust=Trust.OWN_POLICY,
            iri=section.iri,
            about=section.path,
            applies_from=text.valid_from,
            applies_until=text.valid_until,
            neighbours=unique(linked.get(section.path, ()), id_),
            context=text.name,
        )


def _short(line: str) -> str:
    return line if len(line) <= 80 else line[:79].rsplit(" ", 1)[0] + "…"
