"""The watch: what changed for whom and what moved it, equal to the engine's own comparisons; told once, signed, where allowed."""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dossier_sample import ANA, EXAMPLE, ROOT
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from lxml import etree
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from benchmarks.assessments import portfolio
from kg_service.applicability.compare import compare, diff
from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.facts import Facts, parse_facts, plain_facts
from kg_service.audit.journal import Journal, Versions, events
from kg_service.database.engine import Database
from kg_service.deployment import read_deployment
from kg_service.dossiers.commands import Archive, CreateDossier, SetFacts
from kg_service.dossiers.model import Dossier
from kg_service.dossiers.service import Dossiers, read_rules
from kg_service.dossiers.shelf import Shelf
from kg_service.errors import InputError
from kg_service.model import DatedBy, Knowledge, NormId
from kg_service.watch import register, rows
from kg_service.watch.keeper import Keeper
from kg_service.watch.model import Cause, Kind, Notice
from kg_service.watch.run import Watch
from kg_service.watch.views import feed, notice_view
from kg_service.watch.webhooks import AGAIN, Sender, Subscriptions

START, LATER = date(2026, 11, 23), date(2027, 12, 3)


@dataclass
class Clock:
    now: datetime = datetime(2026, 11, 23, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    """Dossiers under watch, as a service holds them."""

    database: Database
    evaluator: Evaluator
    data: Path
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.journal = Journal(self.database, Versions(self.evaluator.knowledge.version, "test"), self.clock)
        rules, shelf = read_rules(ROOT, self.data), Shelf(self.data / "evidence", 10_000)
        self.dossiers = Dossiers(self.database, self.journal, self.evaluator, rules, shelf, self.clock)
        self.watch = Watch(self.journal, self.evaluator, self.clock)

    def notices(self) -> list[Notice]:
        with self.database.reading() as connection:
            return list(register.notices(connection))

    def under(self, knowledge: Knowledge) -> House:
        """The same house after the law changed."""
        return House(self.database, Evaluator(knowledge), self.data, self.clock)


@pytest.fixture
def house(database: Database, evaluator: Evaluator, tmp_path: Path) -> House:
    return House(database, evaluator, tmp_path)


@pytest.fixture
def loans(house: House) -> Dossier:
    facts = plain_facts(read_deployment(EXAMPLE, house.evaluator.knowledge).facts)
    made = house.dossiers.create(ANA, CreateDossier("", "Loans", facts=facts))
    assert isinstance(made, Dossier)
    house.watch.round(START)
    return made


def facts_of(house: House, dossier: Dossier) -> Facts:
    return parse_facts(house.evaluator.knowledge.facts, dossier.plain_facts)


def turned(notice: Notice, *causes: Cause) -> dict[str, tuple[Status | None, Status | None]]:
    return {one.norm: (one.before, one.after) for one in notice.changes if not causes or one.causes == causes}


def test_rows_are_the_single_evaluators_verdicts(evaluator: Evaluator) -> None:
    """Sixty random deployments on three days: each row is what assessing that deployment alone gives, norm by norm."""
    facts = portfolio(evaluator.knowledge, [read_deployment(EXAMPLE, evaluator.knowledge).facts], 60)
    for day in (date(2024, 1, 1), START, date(2030, 1, 1)):
        matrix = rows.verdicts(evaluator, facts, day)
        for row, one in zip(matrix, facts, strict=True):
            single = [verdict.status for verdict in evaluator.assess(one, day).verdicts]
            assert [rows.status_of(int(code)) for code in row] == single


@given(arrays(np.uint8, st.tuples(st.integers(1, 5), st.integers(1, 9)), elements=st.integers(0, 6)))
def test_packed_rows_unpack_to_the_same(matrix: rows.Matrix) -> None:
    """Also for an odd number of norms."""
    assert (rows.unpacked(rows.packed(matrix), matrix.shape[1]) == matrix).all()


def test_what_the_calendar_moves_is_what_the_engine_says(house: House, loans: Dossier) -> None:
    """Past 2 December 2027: exactly the norms that the engine's own comparison of the two days names, moved by the calendar."""
    assert house.notices() == []  # the first evaluation is no news
    house.watch.round(LATER)
    [notice] = house.notices()
    found = diff(house.evaluator, facts_of(house, loans), START, LATER)
    expected = {one.change.norm.id: (one.change.before, one.change.after) for one in (*found.begins, *found.ends, *found.changed)}
    assert turned(notice, Cause.CALENDAR) == expected != {}
    begins = {change.norm for change in notice.changes if change.kind is Kind.BEGINS}
    assert begins == {one.change.norm.id for one in found.begins if one.change.after is Status.APPLIES}
    assert "eu-ai-act/art-26-par-1" in begins


def test_what_facts_move_is_what_the_engine_says(house: House, loans: Dossier) -> None:
    """Another hosting: exactly what comparing the two gives, moved by the facts, seen at once for this dossier alone."""
    house.dossiers.change(ANA, loans.id, SetFacts({"hosting": "on_premises", "subcontracting": False}))
    house.watch.one(f"dossier/{loans.id}", START)
    [notice] = house.notices()
    after = facts_of(house, house.dossiers.get(loans.id))
    outcome = compare(house.evaluator, facts_of(house, loans), {"other": after}, START).options[0]
    news = (*outcome.gained, *outcome.lost, *outcome.changed)
    silent = {Status.DOES_NOT_APPLY, Status.ENDED}
    expected = {one.norm.id: (one.before, one.after) for one in news if not {one.before, one.after} <= silent}
    assert turned(notice, Cause.FACTS) == expected != {}
    assert set(notice.facts) <= {"hosting", "subcontracting"}


def test_what_the_law_moves_is_told_apart(house: House, loans: Dossier) -> None:
    """A norm put off, one gone and one new; on the same evening the calendar and a fact move too, and each keeps its cause."""
    law = house.evaluator.knowledge
    applies = [v.norm for v in house.evaluator.assess(facts_of(house, loans), START).verdicts if v.status is Status.APPLIES]
    moved, gone = [norm for norm in applies if norm.applies_until is None and norm.applies_from is not None][:2]
    assert moved.applies_from is not None
    later = replace(moved, applies_from=DatedBy(date(2040, 1, 1), moved.applies_from.set_by))
    fresh = replace(moved, id=NormId("eu-test/new"))
    norms = {name: norm for name, norm in law.norms.items() if name != gone.id} | {moved.id: later, fresh.id: fresh}
    other = house.under(replace(law, version="f" * 64, norms=norms))
    other.dossiers.change(ANA, loans.id, SetFacts({"hosting": "on_premises"}))
    other.watch.round(LATER)
    [notice] = other.notices()
    law_moved = turned(notice, Cause.LAW)
    assert law_moved == {
        moved.id: (Status.APPLIES, Status.UPCOMING),
        gone.id: (Status.APPLIES, None),
        fresh.id: (None, Status.APPLIES),
    }
    assert "eu-ai-act/art-26-par-1" in turned(notice, Cause.CALENDAR)
    assert (notice.knowledge_before, notice.knowledge_after, notice.facts) == (law.version, "f" * 64, ("hosting",))
    assert turned(notice, Cause.FACTS)


def test_a_round_again_finds_nothing(house: House, loans: Dossier) -> None:
    """The same day, law and facts: nothing is evaluated, nothing told; and the trail holds one event for the one change."""
    house.watch.round(LATER)
    before = house.notices()
    assert house.watch.round(LATER).evaluated == 0
    assert house.notices() == before
    with house.database.reading() as connection:
        assert [event.subject for event in events(connection, action="watch.changed")] == [f"dossier/{loans.id}"]


def test_rounds_at_the_same_time_tell_once(house: House, loans: Dossier) -> None:
    """Four at once, as several processes would: one notice."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: house.watch.round(LATER), range(4)))
    assert len(house.notices()) == 1


def test_a_rehearsal_leaves_nothing(house: House, loans: Dossier) -> None:
    """It says what the round of that day says, and the database is as before."""
    told = house.watch.rehearsal(LATER)
    assert house.notices() == []
    house.watch.round(LATER)
    assert [one.changes for one in told] == [one.changes for one in house.notices()]


def test_what_is_archived_is_watched_no_more(house: House, loans: Dossier) -> None:
    """Nothing is told of it."""
    house.dossiers.change(ANA, loans.id, Archive("over"))
    assert house.watch.round(LATER).evaluated == 0


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes what is sent; answers as ``answers`` says."""

    got: list[tuple[dict[str, str], bytes]] = []  # noqa: RUF012 - of the class: the server makes an instance for each request
    answers: list[int] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((dict(self.headers), body))
        self.send_response(self.answers.pop(0) if self.answers else 204)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        return


@pytest.fixture
def receiver() -> Iterator[str]:
    Receiver.got, Receiver.answers = [], []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook"
        server.shutdown()
        thread.join()


def test_who_subscribed_is_told_with_a_signature(house: House, loans: Dossier, receiver: str) -> None:
    """Standard Webhooks' own library accepts what came, and refuses it when a letter differs; nobody else is told."""
    subscriptions = Subscriptions(house.journal, ["127.0.0.1"], house.clock)
    _, secret = subscriptions.create(receiver, f"dossier/{loans.id}", ANA)
    another = house.dossiers.create(ANA, CreateDossier("another", "Another"))
    assert isinstance(another, Dossier)
    subscriptions.create(receiver, "dossier/another", ANA)
    with pytest.raises(InputError, match="neither"):
        subscriptions.create(receiver, "of Ms Example", ANA)
    house.watch.round(LATER)
    sender = Sender(subscriptions, house.journal, lambda one: notice_view(house.evaluator.knowledge, one), house.clock)
    assert sender.send_due() == 1
    [(headers, body)] = Receiver.got
    payload = Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
    assert payload["data"]["subject"] == f"dossier/{loans.id}"
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"applies", b"appliez", 1), {name.lower(): value for name, value in headers.items()})
    assert sender.send_due() == 0
    assert [one["delivered"] for one in subscriptions.all() if one["subject"] == f"dossier/{loans.id}"] == [1]


def test_a_receiver_that_fails_is_asked_again_later(house: House, loans: Dossier, receiver: str) -> None:
    """Not before it is due, under the same id; redirects are not followed; after the last trial it is given up."""
    subscriptions = Subscriptions(house.journal, ["127.0.0.1"], house.clock)
    subscriptions.create(receiver, None, ANA)
    house.watch.round(LATER)
    sender = Sender(subscriptions, house.journal, lambda one: notice_view(house.evaluator.knowledge, one), house.clock)
    Receiver.answers = [500, 302] + [503] * len(AGAIN)
    for pause in (timedelta(0), *AGAIN):
        house.clock.now += pause - timedelta(seconds=1)
        assert sender.send_due() == 0 or pause == timedelta(0)
        house.clock.now += timedelta(seconds=1)
        sender.send_due()
    house.clock.now += timedelta(days=30)
    assert sender.send_due() == 0
    assert len({headers["webhook-id"] for headers, _ in Receiver.got}) == 1
    assert subscriptions.all()[0]["waiting"] == 0
    assert "503" in subscriptions.all()[0]["last_problem"]


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest",
        "https://other.example/hook",
        "http://hooks.example:22/",
        "ftp://hooks.example/",
        "http://user:password@hooks.example/",
        "http://hooks.example#@evil.example/",
        "file:///etc/passwd",
        "http://[",
        "",
        "http://hooks.example.evil.example/",
    ],
)
def test_nothing_is_sent_where_the_settings_do_not_allow(house: House, url: str) -> None:
    """Only the hosts, or hosts with ports, that were named."""
    with pytest.raises(InputError):
        Subscriptions(house.journal, ["hooks.example:8443", "127.0.0.1"]).create(url, None, ANA)


def test_the_feed_is_atom(house: House, loans: Dossier) -> None:
    """Well-formed, with what RFC 4287 asks of a feed and of an entry; ids stay the same."""
    house.watch.round(LATER)
    ask = (house.evaluator.knowledge, house.notices(), "http://localhost:8321", "/api/v1/notices.atom", "Changes")
    root = etree.fromstring(feed(*ask))
    space = {"a": "http://www.w3.org/2005/Atom"}
    for path in ("a:id", "a:title", "a:updated", "a:author/a:name", "a:link[@rel='self']", "a:entry/a:id", "a:entry/a:updated"):
        assert root.find(path, space) is not None, path
    assert datetime.fromisoformat(root.findtext("a:entry/a:updated", None, space) or "")
    assert feed(*ask) == feed(*ask)
    assert "eu-ai-act" in (root.findtext("a:entry/a:content", None, space) or "")


def test_a_notice_names_the_provision_that_set_the_day(house: House, loans: Dossier) -> None:
    """For what the calendar moved: the day and the provision as the law's files have them; all of it is JSON."""
    house.watch.round(LATER)
    view = json.loads(json.dumps(notice_view(house.evaluator.knowledge, house.notices()[0])))
    named = {one["norm"]: one["set_by"] for one in view["changes"]}
    dated = house.evaluator.knowledge.norms[NormId("eu-ai-act/art-26-par-1")].applies_from
    assert dated is not None
    assert named["eu-ai-act/art-26-par-1"]["date"] == dated.day.isoformat()
    assert named["eu-ai-act/art-26-par-1"]["set_by"]["provision"] == dated.set_by.pinpoint


def test_the_service_notices_a_new_day_by_itself(house: House, loans: Dossier) -> None:
    """Nobody asks: when the day of the clock has changed, the round runs, and who follows is told."""
    subscriptions = Subscriptions(house.journal, [], house.clock)
    sender = Sender(subscriptions, house.journal, lambda one: {}, house.clock)
    seen: list[str] = []
    house.watch.follow(lambda notices: seen.extend(one.subject for one in notices))
    keeper = Keeper(house.watch, sender, lambda: house.clock.now.date(), every=0.05)
    keeper.start()
    try:
        house.clock.now = datetime.combine(LATER, house.clock.now.time(), UTC)
        until = time.monotonic() + 60
        while not seen and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        keeper.close()
    assert seen == [f"dossier/{loans.id}"]
    assert [notice.day for notice in house.notices()] == [LATER]
