"""A dossier in every format that people and machines read: one document, several writers. A new format is one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kg_service.dossiers.guards import Ground
from kg_service.dossiers.model import Dossier
from kg_service.exports.dossier_annexes import evidence_table, obligation_table
from kg_service.exports.dossier_content import Content, gathered
from kg_service.exports.dossier_document import document
from kg_service.exports.dossier_tools import pathway_table


@dataclass(frozen=True, slots=True)
class DossierFormat:
    """How a format is called, sent and written."""

    name: str
    media_type: str
    suffix: str
    written: Callable[[Content], bytes]


def _docx(content: Content) -> bytes:
    from kg_service.exports.dossier_docx import as_docx

    return as_docx(document(content))


def _xlsx(content: Content) -> bytes:
    from kg_service.exports.dossier_xlsx import as_xlsx

    pathways = pathway_table(content)
    more = (obligation_table(content), evidence_table(content), *(() if pathways is None else (pathways,)))
    return as_xlsx(document(content), more)


def _markdown(content: Content) -> bytes:
    from kg_service.exports.dossier_markdown import as_markdown

    return as_markdown(document(content))


def _jsonld(content: Content) -> bytes:
    from kg_service.exports.dossier_jsonld import as_jsonld

    return as_jsonld(content)


_OFFICE: Final = "application/vnd.openxmlformats-officedocument"
DOSSIER_FORMATS: Final[Mapping[str, DossierFormat]] = {
    one.name: one
    for one in (
        DossierFormat("docx", f"{_OFFICE}.wordprocessingml.document", "docx", _docx),
        DossierFormat("xlsx", f"{_OFFICE}.spreadsheetml.sheet", "xlsx", _xlsx),
        DossierFormat("markdown", "text/markdown; charset=utf-8", "md", _markdown),
        DossierFormat("jsonld", "application/ld+json", "jsonld", _jsonld),
    )
}


def rendered(dossier: Dossier, ground: Ground, root: Path, head: tuple[int, str], form: str, data: Path | None = None) -> bytes:
    """The dossier as a document in one of :data:`DOSSIER_FORMATS`; ``head`` is the last event of the audit trail (seq, hash).

    Raises:
        KeyError: where there is no such format.
    """
    return DOSSIER_FORMATS[form].written(gathered(dossier, ground, root, head, data))
