"""Where the engine departs from the standard, the text it is given is changed so that the answer is the standard's.

Each change is for cases of the W3C suite that pyoxigraph 0.5.13 answers wrongly, holds for every query of that kind, and is left
out where the tokens alone do not show that it is sound. With an engine that answers rightly a function can go: the suite tells.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, TypeAlias

from kg_service.sparql.guard import prefixes
from kg_service.sparql.tokens import Token, tokens

_MOST_GRAPHS: Final = 1_000
_MOST_TEXT: Final = 1_000_000
Change: TypeAlias = tuple[int, int, str]  # from, to, what stands there instead
_STARTS: Final = frozenset(("{", "."))
_ENDS: Final = frozenset(("}", "."))


def conforming(text: str, found: Sequence[Token], graphs: Collection[str] | None, holds: Callable[[str], bool]) -> str:
    """``text``, or another that the engine answers as the standard asks ``text`` to be answered.

    Args:
        found: its tokens.
        graphs: the named graphs of its dataset; None where they are not known.
        holds: whether an IRI is a subject or an object anywhere in the store.
    """
    there = {token.text.upper() for token in found if token.kind in ("word", "mark")}
    if "GROUP_CONCAT" in there:
        text, found = _changed(text, found, _plain_concatenation(found))
    if "*" in there or "?" in there:
        text, found = _changed(text, found, _absent_ends(found, prefixes(found), holds))
    if "GRAPH" in there and graphs is not None:
        text, found = _changed(text, found, _each_graph(text, found, sorted(graphs)))
    return text


def _plain_concatenation(found: Sequence[Token]) -> list[Change]:
    """GROUP_CONCAT gives a simple literal (18.5.1.7); the engine keeps a language that all its members share."""
    calls = [at for at, token in enumerate(found[:-1]) if _is(token, "GROUP_CONCAT") and found[at + 1].text == "("]
    changes: list[Change] = []
    for at in calls:
        end = _closing(found, at + 1)
        if end is not None:
            changes += [(found[at].start, found[at].start, "STR("), (_after(found[end]), _after(found[end]), ")")]
    return changes


def _absent_ends(found: Sequence[Token], declared: dict[str, str], holds: Callable[[str], bool]) -> list[Change]:
    """A path of length zero joins a term with itself, also one that no statement names (18.4); the engine looks for a statement.

    No longer path leads to such a term, so the pattern has the one solution that its variable is that term.
    """
    if any(token.kind == "blank" or _is(token, "GRAPH") for token in found):
        return []  # no label may stand on both sides of what is put in; in a graph VALUES are not what they should be
    changes: list[Change] = []
    for at in range(1, len(found) - 2):
        if found[at - 1].text not in _STARTS or found[at].kind not in ("variable", "iri", "name"):
            continue
        last = _zero_path(found, at + 1)
        if last is None or last + 2 >= len(found) or found[last + 2].text not in _ENDS:
            continue
        subject, target = found[at], found[last + 1]
        ends = [(one, other) for one, other in ((subject, target), (target, subject)) if one.kind in ("iri", "name")]
        absent = [(one, other) for one, other in ends if (iri := _iri(one, declared)) is not None and not holds(iri)]
        if not absent:
            continue
        one, other = absent[0]
        if other.kind == "variable":
            changes.append((subject.start, _after(target), f"VALUES {other.text} {{ {one.text} }}"))
        elif _iri(other, declared) == _iri(one, declared):
            changes.append((subject.start, _after(target), "VALUES () { () }"))
    return changes


def _zero_path(found: Sequence[Token], at: int) -> int | None:
    """The last token of a path that begins at ``at`` and is one step, or one bracket, followed by ``*`` or ``?``."""
    if at < len(found) and found[at].text == "^":
        at += 1
    if at >= len(found):
        return None
    end = _closing(found, at) if found[at].text == "(" else at
    if end is None or (end == at and found[at].kind not in ("iri", "name") and found[at].text != "a"):
        return None
    return end + 1 if end + 1 < len(found) and found[end + 1].text in ("*", "?") else None


def _each_graph(text: str, found: Sequence[Token], graphs: Sequence[str]) -> list[Change]:
    """``GRAPH ?g { P }`` is P in each graph by itself (18.6); the engine carries ?g into it, as shows in MINUS, SELECT, VALUES.

    Where P has one of these, the graphs are named one by one; elsewhere the text stays.
    """
    for at in range(len(found) - 2):
        variable, opening = found[at + 1], found[at + 2]
        if not _is(found[at], "GRAPH") or variable.kind != "variable" or opening.text != "{":
            continue
        end = _closing(found, at + 2)
        if end is None or not any(_is(token, "SELECT", "MINUS", "VALUES") for token in found[at + 3 : end]):
            continue
        pattern = text[opening.start : _after(found[end])]
        if any(token.kind == "blank" for token in found) or len(graphs) > _MOST_GRAPHS or len(graphs) * len(pattern) > _MOST_TEXT:
            continue
        arms = [f"{{ GRAPH <{iri}> {pattern} VALUES {variable.text} {{ <{iri}> }} }}" for iri in graphs]
        whole = " UNION ".join(arms) if arms else f"{{ VALUES {variable.text} {{ }} }}"
        return [(found[at].start, _after(found[end]), f"{{ {whole} }}")]  # the outermost; one is enough
    return []


def _is(token: Token, *words: str) -> bool:
    return token.kind == "word" and token.text.upper() in words


def _after(token: Token) -> int:
    return token.start + len(token.text)


def _closing(found: Sequence[Token], opening: int) -> int | None:
    """Where the bracket at ``opening`` is closed."""
    pair = {"(": ")", "{": "}"}[found[opening].text]
    depth = 0
    for at in range(opening, len(found)):
        if found[at].kind == "mark":
            depth += (found[at].text == found[opening].text) - (found[at].text == pair)
            if depth == 0:
                return at
    return None


def _iri(token: Token, declared: dict[str, str]) -> str | None:
    if token.kind == "iri":
        return token.text[1:-1] if ":" in token.text else None
    prefix, _, local = token.text.partition(":")
    return declared[prefix] + local if prefix in declared and "\\" not in local else None


def _changed(text: str, found: Sequence[Token], changes: Sequence[Change]) -> tuple[str, Sequence[Token]]:
    """``text`` with each piece from start to end replaced, and its tokens."""
    if not changes:
        return text, found
    parts: list[str] = []
    done = 0
    for start, end, new in sorted(changes):
        parts += [text[done:start], new]
        done = max(done, end)
    text = "".join([*parts, text[done:]])
    return text, list(tokens(text))
