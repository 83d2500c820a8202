"""Wires the assistant around the exact half into one application, which is what ``sextant serve`` serves."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from assistant.assembly import ON, assembled
from assistant.conversation import ConversationStore
from assistant.exchange import Asking
from assistant.gate import Gate
from assistant.index.opening import how_of, kept_index
from assistant.llm.composer import PROMPT as COMPOSE
from assistant.llm.prompts import prompt
from assistant.llm.registry import configured
from assistant.model import Answer
from assistant.passages import passages_of, text_passages
from assistant.rest import ask, openai, page
from assistant.rest.table import RULES
from assistant.retrieval.searcher import searcher_of
from assistant.services import AssistantServices
from assistant.settings import AssistantSettings
from assistant.trail import draft_of
from kg_service.app import create_app as create_exact
from kg_service.audit.elsewhere import CONVERSATIONS
from kg_service.errors import SextantError
from kg_service.knowledge.build import Built
from kg_service.people.model import Principal
from kg_service.services import Services

_LOG = logging.getLogger(__name__)


def create_app(settings: AssistantSettings, built: Built | None = None) -> FastAPI:
    """The application. Search answers from words alone until the index with vectors is there, and says so.

    ``built`` is the knowledge where the caller has loaded it already.
    """
    app = create_exact(settings, RULES, built)
    inner = app.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(running: FastAPI) -> AsyncIterator[Any]:
        async with inner(running) as state:
            await run_in_threadpool(configured, settings)  # a model that cannot be used is told at the start
            if settings.conversations == ON:
                kept = ConversationStore(settings.data / CONVERSATIONS, running.state.services.knowledge)
                running.state.owners["/api/v1/conversations/"] = kept.owner_of
            making = asyncio.ensure_future(run_in_threadpool(make_services, settings, running.state.services))
            running.state.assistant = making  # all else answers meanwhile; a question waits for it
            try:
                yield state
            finally:
                with contextlib.suppress(SextantError):  # then nothing was made
                    await run_in_threadpool((await making).close)

    app.router.lifespan_context = lifespan
    for part in (ask, openai, page):
        app.include_router(part.router)
    # Before the exact half's own files, which are at /static.
    app.router.routes.insert(0, Mount("/static/ask", StaticFiles(packages=[("assistant.rest", "static")]), name="ask-static"))
    return app


def make_services(settings: AssistantSettings, exact: Services) -> AssistantServices:
    """The assistant of a running service; what search lacks yet is made in the background.

    Raises:
        UnavailableError: where the model that is set cannot be used.
    """
    knowledge = exact.knowledge
    passages = (*passages_of(knowledge, settings.root), *text_passages(exact.texts, knowledge))
    keeper = kept_index(how_of(settings), passages)
    made = assembled(settings, exact.evaluator, searcher_of(keeper.current, knowledge), exact.texts.quotes)
    gate = Gate(settings.ask_workers, settings.ask_queue)
    words = None if made.model is None else prompt(COMPOSE).hash

    def given(actor: Principal, asking: Asking, answer: Answer) -> None:
        exact.journal.note_reading(actor, draft_of(asking, answer, words))

    def close() -> None:
        gate.close()
        keeper.close()

    _LOG.info("answers are composed %s", f"with {made.model.name}" if made.model else "without a model")
    return AssistantServices(
        settings=settings,
        evaluator=exact.evaluator,
        asker=made.asker,
        reader=made.reader,
        gate=gate,
        model=None if made.model is None else made.model.name,
        conversations=ConversationStore(settings.data / CONVERSATIONS, knowledge) if settings.conversations == ON else None,
        given=given,
        close=close,
    )
