"""BM25 over words and pairs of words (tantivy), in memory or in a directory."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assistant.index.words import ANALYZER, analyzer, common, words_of
from kg_service.errors import StoreError

FIELDS: Final = ("text", "pairs", "near", "context")
PAIRS: Final = "pairs"
NEAR: Final = "near"
_SPACED: Final = "sextant_spaced"
_MOST_WORDS: Final = 96


@dataclass(frozen=True, slots=True)
class Entry:
    """What is searched of a passage, field by field, and the values that a filter may ask for."""

    fields: Mapping[str, str]
    tags: Mapping[str, str]


def pairs(text: str) -> str:
    """Each two words that follow each other as one, with spaces between: order counts in law."""
    words = words_of(text)
    return " ".join(f"{one}+{two}" for one, two in itertools.pairwise(words))


def near(text: str) -> str:
    """The same without the words that stand everywhere."""
    words = [word for word in words_of(text) if word not in common()]
    return " ".join(f"{one}+{two}" for one, two in itertools.pairwise(words))


_CUT: Final[Mapping[str, Callable[[str], str]]] = {PAIRS: pairs, NEAR: near}


class Bm25:
    """The places of passages by how well their words fit. Safe in threads."""

    def __init__(self, index: Any, count: int) -> None:
        self._index, self.count = index, count
        _register(index)
        self._searcher = index.searcher()
        if self._searcher.num_docs != count:
            raise StoreError(f"the index of words holds {self._searcher.num_docs} passages instead of {count}.")
        # In one segment, filled in order, the number of a document is its place.
        self._in_order = self._searcher.num_segments <= 1

    def search(
        self, query: str, limit: int, boosts: Mapping[str, float], only: Mapping[str, Collection[str]] | None = None
    ) -> list[tuple[int, float]]:
        """The best ``limit`` places with their scores, over the fields in ``boosts``; ``only`` keeps those with such a value."""
        import tantivy

        asked = self._asked(query, boosts)
        if asked is None or limit < 1 or not self.count:
            return []
        if only:
            parts = [(tantivy.Occur.Must, asked)]
            for tag, values in only.items():
                among = tantivy.Query.term_set_query(self._index.schema, f"tag_{tag}", sorted(values))
                parts.append((tantivy.Occur.Must, tantivy.Query.const_score_query(among, 0.0)))
            asked = tantivy.Query.boolean_query(parts)
        return self._hits(asked, limit)

    def scores(self, query: str, field: str, places: Sequence[int]) -> dict[int, float]:
        """The scores of ``places`` in one field; one that shares no word is absent."""
        import tantivy

        asked = self._asked(query, {field: 1.0})
        if asked is None or not places:
            return {}
        among = tantivy.Query.term_set_query(self._index.schema, "place", list(places))
        both = [(tantivy.Occur.Must, asked), (tantivy.Occur.Must, tantivy.Query.const_score_query(among, 0.0))]
        return dict(self._hits(tantivy.Query.boolean_query(both), len(places)))

    def coverage(self, query: str, places: Sequence[int], least: float = 0.0) -> dict[int, float]:
        """How much of the question each of ``places`` says, from 0 to 1: its words by their rarity, those above ``least``."""
        import tantivy

        schema = self._index.schema
        rarity = {word: self._rarity(word) for word in dict.fromkeys(words_of(query)[:_MOST_WORDS])}
        rarity = {word: rare for word, rare in rarity.items() if rare > least}
        whole = sum(rarity.values())
        if not whole or not places:
            return {}
        said = [
            (tantivy.Occur.Should, tantivy.Query.const_score_query(tantivy.Query.term_query(schema, "text", word), rare / whole))
            for word, rare in rarity.items()
        ]
        among = tantivy.Query.const_score_query(tantivy.Query.term_set_query(schema, "place", list(places)), 0.0)
        both = [(tantivy.Occur.Must, tantivy.Query.boolean_query(said)), (tantivy.Occur.Must, among)]
        return dict(self._hits(tantivy.Query.boolean_query(both), len(places)))

    def _rarity(self, word: str) -> float:
        frequency = self._searcher.doc_freq("text", word)
        return math.log(1 + (self.count - frequency + 0.5) / (frequency + 0.5))

    def _asked(self, query: str, boosts: Mapping[str, float]) -> Any:
        import tantivy

        schema = self._index.schema
        words = words_of(query)[:_MOST_WORDS]
        terms = {field: _CUT[field](query).split()[:_MOST_WORDS] if field in _CUT else words for field in boosts}
        each = [
            tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, word), boosts[field])
            for field, found in terms.items()
            for word in dict.fromkeys(found)
        ]
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in each]) if each else None

    def _hits(self, asked: Any, limit: int) -> list[tuple[int, float]]:
        hits = self._searcher.search(asked, limit, count=False).hits
        if self._in_order:
            return [(int(address.doc), float(score)) for score, address in hits]
        return [(int(self._searcher.doc(address)["place"][0]), float(score)) for score, address in hits]


def build(entries: Sequence[Entry], tags: Iterable[str], directory: Path | None = None) -> Bm25:
    """An index of ``entries`` in their order, in memory or in a new directory.

    Raises:
        StoreError: it cannot be written.
    """
    import tantivy

    try:
        if directory is not None:
            directory.mkdir(parents=True)
        index = tantivy.Index(_schema(tags), path=None if directory is None else str(directory))
        _register(index)
        writer = index.writer(heap_size=100_000_000, num_threads=1)
        for place, entry in enumerate(entries):
            document = tantivy.Document()
            document.add_unsigned("place", place)
            for field, text in entry.fields.items():
                if text:
                    document.add_text(field, text)
            for tag, value in entry.tags.items():
                document.add_text(f"tag_{tag}", value)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()
        index.reload()
    except (OSError, ValueError) as error:
        raise StoreError(f"the index of words cannot be written: {error}") from error
    return Bm25(index, len(entries))


def reopen(directory: Path, count: int) -> Bm25:
    """The index that :func:`build` wrote into ``directory``.

    Raises:
        StoreError: it is not there, not whole, or not of ``count`` passages.
    """
    import tantivy

    try:
        return Bm25(tantivy.Index.open(str(directory)), count)
    except (OSError, ValueError) as error:
        raise StoreError(f"the index of words in {directory} cannot be opened: {error}") from error


def _schema(tags: Iterable[str]) -> Any:
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_unsigned_field("place", stored=True, indexed=True)
    for field in FIELDS:
        schema.add_text_field(field, stored=False, tokenizer_name=_SPACED if field in _CUT else ANALYZER, index_option="freq")
    for tag in tags:
        schema.add_text_field(f"tag_{tag}", stored=False, tokenizer_name="raw", index_option="basic")
    return schema.build()


def _register(index: Any) -> None:
    import tantivy

    index.register_tokenizer(ANALYZER, analyzer())
    index.register_tokenizer(_SPACED, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build())
