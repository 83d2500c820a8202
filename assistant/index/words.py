"""How texts are cut into words for BM25: lower case, English stems, numbers kept, Chinese character by character."""

from __future__ import annotations

import functools
from typing import Any, Final

ANALYZER: Final = "sextant_words"
_PATTERN: Final = r"\p{Han}|[[\p{L}\p{N}]--\p{Han}]+"


@functools.cache
def analyzer() -> Any:
    """The analysis that indexes and queries share."""
    import tantivy

    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(_PATTERN))
    for step in (
        tantivy.Filter.remove_long(60),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stemmer("English"),
    ):
        builder = builder.filter(step)
    return builder.build()


_COMMON: Final = (
    "a an and any are as at be been by can do does for from has have how if in into is it its may must no not of on or our shall "
    "should such that the their there these they this to was we were what when where which who will with would you your"
)


@functools.cache
def common() -> frozenset[str]:
    """Words that stand everywhere, as the index keeps them."""
    return frozenset(words_of(_COMMON))


def words_of(text: str) -> list[str]:
    """The words of ``text`` as the index keeps them, in order."""
    return list(analyzer().analyze(text))
