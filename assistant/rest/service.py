"""What every route of the assistant needs: its services, and one question answered off the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from fastapi import Depends
from starlette.requests import Request

from assistant.answering.steps import Done, Step
from assistant.conversation import begun, continued
from assistant.exchange import Asking, client_view, parse_conversation, parse_documents, parse_question
from assistant.gate import Run
from assistant.model import Answer, Conversation
from assistant.services import AssistantServices
from kg_service.applicability.facts import parse_day, parse_facts
from kg_service.errors import BusyError, InputError, NotFoundError, Problem, SextantError
from kg_service.people.model import Principal


async def assistant_of(request: Request) -> AssistantServices:
    """The assistant of the application that answers ``request``; for ``fastapi.Depends``. It may still be in the making.

    Raises:
        BusyError: where it is not there within the time of a request.
        UnavailableError: where it could not be made.
    """
    making = request.app.state.assistant
    try:
        found = await asyncio.wait_for(asyncio.shield(making), request.app.state.services.settings.request_seconds)
    except TimeoutError as error:
        raise BusyError("The assistant is still being started.", 5) from error
    if not isinstance(found, AssistantServices):
        raise TypeError(found)
    return found


AssistantParam = Annotated[AssistantServices, Depends(assistant_of)]


def asking_of(services: AssistantServices, raw: dict[str, Any], actor: Principal) -> Asking:
    """The request of ``actor`` in the body ``raw``, checked.

    Raises:
        InputError: with every problem of the first part that has one.
        NotFoundError: where a stored conversation is named that is not there, or is somebody else's.
    """
    knowledge = services.knowledge
    problems: list[Problem] = []
    asking = Asking("", actor=actor)
    for key in ("question", "facts", "as_of", "conversation", "documents"):
        given = raw.get(key)
        if given is None and key != "question":
            continue
        try:
            match key:
                case "question":
                    asking = replace(asking, question=parse_question(given, "/question"))
                case "facts":
                    asking = replace(asking, facts=parse_facts(knowledge.facts, given, "/facts"))
                case "as_of":
                    asking = replace(asking, as_of=parse_day(given, "/as_of"))
                case "conversation":
                    asking = replace(asking, conversation=_conversation(services, given, actor))
                case _:
                    asking = replace(asking, documents=parse_documents(given, "/documents"))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(problems)
    return asking


def _conversation(services: AssistantServices, given: object, actor: Principal) -> Conversation:
    if isinstance(given, str):
        if services.conversations is None:
            told = "conversations are not kept here (SEXTANT_CONVERSATIONS): send the object that the last answer gave."
            raise InputError([Problem("/conversation", "not-kept", told)])
        if services.conversations.owner_of(given) not in (None, actor.id):
            raise NotFoundError("conversation", given[:64])
        return services.conversations.load(given)
    return parse_conversation(given, services.knowledge)


def begin(services: AssistantServices, asking: Asking, actor: Principal) -> Run[Step]:
    """The steps of the answer, begun in a thread.

    Raises:
        BusyError: where too many questions wait already.
    """

    def work() -> Iterator[Step]:
        for step in services.steps(asking):
            if isinstance(step, Done):
                services.given(actor, asking, step.answer)
            yield step

    return services.gate.enter(work, services.settings.request_seconds)


async def answered(services: AssistantServices, asking: Asking, actor: Principal) -> Answer:
    """The whole answer.

    Raises:
        BusyError, DeadlineError: where it cannot be given in time.
    """
    last = (await begin(services, asking, actor).all())[-1]
    if not isinstance(last, Done):
        raise SextantError("The answer broke off.")
    return last.answer


def next_conversation(services: AssistantServices, asking: Asking, answer: Answer) -> dict[str, Any]:
    """The conversation after ``answer``, as its client keeps it; stored where conversations are kept."""
    conversation, kept = continued(asking.conversation or begun(), answer), services.conversations
    if kept is not None:
        if kept.owner_of(conversation.id) not in (None, asking.actor.id):
            conversation = replace(conversation, id=begun().id)  # nobody writes over what is somebody else's
        kept.save(conversation, asking.actor.id)
    return client_view(conversation)
