"""``sextant serve``: both halves in this process."""

from __future__ import annotations

from assistant.app import create_app
from assistant.llm.registry import configured
from assistant.settings import AssistantSettings
from kg_service.commands.serving import serve as serve_application
from kg_service.settings import Settings


def serve(settings: Settings) -> None:
    """Serves until it is told to stop.

    Raises:
        UnavailableError: where the model that is set cannot be used; told here, before anything is served.
        InputError, KnowledgeError, StoreError: as the exact half's.
    """
    if not isinstance(settings, AssistantSettings):
        raise TypeError(settings)
    configured(settings)
    serve_application(settings, lambda built: create_app(settings, built))
