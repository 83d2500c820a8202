"""Reads ``regulations/`` into the typed model; all problems of all files are found at once."""

from __future__ import annotations

import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from kg_service.applicability.condition import qualifications_of
from kg_service.errors import KnowledgeError, Problem
from kg_service.knowledge.draft import Draft, check_aliases, check_references
from kg_service.knowledge.interpretations import read_interpretations
from kg_service.knowledge.law import declare_qualifications, read_article, read_instrument, read_qualification
from kg_service.knowledge.version import content_version
from kg_service.knowledge.vocabulary import (
    read_bearers,
    read_controls,
    read_events,
    read_facts,
    read_framework,
    read_jurisdictions,
    read_risks,
)
from kg_service.model import InstrumentId, Knowledge

_SINGLE = ("facts.yaml", "jurisdictions.yaml", "events.yaml", "bearers.yaml", "risks.yaml")
_FAMILIES = ("controls", "frameworks", "qualifications", "interpretations")
_NO_ARTICLES = ("instrument.yaml", "qualifications.yaml", "interpretations.yaml")


def read(root: Path) -> Knowledge:
    """The knowledge that the files under ``root`` hold.

    Raises:
        KnowledgeError: with every problem found, each with file and line.
    """
    draft = drafted(root)
    if draft.problems:
        raise KnowledgeError(in_order(draft.problems))
    return knowledge_of(draft, content_version(root))


def _as_printed(path: Path) -> tuple[bool, list[tuple[int, str]]]:
    """Articles as the law prints them: by number (9 before 10), annexes, appendices and recitals behind."""
    behind = path.stem.startswith(("annex", "app-", "recital"))
    parts = re.split(r"(\d+)", path.stem)
    return behind, [(int(part), "") if part.isdigit() else (-1, part) for part in parts]


def drafted(root: Path) -> Draft:
    """Everything that could be understood, with every problem met on the way."""
    draft = Draft(root)
    law = root / "regulations"
    if not law.is_dir():
        draft.wrong("regulations:1", "missing-file", f"there is no folder 'regulations' in {root.name!r}.")
        return draft
    _read_vocabulary(draft, law)
    folders = sorted(path.parent for path in law.glob("*/*/instrument.yaml"))
    for folder in folders:
        read_instrument(draft, folder / "instrument.yaml")
    families = [*sorted((law / "qualifications").glob("*.yaml")), *sorted(law.glob("*/*/qualifications.yaml"))]
    waiting = [entry for path in families for entry in declare_qualifications(draft, path)]
    for raw, place in waiting:
        read_qualification(draft, raw, place)
    for folder in folders:
        for path in sorted(folder.glob("*.yaml"), key=_as_printed):
            if path.name not in _NO_ARTICLES:
                read_article(draft, path, InstrumentId(folder.name))
    for path in [*sorted((law / "interpretations").glob("*.yaml")), *sorted(law.glob("*/*/interpretations.yaml"))]:
        read_interpretations(draft, path)
    _check_places(draft, law)
    check_references(draft)
    check_aliases(draft)
    _check_cycles(draft)
    return draft


def knowledge_of(draft: Draft, version: str) -> Knowledge:
    """What was understood, as knowledge of that version."""
    return Knowledge(
        version=version,
        facts=draft.facts,
        jurisdictions=draft.jurisdictions,
        events=draft.events,
        bearers=draft.bearers,
        instruments=draft.instruments,
        provisions=draft.provisions,
        qualifications=draft.qualifications,
        norms=draft.norms,
        controls=draft.controls,
        risks=draft.risks,
        frameworks=draft.frameworks,
        interpretations=draft.interpretations,
    )


def in_order(problems: list[Problem]) -> list[Problem]:
    """``problems`` without repetition, by file and line."""

    def key(problem: Problem) -> tuple[str, int, str]:
        file, _, line = problem.where.rpartition(":")
        return file, int(line) if line.isdigit() else 0, problem.code

    return sorted(dict.fromkeys(problems), key=key)


def _read_vocabulary(draft: Draft, law: Path) -> None:
    for name in _SINGLE:
        if not (law / name).is_file():
            draft.wrong(f"regulations/{name}:1", "missing-file", f"there is no file 'regulations/{name}'.")
    read = {
        "jurisdictions.yaml": read_jurisdictions,
        "facts.yaml": read_facts,
        "events.yaml": read_events,
        "bearers.yaml": read_bearers,
        "risks.yaml": read_risks,
    }
    for name, reader in read.items():
        if (law / name).is_file():
            reader(draft, law / name)
    for path in sorted((law / "frameworks").glob("*.yaml")):
        read_framework(draft, path)
    for path in sorted((law / "controls").glob("*.yaml")):
        read_controls(draft, path)


def _check_places(draft: Draft, law: Path) -> None:
    """Every file that no reader would look at is noted: a law in the wrong place must not be lost in silence."""
    for path in sorted(law.rglob("*")):
        parts = path.relative_to(law).parts
        if path.is_dir() or any(part.startswith(".") or part.endswith("~") for part in parts) or path.name == "README.md":
            continue
        expected = (
            (len(parts) == 1 and path.name in _SINGLE)
            or (len(parts) == 2 and parts[0] in _FAMILIES)
            or (len(parts) == 3 and (path.parent / "instrument.yaml").is_file())
            or (len(parts) == 4 and parts[2] == "scenarios" and (path.parent.parent / "instrument.yaml").is_file())
        )
        if not expected or path.suffix != ".yaml":
            draft.wrong(f"{draft.name(path)}:1", "unexpected-file", "no file of this name is read here; see docs/regulations.md.")


def _check_cycles(draft: Draft) -> None:
    """Every circle in which qualifications rest on one another is noted, at one of its members."""
    rests: dict[str, set[str]] = {}
    for found in draft.qualifications.values():
        conditions = [found.when, *([found.unless] if found.unless else [])]
        rests[found.id] = {name for part in conditions for name in qualifications_of(part)}
    while True:
        try:
            TopologicalSorter({name: sorted(rests[name]) for name in sorted(rests)}).prepare()
        except CycleError as error:
            circle: list[str] = list(error.args[1])
            first = min(circle)
            place = draft.known("qualification")[first]
            draft.wrong(place, "qualification-cycle", f"qualifications rest on one another in a circle: {' <- '.join(circle)}.")
            rests[first] = set()
        else:
            return
