"""Retrieval: what of the knowledge fits a question, inside the scope that the engine found."""

from __future__ import annotations

from assistant.retrieval.expansion import Expansion, expansion_of
from assistant.retrieval.scope import Scope, above_of
from assistant.retrieval.searcher import Search, Searcher, searcher_of

__all__ = ["Expansion", "Scope", "Search", "Searcher", "above_of", "expansion_of", "searcher_of"]
