"""What a running service holds: settings, the knowledge, its evaluator and its graph. Made once in ``create_app``."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from kg_service.applicability.evaluate import Evaluator
from kg_service.audit.journal import Journal
from kg_service.database.engine import Database
from kg_service.deployments.register import Deployments
from kg_service.dossiers.service import Dossiers
from kg_service.dossiers.shown import Shown
from kg_service.knowledge.queries import SavedQuery
from kg_service.model import Knowledge
from kg_service.settings import Settings
from kg_service.store.protocol import GraphStore
from kg_service.texts.register import Texts


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    knowledge: Knowledge
    evaluator: Evaluator
    store: GraphStore
    deployments: Deployments
    queries: Mapping[str, SavedQuery]
    texts: Texts
    database: Database
    journal: Journal
    dossiers: Dossiers
    dossier_graphs: Shown


def spare_collector() -> None:
    """The collector leaves alone what lives as long as the process, and looks at the rest less often.

    An answer makes tens of thousands of small objects in no circle; looking for circles among them took half of its time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def services_of(request: Request) -> Services:
    """The services of the application that answers ``request``; for ``fastapi.Depends``."""
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError(services)
    return services


ServicesParam = Annotated[Services, Depends(services_of)]
