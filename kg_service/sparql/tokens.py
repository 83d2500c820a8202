"""SPARQL text to tokens: strings, comments and IRIs told apart from words and brackets. Pure, linear in the text, no recursion.

The token rules are those of SPARQL 1.1 (section 19.8); 1.2 adds only brackets. Where no rule fits, one character is taken as it
is: whether the text is a query is for the parser to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

_LOCAL: Final = r"(?:[\w:.·-]|%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?#@%])*+"
_STRING: Final = (
    r'"""(?:[^"\\]|\\.|"(?!""))*+"""'
    r"|'''(?:[^'\\]|\\.|'(?!''))*+'''"
    r'|"(?!"")(?:[^"\\\n\r]|\\.)*+"'
    r"|'(?!'')(?:[^'\\\n\r]|\\.)*+'"
)
_COMMENT: Final = r"\#[^\n\r]*+"
_IRI: Final = r'<[^<>"{}|^`\\\x00-\x20]*+(?:\\[uU][0-9A-Fa-f]{4,8}[^<>"{}|^`\\\x00-\x20]*+)*+>'
# No rule looks further than what it takes, but for a string that is never closed: there the tokens end. So all is linear.
_BLANK: Final = rf"(?:\s++|{_COMMENT})*+"
_KINDS: Final = {
    "string": _STRING,
    "unclosed": "[\"']",
    "iri": _IRI,
    "variable": r"[?$]\w[\w·]*+",
    "language": r"@[A-Za-z]++(?:-[A-Za-z0-9]++)*+",
    "blank": r"_:[\w.·-]++",
    "name": rf":{_LOCAL}",
    "run": rf"\w[\w.·-]*+(?P<local>:{_LOCAL})?+",
    "mark": r"\|\||&&|\^\^|!=|<=|>=|<<\(?|\)?>>|\{\||\|\}|.",
    "end": r"\Z",
}
_TOKEN: Final = re.compile(_BLANK + "(?:" + "|".join(f"(?P<{kind}>{rule})" for kind, rule in _KINDS.items()) + ")", re.DOTALL)
_PIECE: Final = re.compile(r"\w++|.", re.DOTALL)
_CODEPOINT: Final = re.compile(
    rf"(?P<kept>{_COMMENT}|{_STRING}|{_IRI}|[\"'].*)|\\u([0-9A-Fa-f]{{4}})|\\U([0-9A-Fa-f]{{8}})", re.DOTALL
)


class Token(NamedTuple):
    kind: str
    text: str
    start: int


def tokens(text: str) -> Iterator[Token]:
    """The tokens of ``text`` in order, without white space and comments.

    A string that is never closed is the last token, of the kind ``unclosed``.
    """
    for found in _TOKEN.finditer(text):
        kind = found.lastgroup or "end"
        piece, start = found[kind], found.start(kind)
        if kind == "run":  # letters, digits, points and hyphens: a prefixed name if a colon follows, else words and marks
            if found["local"] is not None:
                yield Token("name", piece, start)
            elif piece.isalnum():
                yield Token("word", piece, start)
            else:
                for part in _PIECE.finditer(piece):
                    yield Token("mark" if part[0] in ".-·" else "word", part[0], start + part.start())
        elif kind == "end":
            return
        else:
            yield Token(kind, piece, start)
            if kind == "unclosed":
                return


def unescaped(text: str) -> str:
    r"""``text`` with the codepoint escapes (``\u0053``, SPARQL 1.1 section 19.2) outside strings and IRIs written out.

    Those inside stay: the parser reads them there, and what they stand for cannot end the string.
    """
    if "\\u" not in text and "\\U" not in text:
        return text

    def written(found: re.Match[str]) -> str:
        digits = found[2] or found[3]
        if found["kept"] is not None or digits is None:
            return found[0]
        number = int(digits, 16)
        return found[0] if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF else chr(number)

    return _CODEPOINT.sub(written, text)


def place(text: str, offset: int) -> tuple[int, int]:
    """Line and column of ``offset``, both from 1."""
    line = text.count("\n", 0, offset) + 1
    return line, offset - (text.rfind("\n", 0, offset) + 1) + 1
