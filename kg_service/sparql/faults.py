"""What is wrong with a query that the engine cannot read, and where, in few words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from kg_service.sparql.refusal import Refusal, bad_request
from kg_service.sparql.tokens import Token, place, tokens

_ERROR: Final = re.compile(r"error at (\d+):(\d+): expected (?:one of )?", re.DOTALL)
_CLASSES: Final = re.compile(r"(?<!\")\[[^\]]*\](?!\")(?:, )?")  # of characters, in what a parser expected
_KEYWORD: Final = re.compile(r"[A-Z][A-Z_0-9]+")
_PADDING: Final = " " * 64 + "\n"


def explained(text: str, parse: Callable[[str], object], error: SyntaxError) -> Refusal:
    """Where the parser stopped and what could have stood there.

    pyoxigraph 0.5.13 counts the place of a keyword that it missed from the end of that keyword, and no place behind the text: so
    it is asked again with blanks behind the text, and the length of the keyword is taken off.
    """
    missing = _undeclared(text)
    if missing is not None:
        line, column = place(text, missing.start)
        prefix = missing.text.partition(":")[0]
        return bad_request(f"The prefix {prefix + ':'!r} is not declared; declare it with PREFIX.", line=line, column=column)
    try:
        parse(text + _PADDING)
    except SyntaxError as again:
        error = again
    at = _ERROR.match(str(error))
    if at is None:
        return bad_request(f"The query cannot be read: {str(error)[:300]}")
    expected = list(dict.fromkeys(_CLASSES.sub("", str(error)[at.end() :]).split(", ")))
    reasons = [one for one in expected if " " in one and '"' not in one]
    words = [one for one in expected if one and " " not in one and "\\" not in one]
    offset = _offset(text + _PADDING, int(at[1]), int(at[2]))
    if words and all(_KEYWORD.fullmatch(word) for word in words) and not reasons:
        offset -= min(map(len, words))
    offset = min(offset, len(text.rstrip()))
    line, column = place(text, offset)
    rest = text[offset:].split("\n")[0].strip()
    seen = repr(rest[:30]) if rest else "its end"
    told = f"The query cannot be read at {seen}"
    if reasons:
        told += f": {'; '.join(reasons)[:200]}."
    elif words:
        told += f"; expected: {', '.join(words[:12])}{', ...' if len(words) > 12 else '.'}"
    return bad_request(told, line=line, column=column)


def _undeclared(text: str) -> Token | None:
    """The first prefixed name whose prefix is declared nowhere."""
    found = list(tokens(text))
    declaring = {index + 1 for index, token in enumerate(found) if token.kind == "word" and token.text.upper() == "PREFIX"}
    declared = {found[index].text.partition(":")[0] for index in declaring if index < len(found)}
    for index, token in enumerate(found):
        if token.kind == "name" and index not in declaring and token.text.partition(":")[0] not in declared:
            return token
    return None


def _offset(text: str, line: int, column: int) -> int:
    return sum(len(one) + 1 for one in text.split("\n")[: line - 1]) + column - 1
