"""One round of the watch: whatever no longer rests on today's law, day and facts is evaluated again, and what changed is kept.

A round takes its subjects in portions; each portion is read, evaluated and written in one transaction with its event in the audit
trail, so that several processes may run at once and a round that was cut off goes on where it stopped.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import orjson
import sqlalchemy as sa

from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import Answer, Facts, parse_facts
from kg_service.audit.event import Draft
from kg_service.audit.journal import Journal
from kg_service.dossiers.codec import loads
from kg_service.errors import InputError
from kg_service.model import FactId, Knowledge
from kg_service.people.model import SYSTEM
from kg_service.watch import register, webhooks
from kg_service.watch.differences import Before, Subject, evaluated
from kg_service.watch.model import Notice
from kg_service.watch.rows import packed

PORTION: Final = 10_000
_ANSWERS: Final = 200_000
_KINDS: Final = (register.DOSSIER, register.DEPLOYMENT)
Told = Callable[[str], None]
Follower = Callable[[Sequence[Notice]], None]


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did. ``notices`` counts the subjects for which something changed, ``first`` those never evaluated before."""

    day: date
    knowledge: str
    evaluated: int
    first: int
    notices: int
    changes: int


class _Reading:
    """Reads kept facts as the present law understands them; an answer that it no longer knows counts as unanswered.

    Answers repeat: each distinct one is read once.
    """

    def __init__(self, knowledge: Knowledge) -> None:
        self._schema = knowledge.facts
        self._known: dict[tuple[str, object, type], Facts] = {}

    def of(self, text: str) -> Facts:
        found: dict[FactId, Answer] = {}
        known = self._known
        for fact, value in orjson.loads(text).items():
            key = (fact, tuple(value) if type(value) is list else value, type(value))
            answer = known.get(key)
            if answer is None:
                answer = self._read(key, fact, value)
            found.update(answer)
        return found

    def _read(self, key: tuple[str, object, type], fact: str, value: object) -> Facts:
        if len(self._known) >= _ANSWERS:
            self._known.clear()
        try:
            answer = parse_facts(self._schema, {fact: value})
        except InputError:
            answer = {}
        self._known[key] = answer
        return answer


class _UndoneError(Exception):
    """A rehearsal leaves nothing behind."""


class Watch:
    """Evaluates what is stored. Safe in threads and processes."""

    def __init__(self, journal: Journal, evaluator: Evaluator, clock: Callable[[], datetime], portion: int = PORTION) -> None:
        self.journal, self.database, self.evaluator = journal, journal.database, evaluator
        self._clock, self._portion = clock, portion
        self._facts = _Reading(evaluator.knowledge)
        self._followers: list[Follower] = []

    def follow(self, follower: Follower) -> None:
        """``follower`` hears of the notices after they are kept."""
        self._followers.append(follower)

    def round(self, day: date, tell: Told | None = None) -> Round:
        """Every dossier and stored deployment is evaluated for that day with the present law; what changed is kept.

        Raises:
            DatabaseError: where the database cannot be used; what was done until then stays.
        """
        with self.database.changing() as connection:
            register.keep_order(connection, self.evaluator.knowledge.version, list(self.evaluator.knowledge.norms))
            register.forget_removed(connection)
        total = Round(day, self.evaluator.knowledge.version, 0, 0, 0, 0)
        for kind in _KINDS:
            after = ""
            while True:
                with self.database.changing() as connection:
                    found = register.pending(connection, kind, day, total.knowledge, after, self._portion)
                    if not found:
                        break
                    counts, notices = self._portion_done(connection, found, day)
                total = _together(total, counts)
                after = found[-1].subject.partition("/")[2]
                self._tell(notices)
                if tell is not None:
                    tell(f"{total.evaluated:,} evaluated, {total.notices:,} with changes")
        return total

    def one(self, subject: str, day: date) -> None:
        """That subject is evaluated for the day, where its last evaluation no longer holds."""
        kind, _, name = subject.partition("/")
        with self.database.changing() as connection:
            register.keep_order(connection, self.evaluator.knowledge.version, list(self.evaluator.knowledge.norms))
            found = register.pending(connection, kind, day, self.evaluator.knowledge.version, "", 1, name)
            notices = self._portion_done(connection, found, day)[1] if found else []
        self._tell(notices)

    def rehearsal(self, day: date) -> list[Notice]:
        """What a round of that day would tell; nothing is kept, and nobody is told."""
        told: list[Notice] = []
        for kind in _KINDS:
            after = ""
            while True:
                with contextlib.suppress(_UndoneError), self.database.changing() as connection:
                    register.keep_order(connection, self.evaluator.knowledge.version, list(self.evaluator.knowledge.norms))
                    found = register.pending(connection, kind, day, self.evaluator.knowledge.version, after, self._portion)
                    told += self._portion_done(connection, found, day)[1] if found else []
                    raise _UndoneError
                if not found:
                    break
                after = found[-1].subject.partition("/")[2]
        return told

    def _tell(self, notices: Sequence[Notice]) -> None:
        for follower in self._followers if notices else ():
            follower(notices)

    def _portion_done(
        self, connection: sa.Connection, found: Sequence[register.Pending], day: date
    ) -> tuple[Round, list[Notice]]:
        now, version = self._clock(), self.evaluator.knowledge.version
        orders = register.orders(connection, sorted({one.knowledge for one in found if one.knowledge is not None}))
        read = [self._read(one, orders) for one in found]
        matrix, changed = evaluated(self.evaluator, [subject for subject, _ in read], day, orders)
        rows = [
            register.row_of(one.subject, one.version, text, day, version, row, now)
            for one, (_, text), row in zip(found, read, packed(matrix), strict=True)
        ]
        register.keep(connection, rows, [one.row is None for one in found])
        seq = register.last_notice(connection)
        notices = []
        for number, (place, changes) in enumerate(sorted(changed.items()), seq + 1):
            before = read[place][0].before
            versions = (before.knowledge if before else version, version)
            facts = _moved(before.facts if before else {}, read[place][0].facts)
            notices.append(register.made(number, now, found[place].subject, day, versions, facts, changes))
        register.add_notices(connection, notices)
        webhooks.enqueue(connection, notices, now)
        first = sum(one.row is None for one in found)
        counts = Round(day, version, len(found), first, len(notices), sum(len(one.changes) for one in notices))
        if notices:
            self.journal.append(connection, SYSTEM, _draft(counts, notices))
        return counts, notices

    def _read(self, one: register.Pending, orders: Mapping[str, Sequence[str]]) -> tuple[Subject, str]:
        """The subject with the facts as they are now, and these as they are kept."""
        text = one.facts if one.source is None else _facts_text(one)
        if text is None:
            raise TypeError(one.subject)
        facts = self._facts.of(text)
        if one.facts is None or one.row is None or one.day is None or one.knowledge is None or one.knowledge not in orders:
            return Subject(facts, None), text
        same = one.facts == text
        before = Before(facts if same else self._facts.of(one.facts), date.fromisoformat(one.day), one.knowledge, one.row)
        return Subject(facts, before, same), text


def _facts_text(one: register.Pending) -> str:
    source = str(one.source)
    raw = loads(source).plain_facts if one.subject.startswith(f"{register.DOSSIER}/") else json.loads(source)["facts"]
    return orjson.dumps(dict(raw), option=orjson.OPT_SORT_KEYS).decode()


def _moved(before: Facts, after: Facts) -> list[str]:
    return sorted(fact for fact in {*before, *after} if before.get(fact) != after.get(fact))


def _draft(counts: Round, notices: Sequence[Notice]) -> Draft:
    after = {
        "day": counts.day.isoformat(),
        "evaluated": counts.evaluated,
        "changed": counts.notices,
        "changes": counts.changes,
        "notices": [notices[0].seq, notices[-1].seq],
    }
    return Draft("watch.changed", notices[0].subject if len(notices) == 1 else "watch", after=after)


def _together(one: Round, other: Round) -> Round:
    pairs = zip(_counts(one), _counts(other), strict=True)
    return Round(one.day, one.knowledge, *(a + b for a, b in pairs))


def _counts(one: Round) -> Iterator[int]:
    yield from (one.evaluated, one.first, one.notices, one.changes)
