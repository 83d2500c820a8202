"""Filters of lists that several resources share: a place with all places in it, and values that must exist."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from fastapi import Query

from kg_service.errors import InputError, Problem, nearest
from kg_service.model import Knowledge

JurisdictionParam = Annotated[
    str | None, Query(description="Id of a jurisdiction; places below it count too (`us` includes `us-ny`).", examples=["eu"])
]
DecisionParam = Annotated[int | None, Query(ge=1, le=6, description="One of the six decisions.")]


def places(knowledge: Knowledge, jurisdiction: str | None) -> frozenset[str] | None:
    """The jurisdiction and all places below it; None where all are meant.

    Raises:
        InputError: where there is no such jurisdiction.
    """
    if jurisdiction is None:
        return None
    known = {item.jurisdiction for item in knowledge.instruments.values()} | set(knowledge.jurisdictions)
    check("jurisdiction", jurisdiction, known)
    found = {jurisdiction}
    grown = True
    while grown:
        below = {term.id for term in knowledge.jurisdictions.values() if term.parent in found}
        grown = not below <= found
        found |= below
    return frozenset(found)


def check(name: str, given: str | None, choices: Iterable[str]) -> None:
    """Nothing where ``given`` is None or one of ``choices``.

    Raises:
        InputError: naming the nearest of them.
    """
    known = set(choices)
    if given is not None and given not in known:
        message = f"there is no {name} {given[:60]!a}."
        raise InputError([Problem(f"query parameter {name}", f"unknown-{name}", message, nearest(given, known))])
