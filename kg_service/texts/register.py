"""The loaded texts as a service holds them: quotes for its answers, and each text as a named graph in its store."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Final

from kg_service import ids
from kg_service.errors import StoreError
from kg_service.imports.model import Document, UnitPath
from kg_service.knowledge.graph.deployment import NamedGraph
from kg_service.knowledge.graph.texts import text_graph
from kg_service.model import Knowledge
from kg_service.store.protocol import GraphStore
from kg_service.texts.joining import Cited, cited
from kg_service.texts.library import Library
from kg_service.texts.pinpoints import Places
from kg_service.texts.policies import Candidate, Linker
from kg_service.texts.quotes import Quotes
from kg_service.texts.record import LoadedText

_LOG: Final = logging.getLogger(__name__)
GRAPHS: Final = ids.graph("text/")


class Texts:
    """All loaded texts of this installation."""

    def __init__(self, library: Library, knowledge: Knowledge, store: GraphStore) -> None:
        self.library, self.quotes = library, Quotes(library, knowledge.instruments)
        self.cited: Cited = cited(knowledge)
        self._knowledge, self._store = knowledge, store
        self._linker: Linker | None = None
        self._candidates: dict[tuple[str, str], tuple[Candidate, ...]] = {}

    @property
    def tag(self) -> str:
        """What changes when a text is loaded, replaced or removed."""
        named = (f"{text.key} {text.sha256} {text.loaded_at.isoformat()}" for text in self.library.all().values())
        return hashlib.sha256("\n".join([self._knowledge.version, *named]).encode()).hexdigest()

    def candidates(self) -> tuple[Candidate, ...]:
        """What the sections of the own policies speak of; worked out once for each policy."""
        found: list[Candidate] = []
        for policy in self.library.policies():
            place = (policy.key, policy.sha256)
            if place not in self._candidates:
                self._linker = self._linker or Linker(self._knowledge)
                self._candidates[place] = tuple(self._linker.links(policy, self.library.document(policy)))
            found.extend(self._candidates[place])
        return tuple(found)

    def open(self) -> None:
        """Every text that can be read stands in the graph as it was loaded, and none besides."""
        texts = self.library.all()
        held = self._store.ask(f"ASK {{ GRAPH ?graph {{ ?text a <{ids.term('LoadedText')}> }} }}")
        there = [name for name in self._store.graphs() if name.startswith(GRAPHS)] if held else []
        wanted = {text.graph: text for text in texts.values()}
        for name in set(there) - set(wanted):
            self._store.drop(name)
        fresh: list[bytes] = []
        for name, text in wanted.items():
            graph = self._graph(text)
            if graph is None:
                continue
            if name in there:
                self._store.replace(name, graph.triples)
            else:
                fresh.append(graph.nquads)
        if fresh:
            self._store.load(b"".join(fresh))
        self.quotes.refresh()

    def _graph(self, text: LoadedText) -> NamedGraph | None:
        try:
            document = self.library.document(text)
        except StoreError as error:
            _LOG.warning("the loaded text %s is in no graph: %s", text.key, error)
            return None
        return text_graph(text, document, provisions_by_unit(self.cited, text, document))


def provisions_by_unit(cites: Cited, text: LoadedText, document: Document) -> Mapping[UnitPath, tuple[str, ...]]:
    """The pinpoints of our provisions by the units that hold their words."""
    found: dict[UnitPath, list[str]] = {}
    if text.instrument is not None:
        places = Places(document)
        for pinpoint in cites.get(text.instrument, {}):
            for path in places.of(pinpoint).paths:
                unit = document.unit(path)
                if unit is not None:
                    found.setdefault(unit.path, []).append(pinpoint)
    return {path: tuple(pinpoints) for path, pinpoints in found.items()}
