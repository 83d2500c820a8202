"""The watch of a service, with what runs beside it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

from kg_service.applicability.evaluate import Evaluator
from kg_service.audit.journal import Journal
from kg_service.dossiers.commands import Reevaluate
from kg_service.dossiers.model import Dossier
from kg_service.dossiers.service import Dossiers
from kg_service.errors import SextantError
from kg_service.people.model import SYSTEM
from kg_service.settings import Settings
from kg_service.watch.keeper import Keeper
from kg_service.watch.model import Notice
from kg_service.watch.run import Watch
from kg_service.watch.views import notice_view
from kg_service.watch.webhooks import Sender, Subscriptions

_LOG: Final = logging.getLogger(__name__)
Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Watching:
    """What the service holds of the watch."""

    watch: Watch
    subscriptions: Subscriptions
    keeper: Keeper
    today: Callable[[], date]

    def close(self) -> None:
        """Nothing runs beside any more."""
        self.keeper.close()


def open_watch(settings: Settings, journal: Journal, evaluator: Evaluator, dossiers: Dossiers, clock: Clock = now) -> Watching:
    """The watch; it runs after ``keeper.start()``. A dossier that changes is evaluated at once; where the law moved reopens."""

    def today() -> date:
        return clock().date()

    watch = Watch(journal, evaluator, clock)
    subscriptions = Subscriptions(journal, settings.webhook_hosts.split(), clock)
    sender = Sender(subscriptions, journal, lambda notice: notice_view(evaluator.knowledge, notice), clock)

    def changed(dossier: Dossier) -> None:
        watch.one(f"dossier/{dossier.id}", today())

    dossiers.follow(changed)
    watch.follow(lambda notices: reopen(dossiers, notices))
    return Watching(watch, subscriptions, Keeper(watch, sender, today), today)


def reopen(dossiers: Dossiers, notices: Sequence[Notice]) -> None:
    """Decisions that no longer stand after these notices are open again, each with its event."""
    for notice in notices:
        kind, _, name = notice.subject.partition("/")
        if kind != "dossier":
            continue
        try:
            dossiers.change(SYSTEM, name, Reevaluate())
        except SextantError as error:
            _LOG.warning("the dossier %s could not be looked at again: %s", name, error)
