"""Whose text a document is: the instrument of the registry with its CELEX number, its ELI, its citation or its title."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from kg_service import ids
from kg_service.errors import InputError, NotFoundError, Problem, nearest
from kg_service.imports.model import Document
from kg_service.model import Instrument, InstrumentId, Knowledge

_ELI_TAIL: Final = re.compile(r"/(oj|[0-9]{4}-[0-9]{2}-[0-9]{2})(/[a-z]{2,3})?/?$")
_NOISE: Final = re.compile(r"\b(part|parts|title|chapter|section|no)\b|[^a-z0-9]+")


def instrument_of(document: Document, knowledge: Knowledge) -> Instrument:
    """The instrument whose text ``document`` is.

    Raises:
        InputError: where none of the registry is, or several could be; says what the document calls itself.
    """
    named = document.identity
    ways: tuple[Callable[[Instrument], bool], ...] = (
        lambda one: named.celex is not None and one.celex == named.celex,
        lambda one: named.eli is not None and one.eli is not None and _eli(one.eli) == _eli(named.eli),
        lambda one: bool(_citations((*named.citations, named.work)) & _citations(one.citations)),
        lambda one: any(one.id.endswith(f"-{name}") for name in _numbered((*named.citations, named.work))),
        lambda one: ids.slug(named.title) in {ids.slug(one.title), ids.slug(one.short_title)} - {""},
    )
    for way in ways:
        found = [one for one in knowledge.instruments.values() if way(one)]
        if len(found) == 1:
            return found[0]
        if found:
            told = f"this text may be that of {' or '.join(one.id for one in found)}; name one with --instrument."
            raise InputError([Problem(document.source.name, "several-instruments", told)])
    told = f"no instrument of the registry is {_named(document)}; name one with --instrument, or load it as an own policy."
    raise InputError([Problem(document.source.name, "unknown-instrument", told, _near(document, knowledge))])


def instrument_named(name: str, knowledge: Knowledge, at: str = "--instrument") -> Instrument:
    """The instrument of that id, old id or CELEX number.

    Raises:
        NotFoundError: naming the nearest.
    """
    found = knowledge.instruments.get(InstrumentId(name))
    if found is not None:
        return found
    for one in knowledge.instruments.values():
        if name in one.aliases or (one.celex is not None and one.celex == name):
            return one
    raise NotFoundError("instrument", name[:100], nearest(name, knowledge.instruments))


def _eli(text: str) -> str:
    return _ELI_TAIL.sub("", text.strip().lower().replace("https:", "http:"))


def _citations(texts: Iterable[str]) -> set[str]:
    """Citations without the words in which one source differs from another: ``12 CFR Part 1002`` is ``12 CFR 1002``."""
    return {cited for text in texts if (cited := _NOISE.sub(" ", text.lower()).strip()) and any(c.isdigit() for c in cited)}


def _numbered(texts: Iterable[str]) -> set[str]:
    """The ends of ids that citations give: ``SS1/23`` is that of ``pra-ss1-23``."""
    return {ids.slug(text) for text in texts if any(c.isdigit() for c in text) and any(c.isalpha() for c in text)}


def _named(document: Document) -> str:
    named = document.identity
    return next((text for text in (named.celex, named.eli, *named.citations) if text), None) or repr(named.title[:80])


def _near(document: Document, knowledge: Knowledge) -> tuple[str, ...]:
    titles = {one.title.lower(): one.id for one in knowledge.instruments.values()}
    return tuple(str(titles[title]) for title in nearest(document.identity.title.lower(), titles))
