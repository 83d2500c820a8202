"""Mutated files of every format, read in the child: ``python -m benchmarks.imports_fuzz [format ...] [--count N]``.

The same seed gives the same files. No child may crash; none may go on past its limits; the parent must come back from each.
"""

from __future__ import annotations

import contextlib
import copy
import json
import random
import re
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lxml import etree

from benchmarks.imports_samples import DOCX_PARTS, PDF_CONTENT, SAMPLES, docx, pdf
from kg_service.errors import DocumentError
from kg_service.imports.isolation import Limits, Reader

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data" / "official"
REAL = {
    "eurlex-html": "eu/DORA-RTS-reporting_32025R0301_2024-10-23.xhtml",
    "formex": "eu/DORA-RTS_02024R1774-20240625.fmx4.xml",
    "akoma-ntoso": "akn/uk_pga-2014-27-enacted-data.xml",
    "uslm": "us/uslm/COMPS-9748.xml",
    "ecfr": "us/title-3-full-2024-05-17_versioner.xml",
    "regml": "us/regml-1022/2011-31728.xml",
}
COUNT, AMONG_OTHERS, SEED = 5_000, 300, 20_261_123  # files a format: alone, among all benchmarks
LIMITS = Limits(seconds=20.0, memory=1024 * 1024 * 1024, output=64 * 1024 * 1024)
FAULTS = frozenset({"parser_failed", "timeout", "out_of_memory"})
_TAG = re.compile(rb"<(/?)([A-Za-z][\w:.-]*)([^<>]*)>")
_LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "&%c;&%c;&%c;">' % (98 + n, 97 + n, 97 + n, 97 + n) for n in range(12))
    + b"]>"
)
_NOISE = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"&x;",
    b"&#0;",
    b"&#xD800;",
    b"]]>",
    b"<!--",
    b"<![CDATA[",
    "\u202e\u200b".encode(),
    b"%PDF-",
    b"PK\x03\x04",
)


@dataclass(slots=True)
class Tally:
    """What became of the mutated files of one format."""

    read: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[int, str]] = field(default_factory=list)
    slowest: float = 0.0
    children: int = 0


def mutate(content: bytes, rng: random.Random) -> bytes:
    """One of many ways to spoil a file, or two."""
    for _ in range(rng.choice((1, 1, 2))):
        content = rng.choice(_WAYS)(content, rng)
    return content[:2_000_000]


def _flip(content: bytes, rng: random.Random) -> bytes:
    held = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        if held:
            held[rng.randrange(len(held))] ^= 1 << rng.randrange(8)
    return bytes(held)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _drop(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    return content[:start] + content[start + rng.randrange(1, 400) :]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    piece = content[start : start + rng.randrange(1, 300)]
    return content[:start] + piece * rng.choice((2, 20, 400)) + content[start:]


def _noise(content: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(content) + 1)
    return content[:at] + rng.choice(_NOISE) + content[at:]


def _swap_tags(content: bytes, rng: random.Random) -> bytes:
    tags = list(_TAG.finditer(content))
    if len(tags) < 2:
        return _flip(content, rng)
    names = sorted({tag[2] for tag in tags})
    old, new = rng.choice(names), rng.choice(names)
    return re.sub(rb"(</?)" + re.escape(old) + rb"(?=[\s/>])", rb"\g<1>" + new, content)


def _nest(content: bytes, rng: random.Random) -> bytes:
    tags = [tag for tag in _TAG.finditer(content) if not tag[1] and not tag[3].endswith(b"/")]
    if not tags:
        at, opening, closing = rng.randrange(len(content) + 1), rng.choice((b"[", b"> ", b"- ", b"<<", b"q ")), b""
    else:
        tag = rng.choice(tags)
        at, opening, closing = tag.start(), tag[0], b"</" + tag[2] + b">"
    times = rng.choice((5, 50, 190, 3000))
    return content[:at] + opening * times + closing * times + content[at:]


def _entity(content: bytes, rng: random.Random) -> bytes:
    outside = b'<!DOCTYPE x [<!ENTITY l SYSTEM "file:///etc/passwd">]>'
    declared = rng.choice((_LAUGHS, outside, b'<!DOCTYPE x SYSTEM "http://example.org/x.dtd">', b"<!DOCTYPE x>"))
    start = re.search(rb"<(?![?!])", content)
    at = start.start() if start else 0
    spoiled = content[:at] + declared + content[at:]
    text = spoiled.find(b">", at + len(declared)) + 1
    return spoiled[:text] + rng.choice((b"&l;", b"&m;", b"&a;")) + spoiled[text:]


def _number(content: bytes, rng: random.Random) -> bytes:
    found = list(re.finditer(rb"\d+", content))
    if not found:
        return _flip(content, rng)
    digits = rng.choice(found)
    other = rng.choice((b"0", b"-1", b"99999999999999999999", b"1e999", b"2147483648", b"\xd9\xa3", b""))
    return content[: digits.start()] + other + content[digits.end() :]


def _tree(content: bytes, rng: random.Random) -> bytes:
    """A file that is still well-formed, so that it gets past the parser: elements renamed, moved, emptied, wrapped, doubled."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, remove_comments=True, remove_pis=True))
    for _ in range(rng.choice((1, 2, 5, 20))):
        elements = [each for each in root.iter() if isinstance(each.tag, str)]
        one, other = rng.choice(elements), rng.choice(elements)
        above = one.getparent()
        way = rng.randrange(7)
        if way == 0:
            one.tag = other.tag
        elif way == 1 and above is not None:
            above.remove(one)
        elif way == 2 and above is not None and len(elements) < 3_000:
            other.append(copy.deepcopy(one))
        elif way == 3:
            one.text, one.tail = rng.choice(_TEXTS), rng.choice(_TEXTS)
        elif way == 4:
            for name in list(one.attrib):
                one.set(name, rng.choice(_TEXTS))
        elif way == 5 and above is not None:
            wrapper = etree.SubElement(above, other.tag)
            wrapper.append(one)
        else:
            one.attrib.clear()
    return etree.tostring(root, encoding="utf-8")


def _values(content: bytes, rng: random.Random) -> bytes:
    """A JSON file that is still JSON, with values of other kinds and members moved."""
    raw = json.loads(content)
    places: list[tuple[Any, Any]] = []
    todo: list[Any] = [raw]
    while todo:
        held = todo.pop()
        members = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
        for key, value in members:
            places.append((held, key))
            todo.append(value)
    for _ in range(rng.choice((1, 2, 5))):
        held, key = rng.choice(places)
        odd = [None, 7, -1.5, True, "", "x" * 300, [], {}, [[]], [{}], {"id": "a"}, "{{ insert: param, p2 }}" * 50]
        other, name = rng.choice(places)
        with contextlib.suppress(LookupError):
            held[key] = copy.deepcopy(other[name]) if rng.random() < 0.3 else rng.choice(odd)
    return json.dumps(raw).encode()


_TEXTS = (
    "",
    " ",
    "(a)",
    "(1) (i) (A)",
    "§ 1",
    "1002-Interp",
    "ANNEX I",
    "x" * 5000,
    "\u202e\u200b",
    "--",
    "Article 6(1)",
    "1" * 400,
    "((((",
)
_TREES = frozenset({"formex", "akoma-ntoso", "uslm", "ecfr", "regml", "eurlex-html"})
_WAYS = (_flip, _cut, _drop, _repeat, _noise, _swap_tags, _nest, _entity, _number)


def mutated(kind: str, seeds: list[bytes], number: int) -> bytes:
    """The ``number``-th file of a format."""
    rng = random.Random(f"{SEED} {kind} {number}")  # noqa: S311 -- the same files each time, no secret
    if kind in _TREES and rng.random() < 0.5:
        return _tree(rng.choice(seeds), rng)
    if kind == "oscal" and rng.random() < 0.7:
        return _values(seeds[0], rng)
    if kind == "docx" and rng.random() < 0.7:
        parts: dict[str, str | bytes] = dict(DOCX_PARTS)
        name = rng.choice(sorted(parts))
        parts[name] = mutate(DOCX_PARTS[name].encode(), rng)
        return docx(parts)
    if kind == "pdf" and rng.random() < 0.5:
        return pdf(mutate(PDF_CONTENT, rng), packed=rng.random() < 0.5)
    return mutate(rng.choice(seeds), rng)


def seeds(kind: str) -> list[bytes]:
    """The sample of a format and, where the official files are at hand, the beginning of a real one."""
    found = [SAMPLES[kind]]
    path = SHARED / REAL.get(kind, "absent")
    if path.is_file():
        found.append(excerpt(path.read_bytes()))
    return found


def excerpt(content: bytes, elements: int = 160) -> bytes:
    """The first elements of an XML file, closed where they stop."""
    root = etree.fromstring(content)
    for count, element in enumerate(list(root.iter())):
        if count > elements:
            above = element.getparent()
            if above is not None:
                above.remove(element)
    return etree.tostring(root, encoding="utf-8", xml_declaration=True)


def run(kind: str, count: int, limits: Limits = LIMITS) -> Tally:
    """Reads ``count`` mutated files of a format, one child after another as they are needed."""
    tally, starting = Tally(), seeds(kind)
    with Reader(limits) as reader:
        reader.read(starting[0], f"sample.{kind}", kind)
        for number in range(count):
            content = mutated(kind, starting, number)
            start = time.perf_counter()
            try:
                reader.read(content, f"mutation-{number}.{kind}", kind)
                tally.read += 1
            except DocumentError as error:
                code = error.problems[0].code
                tally.refused[code] += 1
                if code in FAULTS:
                    tally.faults.append((number, str(error)[:160]))
            tally.slowest = max(tally.slowest, time.perf_counter() - start)
        tally.children = reader.started
    return tally


def main() -> None:
    alone = sys.argv[0].endswith("imports_fuzz.py")
    arguments = sys.argv[1:] if alone else []
    count = COUNT if alone else AMONG_OTHERS
    if "--count" in arguments:
        at = arguments.index("--count")
        count = int(arguments[at + 1])
        arguments = arguments[:at] + arguments[at + 2 :]
    failed = False
    for kind in arguments or SAMPLES:
        start = time.perf_counter()
        tally = run(kind, count)
        codes = ", ".join(f"{code} {times}" for code, times in tally.refused.most_common())
        print(f"{kind:<14}{count:6} files  read {tally.read}, refused {tally.refused.total()} ({codes})")
        took = time.perf_counter() - start
        print(
            f"{'':<14}slowest {tally.slowest * 1000:.0f} ms, children {tally.children}, {took:.0f} s, faults {len(tally.faults)}"
        )
        for number, message in tally.faults[:20]:
            print(f"{'':<14}  {number}: {message}")
        failed = failed or bool(tally.faults)
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
