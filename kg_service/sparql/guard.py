"""What is looked at before a stranger's query reaches a parser: size, nesting, length of chains, and what it would reach out to.

Pure. It does not decide whether the text is a query; it keeps texts away that would only cost a worker, and says why in words.
The fence of the worker (``fence.py``) holds whether or not this does. It runs in a worker too, so that its time is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from kg_service.sparql.refusal import Refusal, bad_request, refused
from kg_service.sparql.request import READ_ONLY
from kg_service.sparql.tokens import Token, place, tokens, unescaped

FORMS: Final = ("SELECT", "CONSTRUCT", "ASK", "DESCRIBE")
UPDATES: Final = ("INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY", "WITH")
# pyoxigraph 0.5.13 dies at about 900 of the worst kind of bracket and at about 2,500 links of the worst kind of chain.
MAX_DEPTH: Final = 100
MAX_CHAIN: Final = 1_000
_OPEN: Final = frozenset(("{", "(", "[", "<<", "<<(", "{|"))
_CLOSE: Final = frozenset(("}", ")", "]", ">>", ")>>", "|}"))
_LINKS: Final = frozenset(("UNION", "OPTIONAL", "MINUS", "FILTER", "BIND", "GRAPH", "EXISTS", "AS", *"|/^!+-*", "||", "&&"))
# What looks like an IRI and may be read as "less than", the end of a bracket, and a call: ``FILTER(?a<b:c)SERVICE?x#>``.
_HIDDEN: Final = re.compile(r"\).*(?:SERVICE|FROM)", re.IGNORECASE)
# Their result differs from run to run, so an answer to them is never the same answer again.
_VOLATILE: Final = re.compile(r"NOW|RAND|UUID|BNODE")


@dataclass(frozen=True, slots=True)
class Checked:
    """A query that may be handed to a worker.

    ``star`` is the offset of the ``*`` of a ``SELECT *`` and ``variables`` are all variables in the order of their first
    appearance: the columns of a ``SELECT *`` come in that order. ``dataset`` says whether the query has FROM clauses of its own.
    """

    text: str
    form: str
    star: int | None
    variables: tuple[str, ...]
    dataset: bool
    stable: bool
    tokens: Sequence[Token]


def check(text: str, known_graph: Callable[[str], bool], max_bytes: int) -> Checked | Refusal:
    """``text`` as it may be run, or why it may not."""
    try:
        size = len(text.encode("utf-8"))
    except UnicodeEncodeError:
        return bad_request("The query holds half a character (a lone surrogate); it is no Unicode text.")
    if size > max_bytes:
        return Refusal(413, "too-large", "The query is too large", f"A query may have at most {max_bytes:,} bytes.")
    text = unescaped(text)
    found = list(tokens(text))
    if found and found[-1].kind == "unclosed":
        return bad_request("The string that begins here is never closed.", **_at(text, found[-1]))
    form = _form(text, found)
    if isinstance(form, Refusal):
        return form
    upper = text.upper()
    wrong = _shape(text, found) if len(found) > MAX_DEPTH else None
    if "SERVICE" in upper:
        wrong = wrong or _reach(text, found)
    if "FROM" in upper or "NAMED" in upper:
        wrong = wrong or _graphs(text, found, known_graph)
    if wrong:
        return wrong
    return Checked(
        text,
        form.text.upper(),
        _star(found, form),
        tuple(dict.fromkeys(token.text[1:] for token in found if token.kind == "variable")),
        "FROM" in upper and any(True for _ in _from(found)),
        not _VOLATILE.search(upper),
        found,
    )


def _is(token: Token, word: str) -> bool:
    return token.kind == "word" and token.text.upper() == word


def _at(text: str, token: Token) -> dict[str, object]:
    line, column = place(text, token.start)
    return {"line": line, "column": column}


def _form(text: str, found: Sequence[Token]) -> Token | Refusal:
    """The word that says what kind of query this is: the first after the prologue."""
    for token in found:
        if token.kind != "word":
            continue
        word = token.text.upper()
        if word in ("BASE", "PREFIX", "VERSION"):
            continue
        if word in UPDATES:
            return refused(f"{word} is an update. {READ_ONLY}", **_at(text, token))
        # The parser of a worker takes a keyword even where its end is not marked ("SELECTDISTINCT"): so does this.
        form = next((known for known in FORMS if word.startswith(known)), None)
        if form:
            return Token("word", form, token.start)
        told = f"A query begins with {', '.join(FORMS)} (after BASE and PREFIX), not with {token.text[:40]!r}."
        return bad_request(told, **_at(text, token))
    return bad_request(f"There is no query: none of {', '.join(FORMS)} is in the text.", line=1, column=1)


def _shape(text: str, found: Sequence[Token]) -> Refusal | None:
    """Whether it is nested too deep, or a chain is too long. Brackets are counted together, whatever their kind."""
    depth = 0
    links: dict[str, int] = {}
    for token in found:
        if token.kind == "mark" and token.text in _OPEN:
            depth += 1
            if depth > MAX_DEPTH:
                return bad_request(f"The query is nested deeper than {MAX_DEPTH} brackets.", **_at(text, token))
        elif token.kind == "mark" and token.text in _CLOSE:
            depth = max(0, depth - 1)
        if token.kind in ("mark", "word"):
            link = token.text.upper()
            if link in _LINKS:
                links[link] = links.get(link, 0) + 1
                if links[link] > MAX_CHAIN:
                    return bad_request(f"The query has more than {MAX_CHAIN:,} times {link!r}.", **_at(text, token))
    return None


def _reach(text: str, found: Sequence[Token]) -> Refusal | None:
    """Whether it calls another endpoint.

    The parser of a worker takes ``SERVICE`` wherever it stands, also with nothing around it (``1SERVICE<...>``, ``SERVICE:x{``).
    """
    for index, token in enumerate(found):
        calls = token.kind in ("word", "language") and "SERVICE" in token.text.upper()
        if token.kind == "iri" and _HIDDEN.search(token.text):
            calls = True
        if token.kind == "name" and token.text.partition(":")[0].upper().endswith(("SERVICE", "SERVICESILENT")):
            follows = found[index + 1].text if index + 1 < len(found) else ""
            before = found[index - 1] if index else None
            calls = follows == "{" and not (before and _is(before, "GRAPH"))
        if calls:
            told = "SERVICE calls another endpoint. This one answers from its own graphs only; ask the other one by itself."
            return refused(told, **_at(text, token))
    return None


def _graphs(text: str, found: Sequence[Token], known_graph: Callable[[str], bool]) -> Refusal | None:
    declared = prefixes(found)
    for token, target in _from(found):
        if target is None or target.kind not in ("iri", "name"):
            return bad_request("FROM must be followed by the IRI of a graph.", **_at(text, token))
        iri = _iri(target, declared)
        if iri is None:
            return bad_request(f"The prefix of {target.text[:80]} is not declared.", **_at(text, target))
        wrong = unknown_graph(iri, known_graph, **_at(text, target))
        if wrong:
            return wrong
    return None


def unknown_graph(iri: str, known_graph: Callable[[str], bool], **more: object) -> Refusal | None:
    """Why ``iri`` may not be part of a query's dataset; None where it may."""
    if known_graph(iri):
        return None
    told = (
        f"There is no graph <{iri[:200]}> here, and none is fetched. "
        "SELECT DISTINCT ?graph { GRAPH ?graph {} } names those that there are."
    )
    return bad_request(told, **more)


def _from(found: Sequence[Token]) -> Iterator[tuple[Token, Token | None]]:
    """Each FROM with the token that names its graph."""
    for index, token in enumerate(found):
        if token.kind == "word" and token.text.upper().endswith(("FROM", "FROMNAMED")):
            at = index + 1
            if at < len(found) and _is(found[at], "NAMED"):
                at += 1
            yield token, found[at] if at < len(found) else None
        elif token.kind == "name" and token.text.partition(":")[0].upper() in ("FROM", "FROMNAMED", "NAMED"):
            before = found[index - 1] if index else None
            if token.text[:5].upper() == "NAMED" and not (before and _is(before, "FROM")):
                continue
            if before and (_is(before, "PREFIX") or before.kind in ("variable", "iri", "name")):
                continue  # a declared prefix of that name, within a triple
            yield token, Token("name", ":" + token.text.partition(":")[2], token.start)


def prefixes(found: Sequence[Token]) -> dict[str, str]:
    """The prefixes that the query declares, with their IRIs as they are written."""
    pairs = zip(found, found[1:], found[2:], strict=False)
    return {name.text[:-1]: iri.text[1:-1] for word, name, iri in pairs if _is(word, "PREFIX") and iri.kind == "iri"}


def _iri(token: Token, prefixes: dict[str, str]) -> str | None:
    if token.kind == "iri":
        return token.text[1:-1]
    prefix, _, local = token.text.partition(":")
    return prefixes[prefix] + local.replace("\\", "") if prefix in prefixes else None


def _star(found: Sequence[Token], form: Token) -> int | None:
    """Where the ``*`` of a ``SELECT *`` stands."""
    if form.text != "SELECT":
        return None
    at = next(index for index, token in enumerate(found) if token.start == form.start) + 1
    while at < len(found) and found[at].kind == "word" and found[at].text.upper() in ("DISTINCT", "REDUCED"):
        at += 1
    return found[at].start if at < len(found) and found[at].text == "*" else None
