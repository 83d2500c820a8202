"""What the commands of ``sextant dossier`` do between their options and what they print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from kg_service.applicability.facts import plain_facts
from kg_service.audit.opening import open_journal, open_of
from kg_service.commands.session import Session, open_session
from kg_service.deployment import Deployment
from kg_service.dossiers.commands import AddEvidence, Command, CreateDossier, SetFacts
from kg_service.dossiers.guards import Ground
from kg_service.dossiers.model import Dossier, EvidenceKind
from kg_service.dossiers.service import Dossiers, open_dossiers
from kg_service.dossiers.shelf import chunks_of, type_of
from kg_service.errors import DocumentError, InputError, Problem
from kg_service.people.model import LOCAL


@dataclass(frozen=True, slots=True)
class Desk:
    """The dossiers of this installation, with the local user at work on them."""

    session: Session
    dossiers: Dossiers

    def do(self, dossier_id: str, command: Command) -> Dossier:
        """The dossier after the command, whatever version it was at."""
        done = self.dossiers.change(LOCAL, dossier_id, command)
        if not isinstance(done, Dossier):
            raise TypeError(done)
        return done

    def create(self, command: CreateDossier) -> Dossier:
        made = self.dossiers.create(LOCAL, command)
        if not isinstance(made, Dossier):
            raise TypeError(made)
        return made

    def seen(self, dossier_id: str, as_of: date | None) -> tuple[Dossier, Ground]:
        """The dossier as it stands, or as it will stand on that day."""
        ground = self.dossiers.ground(as_of)
        return self.dossiers.seen(dossier_id, ground, elsewhen=as_of is not None), ground


@contextmanager
def desk(root: Path | None) -> Iterator[Desk]:
    """The dossiers, open; closed again afterwards.

    Raises:
        DatabaseError: where the database cannot be used.
        InputError: where the institution's criteria or policy are wrong.
    """
    session = open_session(root)
    database = open_of(session.settings)
    try:
        journal = open_journal(session.settings, database, session.knowledge.version)
        try:
            yield Desk(session, open_dossiers(session.settings, database, journal, session.evaluator))
        finally:
            journal.close()
    finally:
        database.close()


def creation(
    deployment: Deployment, name: str | None, dossier_id: str | None, owner: str | None, because: str | None
) -> CreateDossier:
    """The command that makes a dossier of a deployment file."""
    return CreateDossier(
        dossier_id or "",
        name or deployment.name,
        owner,
        deployment.description,
        deployment.as_of,
        plain_facts(deployment.facts),
        {str(control): record for control, record in deployment.controls.items()},
        because,
    )


def answers_to_facts(pairs: Sequence[str], withdraw: Sequence[str], from_file: Deployment | None) -> SetFacts:
    """``fact=term,term`` pairs, a file's facts under them, and withdrawn ones.

    Raises:
        InputError: where a word is no pair, or a fact is both answered and withdrawn.
    """
    values: dict[str, Any] = {} if from_file is None else dict(plain_facts(from_file.facts))
    problems = []
    for pair in pairs:
        name, sign, value = pair.partition("=")
        if not sign or not name.strip():
            problems.append(Problem("FACT", "not-a-pair", f"write fact=term or fact=term,term, not {pair[:60]!r}."))
            continue
        terms = [term.strip() for term in value.split(",") if term.strip()]
        values[name.strip()] = terms[0] if len(terms) == 1 else terms
    for name in withdraw:
        if any(pair.partition("=")[0].strip() == name for pair in pairs):
            problems.append(Problem("--withdraw", "answered-twice", f"{name!r} is answered and withdrawn at once."))
        values[name] = None
    if problems:
        raise InputError(problems)
    return SetFacts(values)


def add_file(desk: Desk, dossier_id: str, path: Path, title: str | None, decisions: tuple[int, ...]) -> Dossier:
    """The dossier with that file as evidence.

    Raises:
        DocumentError: where it cannot be read, is empty or too large.
    """
    about = AddEvidence(EvidenceKind.FILE, title or path.name, decisions, name=path.name[:200], media_type=type_of(path.name))
    try:
        with path.open("rb") as file:
            done = desk.dossiers.add_file(LOCAL, dossier_id, chunks_of(file), about)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "this is no name of a file"
        raise DocumentError([Problem(repr(str(path))[:200], "unreadable", f"the file cannot be read: {why}.")]) from error
    if not isinstance(done, Dossier):
        raise TypeError(done)
    return done


def plan_in(raw: object) -> Any:
    """A pilot's plan as a file gives it: alone, or under ``plan``."""
    return raw["plan"] if isinstance(raw, Mapping) and "plan" in raw else raw


def results_in(raw: object) -> tuple[Any, ...]:
    """A pilot's results as a file gives them: a list, or under ``results``."""
    listed = raw.get("results") if isinstance(raw, Mapping) else raw
    if not isinstance(listed, list):
        raise InputError([Problem("/results", "not-a-list", "results are a list.")])
    return tuple(listed)
