"""Reads a corpus in BEIR form (``corpus.jsonl`` or ``.gz``, ``queries.jsonl``, ``qrels.tsv``) as passages of ours."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.model import Passage, PassageId, PassageKind, Trust

HEADING_WORDS = 30
HEADINGS = 6
AROUND = 2


@dataclass(frozen=True)
class Beir:
    """``relevant`` has, for each query that was judged, the places of its passages."""

    passages: tuple[Passage, ...]
    queries: Mapping[str, str]
    relevant: Mapping[str, frozenset[int]]


def read_beir(folder: Path) -> Beir:
    """The corpus with its queries and judgements."""
    records = list(_lines(folder, "corpus.jsonl"))
    places = {str(record["_id"]): place for place, record in enumerate(records)}
    queries = {str(record["_id"]): clean(record["text"]) for record in _lines(folder, "queries.jsonl")}
    relevant: dict[str, set[int]] = {}
    for line in _judgements(folder):
        query, passage, score = line.split("\t")[:3]
        if int(score) > 0 and query in queries:
            relevant.setdefault(query, set()).add(places[passage])
    return Beir(_passages(records), queries, {query: frozenset(found) for query, found in relevant.items()})


def clean(text: str) -> str:
    """Without marks that nobody sees, and with single spaces."""
    return " ".join(text.replace("\u200e", "").split())


def _lines(folder: Path, name: str) -> Iterator[dict[str, Any]]:
    file = folder / name
    packed = folder / f"{name}.gz"
    with file.open(encoding="utf-8") if file.exists() else gzip.open(packed, "rt", encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.strip())


def _judgements(folder: Path) -> list[str]:
    found = [folder / "qrels.tsv", *sorted((folder / "qrels").glob("*.tsv"))]
    file = next(one for one in found if one.is_file())
    return [line for line in file.read_text(encoding="utf-8").splitlines()[1:] if line.strip()]


def _passages(records: Sequence[Mapping[str, Any]]) -> tuple[Passage, ...]:
    """Where titles are numbers (``13 4.2.1``: document, section) they give headings and neighbours; else they are titles."""
    titles = [clean(record.get("title") or "") for record in records]
    texts = [clean(record["text"]) for record in records]
    numbered = sum(bool(re.match(r"\S+ .*\d", title)) for title in titles) > len(titles) / 2
    places = _Outline(titles, texts) if numbered else None
    return tuple(
        Passage(
            id=PassageId(str(record["_id"])),
            kind=PassageKind.TEXT_UNIT,
            title="" if places else titles[place],
            text=texts[place],
            trust=Trust.LAW,
            instrument=places.documents[place] if places else None,
            provision=(titles[place].partition(" ")[2] if places else titles[place]) or None,
            neighbours=tuple(PassageId(str(records[other]["_id"])) for other in places.around(place)) if places else (),
            context=places.headings(place) if places else "",
        )
        for place, record in enumerate(records)
    )


class _Outline:
    """Which passage stands below which, read from the numbers of their sections."""

    def __init__(self, titles: Sequence[str], texts: Sequence[str]) -> None:
        self._texts = texts
        self.documents = [title.partition(" ")[0] for title in titles]
        keys = [(title.partition(" ")[0], *re.findall(r"[a-z0-9]+", title.partition(" ")[2].lower())) for title in titles]
        first: dict[tuple[str, ...], int] = {}
        for place, key in enumerate(keys):
            first.setdefault(key, place)
        self._above = [self._holder(place, key, first) for place, key in enumerate(keys)]

    @staticmethod
    def _holder(place: int, key: tuple[str, ...], first: Mapping[tuple[str, ...], int]) -> int | None:
        found = (first.get(key[:size]) for size in range(len(key) - 1, 1, -1))
        return next((one for one in found if one is not None and one != place), None)

    def headings(self, place: int) -> str:
        """The beginnings of the passages above, outermost first."""
        found: list[str] = []
        above = self._above[place]
        while above is not None and len(found) < HEADINGS:
            found.append(" ".join(self._texts[above].split()[:HEADING_WORDS]))
            above = self._above[above]
        return ". ".join(one for one in reversed(found) if one)

    def around(self, place: int) -> list[int]:
        """The passages next to it in its document, nearest first, and the one above."""
        near = [place + step for size in range(1, AROUND + 1) for step in (-size, size)]
        held = [one for one in near if 0 <= one < len(self.documents) and self.documents[one] == self.documents[place]]
        above = self._above[place]
        return list(dict.fromkeys([*held, *([] if above is None else [above])]))
