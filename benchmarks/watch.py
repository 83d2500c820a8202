"""A hundred thousand stored deployments evaluated again, reading and writing included: ``python -m benchmarks.watch [COUNT]``.

Beside it, in the same run, the floor: the single evaluator, one deployment after the other, without reading or writing anything.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

from benchmarks.assessments import portfolio
from benchmarks.clock import median_ms
from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import parse_facts, plain_facts
from kg_service.audit.journal import Journal, Versions
from kg_service.database.engine import Database, open_database, sqlite_url
from kg_service.database.tables import DEPLOYMENTS, WATCHED
from kg_service.deployment import read_deployment
from kg_service.dossiers.commands import CreateDossier, SetFacts
from kg_service.dossiers.model import Dossier
from kg_service.dossiers.service import Dossiers, read_rules
from kg_service.dossiers.shelf import Shelf
from kg_service.knowledge.read import read
from kg_service.people.model import LOCAL
from kg_service.watch import register, rows
from kg_service.watch.run import Watch

ROOT = Path(__file__).resolve().parent.parent
DAYS = (date(2026, 11, 23), date(2027, 12, 3))
MANY, SAMPLE = 100_000, 2_000


def stored(database: Database, evaluator: Evaluator, size: int) -> None:
    """So many deployments in the database, as ``?store=true`` writes them."""
    examples = [read_deployment(path, evaluator.knowledge).facts for path in sorted((ROOT / "examples").glob("*.yaml"))]
    facts = portfolio(evaluator.knowledge, examples, size)
    rows_ = [{"id": f"d-{n:06}", "content": json.dumps({"facts": plain_facts(one)})} for n, one in enumerate(facts)]
    with database.changing() as connection:
        connection.execute(DEPLOYMENTS.insert(), rows_)


def one_by_one(database: Database, evaluator: Evaluator, day: date) -> tuple[float, int]:
    """Seconds for a sample by the single evaluator, and how many of its verdicts differ from those that the watch kept."""
    with database.reading() as connection:
        kept = connection.execute(WATCHED.select()).all()
    chosen = random.Random(7).sample(kept, min(SAMPLE, len(kept)))  # noqa: S311 - a benchmark, not a secret
    facts = [parse_facts(evaluator.knowledge.facts, json.loads(row.facts)) for row in chosen]
    start = time.perf_counter()
    found = [evaluator.assess(one, day) for one in facts]
    seconds = time.perf_counter() - start
    codes = rows.unpacked([row.statuses for row in chosen], len(evaluator.knowledge.norms))
    wrong = sum(
        rows.status_of(int(code)) is not verdict.status
        for row, assessment in zip(codes, found, strict=True)
        for code, verdict in zip(row, assessment.verdicts, strict=True)
    )
    return seconds / len(chosen), wrong


def one_fact(database: Database, journal: Journal, evaluator: Evaluator, watch: Watch, folder: Path) -> float:
    """Milliseconds from the change of a fact of a dossier until its notice can be read, all else stored."""
    dossiers = Dossiers(database, journal, evaluator, read_rules(ROOT, folder), Shelf(folder / "evidence", 1000))
    example = read_deployment(ROOT / "examples/credit-assessment-eu-vendor.yaml", evaluator.knowledge).facts
    made = dossiers.create(LOCAL, CreateDossier("", "One", facts=plain_facts(example)))
    assert isinstance(made, Dossier)
    watch.one(f"dossier/{made.id}", DAYS[1])
    places = ["public_cloud", "on_premises"]

    def change() -> None:
        places.reverse()
        dossiers.change(LOCAL, made.id, SetFacts({"hosting": places[0]}))
        watch.one(f"dossier/{made.id}", DAYS[1])
        with database.reading() as connection:
            assert next(register.notices(connection, subject=f"dossier/{made.id}", newest=True), None) is not None

    return median_ms(change)


def main() -> None:
    size = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    evaluator = Evaluator(read(ROOT))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        database = open_database(sqlite_url(folder / "sextant.db"))
        journal = Journal(database, Versions(evaluator.knowledge.version, "benchmark"))
        watch = Watch(journal, evaluator, lambda: datetime.now(UTC))
        stored(database, evaluator, size)
        print(f"{size:,} stored deployments x {len(evaluator.knowledge.norms)} norms, SQLite, synchronous=FULL")
        for day, what in zip(DAYS, ("for the first time", "again, after the calendar moved"), strict=True):
            start = time.perf_counter()
            found = watch.round(day)
            seconds = time.perf_counter() - start
            counts = f"{found.evaluated:,} evaluated, {found.notices:,} changed, {found.changes:,} changes"
            print(f"  {what}: {seconds:6.1f} s   {counts}")
        single, wrong = one_by_one(database, evaluator, DAYS[1])
        print(f"  the single evaluator alone: {single * size:6.1f} s for as many   ratio {single * size / seconds:.1f}")
        print(f"  verdicts that differ from its own, of {min(SAMPLE, size):,} deployments at random: {wrong}")
        changed = one_fact(database, journal, evaluator, watch, folder)
        print(f"  a change of one fact of one dossier until its notice can be read: {changed:.0f} ms")
        database.close()


if __name__ == "__main__":
    main()
