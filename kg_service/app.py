"""Wires the exact half into one application. Nothing is read from the environment here: settings come in."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from functools import partial
from importlib.metadata import version
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from fastapi import FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kg_service.applicability.evaluate import Evaluator
from kg_service.audit.opening import open_journal, open_of
from kg_service.deployments.register import Deployments
from kg_service.deployments.sql import Table
from kg_service.dossiers.service import open_dossiers
from kg_service.dossiers.shown import Shown
from kg_service.errors import StoreError
from kg_service.knowledge.build import Built, load
from kg_service.knowledge.queries import read_library
from kg_service.people.gate import Gate
from kg_service.people.keys import Keys
from kg_service.people.opening import tokens_of
from kg_service.people.table import RULES, Rule
from kg_service.rest import (
    assessments,
    audit,
    controls,
    decision_reviews,
    decision_tools,
    decisions,
    deployments,
    dossier_evidence,
    dossier_parts,
    dossiers,
    interpretations,
    law,
    people,
    problems,
    queries,
    texts,
    vocabulary,
    watch,
)
from kg_service.services import Services, spare_collector
from kg_service.settings import Settings
from kg_service.sparql import routes as sparql
from kg_service.sparql.service import SparqlService, service_of
from kg_service.store.publish import require_published
from kg_service.store.registry import configured
from kg_service.texts.library import open_library
from kg_service.texts.register import Texts
from kg_service.watch.opening import open_watch
from kg_service.web import iris, login, pages, reference

_LOG = logging.getLogger(__name__)

DESCRIPTION = """\
Which obligations apply to a planned LLM deployment in finance, why, as of which date, and what would change.

Every answer names the knowledge version it rests on. Every error is a problem document (RFC 9457). Lists are paged by `cursor`
and carry an `ETag`. This is information, not legal advice."""

_POLICY = (
    "default-src 'none'; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", _POLICY.encode()),
)


_RESOURCES: Final = (
    assessments,
    law,
    interpretations,
    vocabulary,
    controls,
    decisions,
    decision_tools,
    decision_reviews,
    audit,
    deployments,
    dossiers,
    dossier_evidence,
    dossier_parts,
    people,
    queries,
    texts,
    watch,
)


class SafeHeaders:
    """Every response says that the page may load nothing from elsewhere, and that its type is not to be guessed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name for name, _ in message["headers"]}
                message["headers"] = [*message["headers"], *(pair for pair in _HEADERS if pair[0] not in given)]
            await send(message)

        await self._app(scope, receive, with_headers)


def make_services(settings: Settings, built: Built | None = None) -> Services:
    """The knowledge with its evaluator and its graph.

    Where ``built`` is not given it is loaded first: about half a second from the cache, more on a first build.

    Raises:
        KnowledgeError: where the law's files have problems.
        StoreError: where a remote store does not answer, or holds another version of the knowledge; where the database cannot
            be used.
    """
    built = built or load(settings.root, settings.cache)
    store = built.store
    if settings.store != "oxigraph":
        store = configured(settings)
        require_published(store, built.knowledge.version, settings.store)
    evaluator = Evaluator(built.knowledge)
    database = open_of(settings)
    journal = open_journal(settings, database, built.knowledge.version)
    records = Table(database, journal)
    records.take_in(settings.data / "deployments")
    stored = Deployments(records, evaluator, store)
    stored.open()
    library = read_library(settings.root / "ontology" / "queries" / "library")
    loaded = Texts(open_library(settings.data), built.knowledge, store)
    loaded.open()
    held = open_dossiers(settings, database, journal, evaluator)
    graphs = Shown(held, store)
    graphs.open()
    return Services(settings, built.knowledge, evaluator, store, stored, library, loaded, database, journal, held, graphs)


@contextlib.asynccontextmanager
async def _living(settings: Settings, built: Built | None, app: FastAPI) -> AsyncIterator[None]:
    """What the application holds while it runs; everything is closed with it."""
    services = await run_in_threadpool(make_services, settings, built)
    app.state.services = services
    app.state.keys = Keys(services.journal)
    watching = open_watch(settings, services.journal, services.evaluator, services.dossiers)
    app.state.watching = watching
    app.state.owners = {
        "/api/v1/dossiers/": services.dossiers.owner_of,
        "/api/v1/subscriptions/": watching.subscriptions.owner_of,
    }
    spare_collector()
    _LOG.info("knowledge %s: %d norms", services.knowledge.version[:12], len(services.knowledge.norms))
    endpoint = app.state.sparql = service_of(settings, services.store, services.knowledge.version)
    services.deployments.follow(endpoint)
    services.dossier_graphs.follow(endpoint)
    starting = asyncio.create_task(_ready(endpoint))  # all else answers meanwhile; a query waits for it
    watching.keeper.start()
    in_step = asyncio.create_task(services.dossier_graphs.keep_in_step())
    try:
        yield
    finally:
        in_step.cancel()
        await asyncio.wait([starting])  # whatever became of it, the rest is closed
        await run_in_threadpool(watching.close)
        await endpoint.close()
        services.store.close()
        await run_in_threadpool(services.journal.close)
        services.database.close()


async def _ready(endpoint: SparqlService) -> None:
    try:
        await endpoint.start()
    except StoreError as error:
        _LOG.warning("the SPARQL endpoint does not answer yet: %s", error)


def create_app(settings: Settings, more: Mapping[str, Rule] = MappingProxyType({}), built: Built | None = None) -> FastAPI:
    """The application. It loads the knowledge when it starts and answers nothing before.

    ``more`` says who may use what a package that stands on this one adds to it; ``built`` is the knowledge where the caller has
    loaded it already.

    Raises:
        InputError: where the settings say only half of what authentication needs.
    """

    app = FastAPI(
        title="Sextant",
        version=version("sextant-kg"),
        description=DESCRIPTION,
        lifespan=partial(_living, settings, built),
        docs_url=None,
        redoc_url=None,
        license_info={"name": "see the repository"},
    )
    problems.install(app)
    app.add_middleware(Gate, settings=settings, rules={**RULES, **more})
    app.add_middleware(SafeHeaders)
    app.include_router(sparql.router)  # first: the way to it is the shortest
    for part in _RESOURCES:
        app.include_router(part.router)
    app.include_router(assessments.streams)
    app.state.tokens = tokens_of(settings)
    for page in (pages, login, reference, iris):
        app.include_router(page.router)
    app.mount("/static", StaticFiles(packages=[("kg_service.web", "static")]), name="static")
    app.mount("/docs-assets", StaticFiles(directory=str(files("fastapi_offline") / "static")), name="docs-assets")
    _add_operations(app)
    return app


def _add_operations(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        """The interactive documentation, from files that came with the installation."""
        return get_swagger_ui_html(
            openapi_url="/openapi.json",
            title="Sextant: HTTP interface",
            swagger_js_url="/docs-assets/swagger-ui-bundle.js",
            swagger_css_url="/docs-assets/swagger-ui.css",
            swagger_favicon_url="/static/icon.svg",
        )

    @app.get("/healthz", tags=["operation"], summary="The process lives")
    async def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    @app.get("/readyz", tags=["operation"], summary="The knowledge is loaded")
    async def readyz(request: Request) -> JSONResponse:
        services: Services = request.app.state.services
        return JSONResponse({"status": "ready", "knowledge_version": services.knowledge.version})
