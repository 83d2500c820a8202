"""Puts the assistant together: reader, search, composer, model, verification; for the service and for the command line alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assistant.answer import Assistant
from assistant.compose import Composer, PlainComposer
from assistant.conversation import ConversationStore
from assistant.exchange import Asking
from assistant.gate import Gate
from assistant.index.opening import lexical_index
from assistant.llm.composer import PROMPT as COMPOSE
from assistant.llm.composer import ModelComposer
from assistant.llm.prompts import prompt
from assistant.llm.protocol import ChatModel
from assistant.llm.reading import PROMPT as READ
from assistant.llm.reading import ModelReader
from assistant.llm.registry import configured
from assistant.model import Answer
from assistant.passages import passages_of, text_passages
from assistant.retrieval.searcher import Searcher
from assistant.services import AssistantServices
from assistant.services import Reader as AnyReader
from assistant.settings import AssistantSettings
from assistant.trail import draft_of
from assistant.understanding import Reader
from assistant.verify import Verifier
from kg_service.applicability.evaluate import Evaluator
from kg_service.people.model import Principal
from kg_service.services import Services
from kg_service.texts.library import open_library
from kg_service.texts.quotes import Quotes

_ON: Final = "on"
_SHARE: Final = 0.8  # of the time of a request that a model may take in all
_READING: Final = 0.5  # of a model's time, for reading facts


@dataclass(frozen=True, slots=True)
class Assembled:
    """``reader`` reads without a model; ``asker`` with one, where one is set."""

    asker: Assistant
    reader: AnyReader
    model: ChatModel | None


def assembled(settings: AssistantSettings, evaluator: Evaluator, searcher: Searcher, quotes: Quotes | None) -> Assembled:
    """The assistant that the settings describe.

    Raises:
        UnavailableError: where the model that is set cannot be used.
    """
    reader: AnyReader = Reader(evaluator.knowledge)
    composer: Composer = PlainComposer(evaluator)
    model = configured(settings)
    if model is None:
        return Assembled(Assistant(evaluator, reader, searcher, composer, quotes), reader, None)
    secret = (prompt(COMPOSE).text, prompt(READ).text)
    seconds = min(settings.model_seconds, settings.request_seconds * _SHARE / (1 + _READING))
    verifier = Verifier(evaluator.knowledge, secret)
    composer = ModelComposer(model, composer, verifier.verify, seconds, settings.model_characters)
    asking: AnyReader = reader
    if settings.model_reads == _ON:
        asking = ModelReader(reader, model, evaluator.knowledge, seconds * _READING)
    return Assembled(Assistant(evaluator, asking, searcher, composer, quotes, secret=secret), reader, model)


def for_command(settings: AssistantSettings, evaluator: Evaluator) -> Assembled:
    """The assistant of one command, at once: with the index that was built, else with words alone.

    Raises:
        UnavailableError: where the model that is set cannot be used.
    """
    library = open_library(settings.data)
    quotes = Quotes(library, evaluator.knowledge.instruments) if library.all() else None
    passages = passages_of(evaluator.knowledge, settings.root)
    opened = lexical_index(passages)
    return assembled(settings, evaluator, Searcher(lambda: opened), quotes)


def make_services(settings: AssistantSettings, exact: Services) -> AssistantServices:
    """The assistant of a running service; what search lacks yet is made in the background.

    Raises:
        UnavailableError: where the model that is set cannot be used.
    """
    knowledge = exact.knowledge
    passages = (*passages_of(knowledge, settings.root), *text_passages(exact.texts, knowledge))
    opened = lexical_index(passages)
    made = assembled(settings, exact.evaluator, Searcher(lambda: opened), exact.texts.quotes)
    gate = Gate(settings.ask_workers, settings.ask_queue)
    words = None if made.model is None else prompt(COMPOSE).hash

    def given(actor: Principal, asking: Asking, answer: Answer) -> None:
        exact.journal.note_reading(actor, draft_of(asking, answer, words))

    def close() -> None:
        gate.close()

    return AssistantServices(
        settings=settings,
        evaluator=exact.evaluator,
        asker=made.asker,
        reader=made.reader,
        gate=gate,
        model=None if made.model is None else made.model.name,
        conversations=ConversationStore(settings.data / "conversations", knowledge) if settings.conversations == _ON else None,
        given=given,
        close=close,
    )
