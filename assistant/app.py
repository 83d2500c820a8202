"""Wires the assistant around the exact half into one application, which is what ``sextant serve`` serves."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant.assembly import make_services
from assistant.rest import ask, openai, page
from assistant.rest.table import RULES
from assistant.settings import AssistantSettings
from kg_service.app import create_app as create_exact

_LOG = logging.getLogger(__name__)


def create_app(settings: AssistantSettings) -> FastAPI:
    """The application. Search answers from words alone until the index with vectors is there, and says so."""
    app = create_exact(settings, RULES)
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with inner(running) as state:
            services = running.state.assistant = await run_in_threadpool(make_services, settings, running.state.services)
            _LOG.info("answers are composed %s", f"with {services.model}" if services.model else "without a model")
            try:
                yield state
            finally:
                await run_in_threadpool(services.close)

    app.router.lifespan_context = lifespan
    for part in (ask, openai, page):
        app.include_router(part.router)
    # Before the exact half's own files, which are at /static.
    app.router.routes.insert(0, Mount("/static/ask", StaticFiles(packages=[("assistant.rest", "static")]), name="ask-static"))
    return app
