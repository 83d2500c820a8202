"""What the files in ``language/`` say once they are compiled: rules, habits, names. Frozen, but for the collection itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from assistant.understanding.graph import EMPTY, Graph
from kg_service.model import FactId, TermId

SLOT: Final = ""  # the value is what the slot of the pattern holds


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a pattern says of one fact. ``value`` is a term, a flag, :data:`SLOT`, or ``()`` for "none of these"."""

    fact: FactId
    value: bool | str | tuple[()]
    number: str | None = None  # how the number in the slot is read
    weak: bool = False  # holds only where nothing stronger is said of the fact
    denied: bool = False  # the pattern itself says that it is not so
    only_denied: bool = False  # the words count only where they are denied or doubted


@dataclass(frozen=True, slots=True)
class Rule:
    """``group`` is fact, mask (words that say nothing), cue, intent or premise; ``plain`` patterns have no gap."""

    group: str
    plain: bool
    means: tuple[Meaning, ...] = ()
    name: str = ""
    where: str = ""


@dataclass(frozen=True, slots=True)
class Habit:
    """How mentions of a fact are taken: whether one answers it, what leaves it open, which mentions alone answer nothing."""

    mentions: str = "complete"
    open_terms: tuple[TermId, ...] = ()
    holds: frozenset[str] = frozenset()
    silenced_by: frozenset[str] = frozenset()
    or_is_doubt: bool = False
    carries: tuple[FactId, ...] = ()  # facts that no longer hold when this one changes


@dataclass(frozen=True, slots=True)
class Implied:
    """What follows by the definitions of the terms: every fact of ``when`` read with one of its terms gives ``means``."""

    when: Mapping[FactId, frozenset[str]]
    means: tuple[Meaning, ...]
    unless_any: frozenset[str]
    instead: bool = False  # the terms of ``when`` that are of the fact of ``means`` are taken back


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A name of places: a ``noun``, an ``adjective`` or ``people``; ``unsure`` where it is wider than the law's places."""

    terms: tuple[TermId, ...]
    form: str
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class LawName:
    """A name of law: an instrument of the graph, or a topic in it; or, without either, law that the graph does not hold."""

    instrument: str | None = None
    norms: tuple[str, ...] = ()
    qualification: str | None = None
    kind: str = "instrument"


Nearby: TypeAlias = Mapping[str, frozenset[str]]


@dataclass(slots=True)
class Language:
    """Everything that the files say, compiled: ``names`` finds places and law first, ``patterns`` then the rest.

    ``remarks`` say what is odd in the files and changes no reading.
    """

    names: Graph = EMPTY
    patterns: Graph = EMPTY
    name_rules: list[PlaceName | LawName | None] = field(default_factory=list)  # None: a name that is neither
    rules: list[Rule] = field(default_factory=list)
    habits: dict[FactId, Habit] = field(default_factory=dict)
    implied: list[Implied] = field(default_factory=list)
    barriers: frozenset[str] = frozenset()
    fillers: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()
    foreign: dict[str, frozenset[str]] = field(default_factory=dict)
    subjects_of_law: tuple[str, ...] = ()
    nearby: Nearby = field(default_factory=lambda: defaultdict(frozenset))  # what words around a place tell of it
    remarks: tuple[str, ...] = ()
