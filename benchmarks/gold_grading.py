"""Grades answers of the assistant against the gold set, the engine, the graph and the official files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from assistant.model import Answer, Citation, ClaimKind, PassageKind
from assistant.passages import passages_of
from assistant.understanding import Reader
from benchmarks.gold import POLARITIES, SPLITS, Description, Gold, Item, Pair, Score, faults, read_pairs, score
from benchmarks.gold_texts import verbatim
from benchmarks.word_peer import WordPeer
from kg_service.applicability.compare import compare, diff
from kg_service.applicability.evaluate import IN_EFFECT, Evaluator
from kg_service.applicability.facts import Answer as FactAnswer
from kg_service.applicability.facts import Facts, parse_facts, plain_facts
from kg_service.knowledge.graph import quads
from kg_service.model import FactId, NormId, NormKind

ROOT = Path(__file__).resolve().parent.parent
ASKING = {NormKind.DUTY, NormKind.PROHIBITION, NormKind.EXPECTATION, NormKind.RIGHT}
_NOT_SAID = re.compile(
    r"\b(?:do(?:es)? not apply|(?:is|are) exempt|cannot be told|whether .* appl|ended|ruled out)\b", re.IGNORECASE
)
_QUOTED = re.compile(r"[“\"]([^”\"]{12,})[”\"]")
_MARK = re.compile(r"\[(\d{1,3})\]")
_CORRECTING = {ClaimKind.CORRECTION, ClaimKind.INTERPRETATION}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answers to one item, one per turn, and how long the first took."""

    item: Item
    answers: tuple[Answer, ...]
    ms: float

    @property
    def last(self) -> Answer:
        return self.answers[-1]


@dataclass(slots=True)
class Figures:
    """What one run gave. ``met`` counts, by kind of question, how many answers held what they had to, of how many."""

    same_facts: Score = field(default_factory=Score)
    end_to_end: Score = field(default_factory=Score)
    peer: Score = field(default_factory=Score)
    met: dict[str, list[int]] = field(default_factory=dict)
    wrong_refusals: list[str] = field(default_factory=list)
    unmet: list[str] = field(default_factory=list)
    citations: list[int] = field(default_factory=lambda: [0, 0])
    quotes: list[int] = field(default_factory=lambda: [0, 0])
    facts: dict[str, dict[str, Score]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    bad_citations: list[str] = field(default_factory=list)

    def count(self, kind: str, held: bool, name: str) -> None:
        tally = self.met.setdefault(kind, [0, 0])
        tally[0] += held
        tally[1] += 1
        if not held:
            self.unmet.append(name)

    def share(self, kind: str) -> float:
        held, of = self.met.get(kind, (0, 0))
        return held / of if of else 0.0


class Grader:
    """Grades answers against the gold set, the engine and the graph."""

    def __init__(self, evaluator: Evaluator, gold: Gold, root: Path = ROOT) -> None:
        self._evaluator, self._gold, self._law = evaluator, gold, evaluator.knowledge
        self._passages = {passage.id: passage for passage in passages_of(self._law, root)}
        self._iris = {quad.subject.value for quad in quads(self._law, root / "ontology") if hasattr(quad.subject, "value")}
        self._peer = WordPeer(self._law)

    def grade(self, outcomes: Iterable[Outcome]) -> Figures:
        figures = Figures()
        for outcome in outcomes:
            figures.times.append(outcome.ms)
            for answer in outcome.answers:
                self._sound(figures, outcome.item, answer)
            if outcome.item.kind == "refusal":
                held = outcome.last.refused and not outcome.last.claims
                figures.count("refusal", held, outcome.item.id)
                continue
            if any(answer.refused for answer in outcome.answers) and not self._nothing_to_say(outcome.item):
                figures.wrong_refusals.append(outcome.item.id)
            if outcome.item.kind == "applies":
                self._obligations(figures, outcome)
            else:
                figures.count(outcome.item.kind, self._held(outcome), outcome.item.id)
        return figures

    def read(self, reader: Reader, split: str) -> dict[str, Score]:
        """The reading of all descriptions of ``split``."""
        total = {name: Score() for name in (*POLARITIES, "all")}
        for description in self._gold.descriptions[split]:
            for name, one in score(description, self.pairs(reader, description.text), self._gold, self._law).items():
                total[name].add(one)
        return total

    def pairs(self, reader: Reader, text: str) -> frozenset[Pair]:
        return read_pairs(reader.read(text).readings, self._law.facts)

    def faults(self, reader: Reader, description: Description) -> tuple[list[Pair], list[Pair]]:
        return faults(description, self.pairs(reader, description.text), self._gold, self._law)

    def in_effect(self, facts: Facts, as_of: date) -> tuple[set[NormId], set[NormId]]:
        """The norms in effect that ask for something, and all norms in effect."""
        norms = [verdict.norm for verdict in self._evaluator.assess(facts, as_of).verdicts if verdict.status in IN_EFFECT]
        return {norm.id for norm in norms if norm.kind in ASKING}, {norm.id for norm in norms}

    def _nothing_to_say(self, item: Item) -> bool:
        """Whether on the facts written by hand nothing can be said to apply yet; asking back is then the right answer."""
        return item.kind == "applies" and not self.in_effect(item.facts, item.as_of)[0]

    def _obligations(self, figures: Figures, outcome: Outcome) -> None:
        item, answer = outcome.item, outcome.last
        said = claimed(answer)
        asked, every = self.in_effect(answer.facts, answer.as_of)
        same = _against(said, asked, every)
        figures.same_facts.add(same)
        mine, all_mine = self.in_effect(self._allowed(item, answer.facts), item.as_of)
        figures.end_to_end.add(_against(said, mine, all_mine))
        figures.peer.add(_against(self._peer.best(item.turns[0], answer.facts), asked, every))
        figures.count("obligations of a question", same.wrong == 0 and same.missed == 0, f"{item.id} obligations")
        day = "day named in the question" if item.dated else "no day in the question"
        figures.count(day, answer.as_of == item.as_of, f"{item.id} as_of {answer.as_of}")

    def _allowed(self, item: Item, read_facts: Facts) -> Facts:
        """The facts written by hand, with what the reader added that may be read as well."""
        plain = plain_facts(item.facts)
        may = self._may(item)
        for name, value in plain_facts(read_facts).items():
            values = value if isinstance(value, list) else [value]
            given = plain.get(name)
            if given is None and values and all((name, str(one).lower()) in may for one in values):
                plain[name] = value
            elif isinstance(given, list):
                plain[name] = [*given, *(str(one) for one in values if str(one) not in given and (name, str(one)) in may)]
        return parse_facts(self._law.facts, plain)

    def _may(self, item: Item) -> set[tuple[str, str]]:
        own = {split_one.id: split_one.may for split in SPLITS for split_one in self._gold.descriptions[split]}
        may = set(own.get(str(item.expected.get("description", "")), ()))
        answered = {(str(name), one) for name, value in plain_facts(item.facts).items() for one in _texts(value)}
        for rule in self._gold.implied:
            if any((fact, value) in answered for fact, values in rule["where"].items() for value in values):
                may |= {(fact, str(value)) for fact, values in rule["may"].items() for value in values}
        return may

    def _held(self, outcome: Outcome) -> bool:
        item, answer = outcome.item, outcome.last
        expected = item.expected
        match item.kind:
            case "premise":
                return corrected(answer, expected)
            case "interpretation":
                return str(expected["interpretation"]) in cited(answer)
            case "controls":
                controls = {str(one) for one in self._law.norms[NormId(expected["norm"])].controls}
                return bool(controls & cited(answer, PassageKind.CONTROL))
            case "compare":
                return self._compared(outcome)
            case "withdraw":
                return not set(expected["gone"]) & set(answer.facts)
            case "changes" if "until" in expected:
                return self._changed(item, answer)
            case _:
                return _rests(answer, expected)

    def _compared(self, outcome: Outcome) -> bool:
        """Whether the change was understood, and the answer names what the engine says is gained and lost by it."""
        first, last = outcome.answers[0], outcome.last
        if last.comparison is None or not last.comparison.options:
            return False
        changed = last.comparison.options[0].assessment.facts
        wanted = parse_facts(self._law.facts, outcome.item.expected["change"])
        if any(not self._same(fact, changed.get(fact), answer) for fact, answer in wanted.items()):
            return False
        option = compare(self._evaluator, first.facts, {"other": changed}, last.as_of).options[0]
        moved = {one.norm.id for one in (*option.gained, *option.lost) if one.norm.kind in ASKING}
        named = {norm for claim in last.claims for norm in claim.norms}
        return len(moved & named) >= 0.98 * len(moved)

    def _same(self, fact: FactId, got: FactAnswer | None, wanted: FactAnswer) -> bool:
        """Equal, but for wider terms beside those wanted."""
        if not isinstance(wanted, frozenset) or not isinstance(got, frozenset):
            return got == wanted
        wider = {above for term in wanted for above in self._law.facts[fact].ancestors[term]}
        return wanted <= got <= wanted | wider

    def _changed(self, item: Item, answer: Answer) -> bool:
        between = diff(self._evaluator, answer.facts, answer.as_of, item.expected["until"])
        begins = {one.change.norm.id for one in (*between.begins, *between.ends) if one.change.norm.kind in ASKING}
        named = {norm for claim in answer.claims for norm in claim.norms}
        return answer.difference is not None and len(begins & named) >= 0.98 * len(begins)

    def _sound(self, figures: Figures, item: Item, answer: Answer) -> None:
        """Every claim cites passages that were handed over and stand in the graph; quotes are verbatim."""
        handed = {citation.n: citation for citation in answer.citations}
        for claim in answer.claims:
            good = bool(claim.citations) and all(n in handed for n in claim.citations)
            figures.citations[0] += good
            figures.citations[1] += 1
            if not good:
                figures.bad_citations.append(f"{item.id}: {claim.text[:80]}")
            for quote in _QUOTED.findall(claim.text) if claim.kind is ClaimKind.QUOTE else ():
                shown = (handed[n] for n in claim.citations if n in handed)
                figures.quotes[0] += any(quote in (one.quote or one.passage.text) for one in shown)
                figures.quotes[1] += 1
        for citation in answer.citations:
            if citation.quote is not None:
                figures.quotes[0] += verbatim(str(citation.passage.instrument), citation.quote)
                figures.quotes[1] += 1
            good = self._stands(citation)
            figures.citations[0] += good
            figures.citations[1] += 1
            if not good:
                figures.bad_citations.append(f"{item.id}: passage {citation.passage.id}")
        for mark in _MARK.findall(answer.text):
            figures.citations[0] += int(mark) in handed
            figures.citations[1] += 1

    def _stands(self, citation: Citation) -> bool:
        passage = self._passages.get(citation.passage.id)
        return passage == citation.passage and (passage.iri is None or passage.iri in self._iris)


def claimed(answer: Answer) -> set[NormId]:
    """The norms of which the answer says that they apply or will."""
    said = [
        claim for claim in answer.claims if claim.kind is ClaimKind.VERDICT and not _NOT_SAID.search(claim.text.partition(":")[0])
    ]
    return {norm for claim in said for norm in claim.norms}


def cited(answer: Answer, kind: PassageKind | None = None) -> set[str]:
    """What the cited passages are about: ids of norms, instruments, interpretations, controls."""
    used = {n for claim in answer.claims for n in claim.citations}
    return {name for one in answer.citations if one.n in used and kind in (None, one.passage.kind) for name in _about(one)}


def corrected(answer: Answer, expected: Mapping[str, object]) -> bool:
    """Whether a correction, or the answer to that question of law, rests on what is meant and says the right day or word."""
    handed = {citation.n: citation for citation in answer.citations}
    wanted = {str(name) for name in _list(expected["about"])}
    texts = [
        claim.text
        for claim in answer.claims
        if claim.kind in _CORRECTING and wanted & {name for n in claim.citations if n in handed for name in _about(handed[n])}
    ]
    said = " ".join(texts)
    return bool(texts) and _says(said, expected)


def _against(said: set[NormId], wanted: set[NormId], allowed: set[NormId]) -> Score:
    return Score(len(said & wanted), len(said - allowed), len(wanted - said))


def _rests(answer: Answer, expected: Mapping[str, object]) -> bool:
    about = cited(answer)
    every, some = set(_list(expected.get("cites", ()))), set(_list(expected.get("cites_any", ())))
    text = " ".join(claim.text for claim in answer.claims)
    return every <= about and (not some or bool(some & about)) and ("date" not in expected or _says(text, expected))


def _says(text: str, expected: Mapping[str, object]) -> bool:
    day = expected.get("date")
    if isinstance(day, date):
        return any(form in text for form in _forms(day))
    return any(_holds(text, word) for word in _list(expected["words"]))


def _holds(text: str, word: str) -> bool:
    """Whether ``text`` holds ``word``; short ones as whole words, longer ones as the beginning of a word."""
    return re.search(rf"\b{re.escape(word)}" + (r"\b" if len(word) <= 5 else ""), text, re.IGNORECASE) is not None


def _forms(day: date) -> tuple[str, ...]:
    return day.isoformat(), f"{day.day} {day:%B} {day.year}", f"{day:%B} {day.day}, {day.year}"


def _about(citation: Citation) -> Iterator[str]:
    passage = citation.passage
    yield from (name for name in (passage.about, passage.instrument) if name is not None)


def _list(value: object) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple) else []


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
