"""Subscriptions by signed webhook, after Standard Webhooks 1.0 (https://www.standardwebhooks.com): kept, enqueued, sent again.

Only hosts that the settings name are ever asked: an address from a request could otherwise make the service speak to anything
that it can reach.
"""

from __future__ import annotations

import base64
import json
import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import sqlalchemy as sa
import urllib3
from standardwebhooks.webhooks import Webhook

from kg_service.audit.chain import moment
from kg_service.audit.event import Draft
from kg_service.audit.journal import Clock, Journal, utc_now
from kg_service.database.tables import DEPLOYMENTS, DOSSIERS, WATCH_DELIVERIES, WATCH_SUBSCRIPTIONS
from kg_service.errors import InputError, NotFoundError, Problem, nearest, shown
from kg_service.people.model import Principal
from kg_service.watch import register
from kg_service.watch.model import Notice

_LOG: Final = logging.getLogger(__name__)
# When it is tried again, as the standard recommends: 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h; then given up.
AGAIN: Final = tuple(timedelta(seconds=s) for s in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400))
_LEASE: Final = timedelta(seconds=60)
_SECONDS: Final = 15.0
_URL_MOST: Final = 2000
View = Callable[[Notice], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who is told where of which subject; None: of all."""

    id: str
    url: str
    subject: str | None
    owner: str
    created: str
    ended: str | None


def parse_url(raw: object, hosts: Sequence[str], at: str = "/url") -> str:
    """The address of a receiver.

    Raises:
        InputError: where it is none, or its host is not among those that the settings name.
    """
    text = raw.strip() if isinstance(raw, str) else ""
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    bad = not text or len(text) > _URL_MOST or not text.isprintable() or parts.scheme not in ("http", "https") or not host
    if bad or parts.username is not None or parts.fragment:
        told = f"{shown(raw)} is no address of a receiver; write 'https://host/path'."
        raise InputError([Problem(at, "not-a-url", told)])
    if host not in hosts and f"{host}:{port}" not in hosts:
        told = f"nothing is sent to {host!r} unless SEXTANT_WEBHOOK_HOSTS names it."
        raise InputError([Problem(at, "host-not-allowed", told, tuple(hosts)[:5])])
    return text


class Subscriptions:
    """The subscriptions of this installation."""

    def __init__(self, journal: Journal, hosts: Sequence[str], clock: Clock = utc_now) -> None:
        self._journal, self._database, self.hosts, self._clock = journal, journal.database, tuple(hosts), clock

    def create(self, url: object, subject: str | None, actor: Principal) -> tuple[Subscription, str]:
        """The subscription, and the secret with which what is sent is signed; it is shown this once.

        Raises:
            InputError: as :func:`parse_url`; where the subject is no dossier and no stored deployment.
        """
        receiver, now = parse_url(url, self.hosts), moment(self._clock())
        identifier = f"sub-{secrets.token_hex(8)}"
        secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        made = Subscription(identifier, receiver, subject, actor.id, now, None)
        row = {"id": made.id, "url": made.url, "secret": secret, "subject": subject, "owner": actor.id, "created": now}
        with self._database.changing() as connection:
            _require_there(connection, subject)
            connection.execute(WATCH_SUBSCRIPTIONS.insert(), row)
            about = f"subscription/{made.id}"
            said = Draft("subscription.created", about, after={"subject": subject}, notes={"url": made.url})
            self._journal.append(connection, actor, said)
        return made, secret

    def end(self, identifier: str, actor: Principal) -> None:
        """Nothing more is sent to it; what waited is dropped.

        Raises:
            NotFoundError: where there is none of that id.
        """
        table = WATCH_SUBSCRIPTIONS
        with self._database.changing() as connection:
            found = connection.execute(sa.select(table).where(table.c.id == identifier)).first()
            if found is None:
                known = connection.execute(sa.select(table.c.id)).scalars()
                raise NotFoundError("subscription", identifier[:60], nearest(identifier, known))
            if found.ended is None:
                connection.execute(table.update().where(table.c.id == identifier).values(ended=moment(self._clock())))
                waiting = WATCH_DELIVERIES.update().where(WATCH_DELIVERIES.c.subscription == identifier)
                connection.execute(waiting.values(due=None))
                said = {"subject": found.subject}
                self._journal.append(connection, actor, Draft("subscription.ended", f"subscription/{identifier}", before=said))

    def all(self) -> list[dict[str, Any]]:
        """Every subscription with what became of its deliveries; never its secret."""
        deliveries = WATCH_DELIVERIES.c
        counted = sa.select(
            deliveries.subscription,
            sa.func.count(deliveries.delivered).label("delivered"),
            sa.func.count(deliveries.due).label("waiting"),
            sa.func.max(deliveries.problem).label("problem"),
        ).group_by(deliveries.subscription)
        with self._database.reading() as connection:
            counts = {row.subscription: row for row in connection.execute(counted)}
            table = WATCH_SUBSCRIPTIONS.c
            rows = connection.execute(sa.select(WATCH_SUBSCRIPTIONS).order_by(table.created, table.id)).all()
        return [
            {
                "id": row.id,
                "url": row.url,
                "subject": row.subject,
                "owner": row.owner,
                "created": row.created,
                "ended": row.ended,
                "delivered": counts[row.id].delivered if row.id in counts else 0,
                "waiting": counts[row.id].waiting if row.id in counts else 0,
                "last_problem": counts[row.id].problem if row.id in counts else None,
            }
            for row in rows
        ]

    def owner_of(self, identifier: str) -> str | None:
        """Who made the subscription; None where there is none of that id."""
        with self._database.reading() as connection:
            asked = sa.select(WATCH_SUBSCRIPTIONS.c.owner).where(WATCH_SUBSCRIPTIONS.c.id == identifier)
            owner: str | None = connection.execute(asked).scalar()
        return owner


def _require_there(connection: sa.Connection, subject: str | None) -> None:
    """Nothing, where the subject is something that is watched: what stands in the trail for good is an id, not any text."""
    if subject is None:
        return
    kind, _, name = subject.partition("/")
    column = {register.DOSSIER: DOSSIERS.c.id, register.DEPLOYMENT: DEPLOYMENTS.c.id}.get(kind)
    if column is None or connection.execute(sa.select(column).where(column == name)).first() is None:
        known = [] if column is None else [f"{kind}/{one}" for one in connection.execute(sa.select(column).limit(5000)).scalars()]
        told = f"{shown(subject)} is neither 'dossier/<id>' nor 'deployment/<id>' of one that is there."
        raise InputError([Problem("/subject", "unknown-subject", told, nearest(subject, known))])


def enqueue(connection: sa.Connection, notices: Sequence[Notice], now: datetime) -> None:
    """Every subscription that asks for the subject of a notice is told of it, some time after the transaction."""
    if not notices:
        return
    table = WATCH_SUBSCRIPTIONS.c
    open_ones = connection.execute(sa.select(table.id, table.subject).where(table.ended.is_(None))).all()
    rows = [
        {"id": f"msg_{secrets.token_hex(12)}", "subscription": row.id, "notice": one.seq, "attempts": 0, "due": moment(now)}
        for row in open_ones
        for one in notices
        if row.subject is None or row.subject == one.subject
    ]
    if rows:
        connection.execute(WATCH_DELIVERIES.insert(), rows)


class Sender:
    """Sends what is due. One process sends a delivery at a time: it takes a lease on it first."""

    def __init__(self, subscriptions: Subscriptions, journal: Journal, view: View, clock: Clock = utc_now) -> None:
        self._subscriptions, self._database, self._view, self._clock = subscriptions, journal.database, view, clock
        self._http = urllib3.PoolManager(num_pools=4)

    def send_due(self, most: int = 50) -> int:
        """How many deliveries were tried. Each is delivered, put off, or given up after the last trial."""
        taken = self._take(most)
        for row in taken:
            self._done(row, self._send(row))
        return len(taken)

    def _take(self, most: int) -> list[Any]:
        now = self._clock()
        deliveries, told = WATCH_DELIVERIES.c, WATCH_SUBSCRIPTIONS.c
        asked = (
            sa.select(deliveries.id, deliveries.notice, deliveries.attempts, told.url, told.secret)
            .join(WATCH_SUBSCRIPTIONS, told.id == deliveries.subscription)
            .where(deliveries.due.is_not(None), deliveries.due <= moment(now), told.ended.is_(None))
            .order_by(deliveries.due, deliveries.id)
            .limit(most)
        )
        with self._database.reading() as connection:
            if connection.execute(asked.limit(1)).first() is None:
                return []
        with self._database.changing() as connection:
            rows = list(connection.execute(asked))
            if rows:
                names = [row.id for row in rows]
                connection.execute(WATCH_DELIVERIES.update().where(deliveries.id.in_(names)).values(due=moment(now + _LEASE)))
        return rows

    def _send(self, row: Any) -> str | None:
        """None where the receiver took it, else what was wrong."""
        try:
            url = parse_url(row.url, self._subscriptions.hosts)
        except InputError as error:
            return str(error)[:300]
        with self._database.reading() as connection:
            notice = next(register.notices(connection, after=row.notice - 1, limit=1), None)
        if notice is None:
            return "the notice is gone"
        data = {"type": "obligations.changed", "timestamp": moment(notice.at), "data": self._view(notice)}
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        now = datetime.now(UTC)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": row.id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(row.secret).sign(row.id, now, body),
        }
        try:
            answer = self._http.request(
                "POST",
                url,
                body=body.encode(),
                headers=headers,
                redirect=False,
                retries=False,
                timeout=_SECONDS,
                preload_content=False,
            )
            answer.close()
        except urllib3.exceptions.HTTPError as error:
            return f"{type(error).__name__}: {error}"[:300]
        return None if 200 <= answer.status < 300 else f"it answered {answer.status}"

    def _done(self, row: Any, problem: str | None) -> None:
        now, attempts = self._clock(), row.attempts + 1
        values: dict[str, Any] = {"attempts": attempts, "problem": problem}
        if problem is None:
            values |= {"delivered": moment(now), "due": None}
        else:
            later = AGAIN[attempts - 1] if attempts <= len(AGAIN) else None
            values["due"] = None if later is None else moment(now + later)
            _LOG.warning("the notice %d was not delivered (trial %d): %s", row.notice, attempts, problem)
        with self._database.changing() as connection:
            connection.execute(WATCH_DELIVERIES.update().where(WATCH_DELIVERIES.c.id == row.id).values(**values))
