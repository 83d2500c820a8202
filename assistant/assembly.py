"""Puts the assistant together: reader, search, composer, model, verification; for the service and for the command line alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from assistant.answer import Assistant
from assistant.compose import Composer, PlainComposer
from assistant.index.embedding import PackagedEmbedder
from assistant.index.hearing import PackagedHearer
from assistant.index.opening import how_of, index_at_hand
from assistant.llm.composer import PROMPT as COMPOSE
from assistant.llm.composer import ModelComposer
from assistant.llm.prompts import prompt
from assistant.llm.protocol import ChatModel
from assistant.llm.reading import PROMPT as READ
from assistant.llm.reading import ModelReader
from assistant.llm.registry import configured
from assistant.model import Passage
from assistant.passages import passages_of, text_passages
from assistant.retrieval.searcher import Searcher, searcher_of
from assistant.retrieval.wordings import Wordings
from assistant.services import Reader as AnyReader
from assistant.settings import NONE, AssistantSettings
from assistant.understanding import Reader
from assistant.understanding.clauses import Hearer
from assistant.understanding.reader import Near
from assistant.verify import Verifier
from kg_service.applicability.evaluate import Evaluator
from kg_service.model import Knowledge
from kg_service.texts.library import open_library
from kg_service.texts.quotes import Quotes
from kg_service.texts.register import Texts

ON: Final = "on"
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
    knowledge = evaluator.knowledge
    reader: AnyReader = Reader(
        knowledge, near=near_of(settings, knowledge), cache=settings.cache, hearer=hearer_of(settings, knowledge)
    )
    composer: Composer = PlainComposer(evaluator)
    model = configured(settings)
    if model is None:
        return Assembled(Assistant(evaluator, reader, searcher, composer, quotes), reader, None)
    secret = (prompt(COMPOSE).text, prompt(READ).text)
    seconds = min(settings.model_seconds, settings.request_seconds * _SHARE / (1 + _READING))
    verifier = Verifier(evaluator.knowledge, secret)
    composer = ModelComposer(model, composer, verifier.verify, seconds, settings.model_characters)
    asking: AnyReader = reader
    if settings.model_reads == ON:
        asking = ModelReader(reader, model, evaluator.knowledge, seconds * _READING)
    return Assembled(Assistant(evaluator, asking, searcher, composer, quotes, secret=secret), reader, model)


def near_of(settings: AssistantSettings, knowledge: Knowledge) -> Near | None:
    """What compares questions by meaning: always the packaged model, for which the reader is tuned; none where none is wanted."""
    return None if settings.embeddings == NONE else Wordings(knowledge, PackagedEmbedder(), settings.cache).near


def hearer_of(settings: AssistantSettings, knowledge: Knowledge) -> Hearer | None:
    """What hears the sense of clauses, by the model that comes with Sextant; none where no such model is wanted."""
    return None if settings.embeddings == NONE else PackagedHearer(knowledge)


def for_command(settings: AssistantSettings, evaluator: Evaluator) -> Assembled:
    """The assistant of one command, at once: with the index that was built, else with words alone.

    Raises:
        UnavailableError: where the model that is set cannot be used.
    """
    knowledge = evaluator.knowledge
    index = index_at_hand(how_of(settings), passages_of_command(settings, knowledge))
    library = open_library(settings.data)
    quotes = Quotes(library, knowledge.instruments) if library.all() else None
    return assembled(settings, evaluator, searcher_of(lambda: index, knowledge), quotes)


def passages_of_command(settings: AssistantSettings, knowledge: Knowledge) -> tuple[Passage, ...]:
    """The passages that a service with these settings has: of the knowledge and of the loaded texts."""
    found = passages_of(knowledge, settings.root)
    library = open_library(settings.data)
    if not library.all():
        return found
    from kg_service.store.oxigraph import OxigraphStore

    return (*found, *text_passages(Texts(library, knowledge, OxigraphStore()), knowledge))
