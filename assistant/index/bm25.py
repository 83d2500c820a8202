"""BM25 over words (tantivy), in memory or in a directory, with the fields of a passage and its scope as filters."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from assistant.index.words import ANALYZER, analyzer, words_of
from kg_service.errors import StoreError

FIELDS: Final = ("text", "title", "context", "also")
_MOST_WORDS: Final = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """What is searched of a passage, field by field, and the values that a filter may ask for."""

    fields: Mapping[str, str]
    tags: Mapping[str, str]


class Bm25:
    """The places of passages by how well their words fit. Safe in threads."""

    def __init__(self, index: Any, count: int) -> None:
        self._index, self.count = index, count
        self._index.register_tokenizer(ANALYZER, analyzer())
        self._searcher = index.searcher()
        if self._searcher.num_docs != count:
            raise StoreError(f"the index of words holds {self._searcher.num_docs} passages instead of {count}.")

    def search(
        self, query: str, limit: int, boosts: Mapping[str, float], only: Mapping[str, Collection[str]] | None = None
    ) -> list[tuple[int, float]]:
        """The best ``limit`` places with their scores, over the fields in ``boosts``; ``only`` keeps those with such a value."""
        import tantivy

        schema, words = self._index.schema, list(dict.fromkeys(words_of(query)))[:_MOST_WORDS]
        if not words or limit < 1 or not self.count:
            return []
        each = [
            tantivy.Query.boost_query(tantivy.Query.term_query(schema, field, word), boost)
            for field, boost in boosts.items()
            for word in words
        ]
        asked = tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in each])
        if only:
            parts = [(tantivy.Occur.Must, asked)]
            for tag, values in only.items():
                among = tantivy.Query.term_set_query(schema, f"tag_{tag}", sorted(values))
                parts.append((tantivy.Occur.Must, tantivy.Query.const_score_query(among, 0.0)))
            asked = tantivy.Query.boolean_query(parts)
        hits = self._searcher.search(asked, limit, count=False).hits
        return [(int(self._searcher.doc(address)["place"][0]), float(score)) for score, address in hits]


def build(entries: Sequence[Entry], tags: Iterable[str], directory: Path | None = None) -> Bm25:
    """An index of ``entries`` in their order, in memory or in a new directory.

    Raises:
        StoreError: it cannot be written.
    """
    import tantivy

    schema = tantivy.SchemaBuilder()
    schema.add_unsigned_field("place", stored=True, indexed=True)
    for field in FIELDS:
        schema.add_text_field(field, stored=False, tokenizer_name=ANALYZER)
    names = list(tags)
    for tag in names:
        schema.add_text_field(f"tag_{tag}", stored=False, tokenizer_name="raw", index_option="basic")
    try:
        if directory is not None:
            directory.mkdir(parents=True)
        index = tantivy.Index(schema.build(), path=None if directory is None else str(directory))
        index.register_tokenizer(ANALYZER, analyzer())
        writer = index.writer(heap_size=15_000_000, num_threads=1)
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
        index = tantivy.Index.open(str(directory))
        return Bm25(index, count)
    except (OSError, ValueError) as error:
        raise StoreError(f"the index of words in {directory} cannot be opened: {error}") from error
