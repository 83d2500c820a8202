"""``sextant export``: graph, ontology or conditions in the formats that other tools read; same knowledge, same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kg_service import ids
from kg_service.exports.documents import Documents
from kg_service.exports.formats import FORMS, written
from kg_service.knowledge.build import load

_ALL: Final = tuple(FORMS)
_ONE_GRAPH: Final = tuple(name for name, form in FORMS.items() if name == "jsonld" or not form.graphs)
# What can be exported, and in which formats; the first format is taken where none is named.
CONTENTS: Final = {
    "graph": ("trig", *(name for name in _ALL if name != "trig")),
    "ontology": _ONE_GRAPH,
    "conditions": _ONE_GRAPH,
}


def exported(root: Path, cache: Path | None, content: str, name: str) -> bytes:
    """One of ``CONTENTS`` of the knowledge under ``root`` in the format ``name``.

    ``graph`` is everything; formats without named graphs join them. ``ontology`` is the vocabulary with the decisions, in one
    file that imports nothing. ``conditions`` are the conditions of the law as OWL 2 DL classes.
    """
    built = load(root, cache)
    form = FORMS[name]
    if content == "graph":
        return written(built.store.quads(), form)
    documents = Documents(built.store, built.knowledge)
    if content == "conditions":
        return documents.conditions(form)
    return documents.of(ids.ONTOLOGY, form) or b""
