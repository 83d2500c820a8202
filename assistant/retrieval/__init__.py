"""Retrieval: what of the knowledge fits a question, inside the scope that the engine found."""

from __future__ import annotations

from assistant.retrieval.scope import Scope
from assistant.retrieval.searcher import Search, Searcher

__all__ = ["Scope", "Search", "Searcher"]
