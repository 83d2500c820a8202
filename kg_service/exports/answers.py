"""Statements that a query gives, as a document."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from kg_service.exports.formats import FORMS, written


def as_turtle(triples: Iterable[ox.Triple]) -> bytes:
    """The statements as Turtle for readers."""
    return written((ox.Quad(one.subject, one.predicate, one.object) for one in triples), FORMS["turtle"])
