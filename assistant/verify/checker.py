"""The checks of one sentence, in the order in which they are made; the first that fails names the reason."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import date
from typing import Final

from assistant.model import Citation, Claim, Ground, PassageKind, Trust
from assistant.verify import hygiene, phrases, provisions, untrusted
from assistant.verify.counts import count_fault, without_counts
from assistant.verify.dates import RELATIVE, Written, written
from assistant.verify.evidence import NEGATIONS, Evidence, Gatherer
from assistant.verify.names import Names
from assistant.verify.numbers import agrees, numbers
from assistant.verify.reasons import Reason
from assistant.verify.sayings import ABOUT, FRAMES, facts_said, without_a_day
from assistant.verify.vocabulary import OURS, SMALL
from assistant.verify.wordlike import flat, stem, words
from kg_service.applicability.evaluate import Status, Verdict
from kg_service.model import InstrumentId, Knowledge, Norm, NormId

_TRUSTED: Final = (Trust.LAW, Trust.GUIDANCE)
_QUOTED: Final = re.compile(r"[“\"„«]([^“”\"„«»]*)[”\"“»]")
_MARKS: Final = re.compile(r"\[\d{1,3}\]")
_MORE: Final = re.compile(r"\band \d+ more\b|\(\+\d+\)")
_HELD: Final = {"is met": True, "is not met": False, "is open": None}
_CHANGES: Final = re.compile(
    r"\b(?:would be added|would fall away|would change|begins? to bind on|ends? after|changes? otherwise)\b", re.IGNORECASE
)
_IN_LAW: Final = (Reason.LINK, Reason.MARKUP)
_LOADED: Final = (PassageKind.TEXT_UNIT, PassageKind.POLICY)
_BLANK: Final = " ▪ "
LEAST: Final = 2  # words of its own that a sentence has, which repeats no whole statement
APART: Final = 0.5  # the share of neighbours in a sentence that may stand apart in the passages
UNSUPPORTED: Final = 0.34  # the share of a sentence's own words that may be new


class Checker:
    """Checks the sentences of one answer."""

    def __init__(
        self, knowledge: Knowledge, ground: Ground, names: Names, gatherer: Gatherer, secret: frozenset[tuple[str, ...]]
    ) -> None:
        self._law, self._ground, self._names, self._gatherer, self._secret = knowledge, ground, names, gatherer, secret
        self._cited = {citation.n: citation for citation in ground.passages}
        self._verdicts: dict[NormId, Verdict] = {verdict.norm.id: verdict for verdict in ground.assessment.verdicts}
        self._fact_stems = frozenset(stem(word) for text in _fact_texts(knowledge, ground) for word in words(text))

    def kept(self, claim: Claim) -> Claim:
        """``claim`` with its citations once each, and the norms that it rests on where it names none."""
        numbers_cited = tuple(dict.fromkeys(claim.citations))
        if claim.norms:
            return replace(claim, citations=numbers_cited)
        found = [self._gatherer.of(self._cited[n]).norm for n in numbers_cited]
        return replace(claim, citations=numbers_cited, norms=tuple(norm.id for norm in found if norm is not None))

    def fault(self, claim: Claim) -> Reason | None:
        """Why ``claim`` cannot stand; None where it holds."""
        text = claim.text
        wrong = hygiene.fault(text)
        if wrong is not None and not (wrong in _IN_LAW and hygiene.fault(self._own_words(claim)) is None):
            return wrong
        if hygiene.leaks(text, self._secret):
            return Reason.PROMPT_LEAK
        if not claim.citations:
            return Reason.NO_CITATION
        if any(n not in self._cited for n in claim.citations):
            return Reason.UNKNOWN_CITATION
        cited = [self._cited[n] for n in dict.fromkeys(claim.citations)]
        doubtful = [one.passage for one in cited if one.passage.trust not in _TRUSTED]
        if doubtful:
            if len(doubtful) < len(cited):
                return Reason.UNTRUSTED_SUPPORT
            return untrusted.fault(text, doubtful, self._names, self._ground.as_of)
        return self._law_fault(claim, text, cited)

    def _own_words(self, claim: Claim) -> str:
        """The sentence without whole statements of the graph: those may hold a case called X.AI, nothing else may."""
        cited = [self._cited[n] for n in claim.citations if n in self._cited]
        graph = [one for one in cited if one.passage.trust in _TRUSTED and one.passage.kind not in _LOADED]
        return _masked(flat(claim.text), [self._gatherer.of(one) for one in graph]) + "."

    def _law_fault(self, claim: Claim, text: str, cited: list[Citation]) -> Reason | None:
        evidence = [self._gatherer.of(one) for one in cited]
        if any(norm not in {one.norm.id for one in evidence if one.norm is not None} for norm in claim.norms):
            return Reason.UNKNOWN_CITATION
        if not FRAMES.match(text) and any(part in flat(text) for one in evidence for part in one.framed):
            return Reason.OUT_OF_FRAME
        for word in hygiene.foreign(text):
            if not any(word in source for one in evidence for source in one.texts):
                return Reason.FOREIGN_SCRIPT
        for quote in _QUOTED.findall(text):
            if not any(flat(quote).rstrip(".,;") in source for one in evidence for source in one.texts):
                return Reason.QUOTE_NOT_VERBATIM
        rest = _MORE.sub(" ", flat(_QUOTED.sub(_BLANK, text)))
        wrong, rest = self._qualifications(rest, evidence)
        if wrong is not None:
            return wrong
        norms = [one.norm for one in evidence if one.norm is not None]
        fine, rest = facts_said(rest, self._law, self._ground.facts, {fact for one in evidence for fact in one.facts}, _BLANK)
        if not fine:
            return Reason.FACT_DISAGREES
        fine, rest = without_a_day(rest, norms)
        if not fine:
            return Reason.DATE_DISAGREES
        conditional = any(frame.match(rest) for frame in (phrases.CONDITIONAL, phrases.CORRECTING, ABOUT))
        rest = phrases.CORRECTING.sub(" ", phrases.CONDITIONAL.sub(" ", rest))
        wrong, masked = self._named(rest, evidence)
        changing = False
        if wrong is None:
            wrong = _left(masked)
        if wrong is None:
            wrong, masked, changing = self._changes(masked, norms)
        if wrong is None:
            wrong = self._said(masked, rest, evidence, norms, waived=conditional or changing)
        return wrong

    def _qualifications(self, text: str, evidence: list[Evidence]) -> tuple[Reason | None, str]:
        """Conclusions of which the text says that they are met, not met or open."""
        reached = {name: flat(self._law.qualifications[name].label) for one in evidence for name in one.qualifications}
        for name, label in sorted(reached.items(), key=lambda pair: -len(pair[1])):
            for phrase, value in _HELD.items():
                said = f"{label} {phrase}"
                if said in text:
                    if self._ground.assessment.qualifications.get(name) is not value and not self._same_label(label, value):
                        return Reason.QUALIFICATION_DISAGREES, text
                    text = text.replace(said, _BLANK)
        return None, text

    def _same_label(self, label: str, value: bool | None) -> bool:
        """Whether another qualification of the same label has that value."""
        found = self._ground.assessment.qualifications
        return any(found[name] is value for name, one in self._law.qualifications.items() if flat(one.label) == label)

    def _changes(self, text: str, norms: list[Norm]) -> tuple[Reason | None, str, bool]:
        """What the text says to be gained, lost, begun or ended against the comparison or the two days."""
        if self._ground.comparison is None and self._ground.difference is None:
            return None, text, False
        said = {match.group(0).lower() for match in _CHANGES.finditer(text)}
        if not said:
            return None, text, False
        options = self._ground.comparison.options if self._ground.comparison is not None else ()
        difference = self._ground.difference
        groups = {
            "would be added": {c.norm.id for option in options for c in option.gained},
            "would fall away": {c.norm.id for option in options for c in option.lost},
            "would change": {c.norm.id for option in options for c in option.changed},
            "begin": {c.change.norm.id for c in difference.begins} if difference is not None else set(),
            "end": {c.change.norm.id for c in difference.ends} if difference is not None else set(),
            "change": {c.change.norm.id for c in difference.changed} if difference is not None else set(),
        }
        if len(said) > 1 or not norms:
            return Reason.CHANGE_DISAGREES, text, False
        word = next(iter(said))
        group = groups[word if word in groups else word.split()[0].rstrip("s")]
        if any(norm.id not in group for norm in norms):
            return Reason.CHANGE_DISAGREES, text, False
        return None, _CHANGES.sub(" ", text), True

    def _named(self, text: str, evidence: list[Evidence]) -> tuple[Reason | None, str]:
        """Instruments and provisions that the text names, held against the passages; then the text without whole statements."""
        allowed = {name for one in evidence for name in one.instruments}
        found = self._names.found(text)
        for name, ids, _, _ in found:
            if not ids & allowed and not any(flat(name) in source for one in evidence for source in one.texts):
                return Reason.INSTRUMENT_NOT_CITED, text
        masked = _masked(text, evidence)
        for name in self._names.law_like(self._names.blanked(masked)):
            if not any(flat(name).lower() in source.lower() for one in evidence for source in one.texts):
                return Reason.INSTRUMENT_NOT_CITED, text
        known = [place for one in evidence for place in one.provisions]
        for mention in provisions.mentions(masked):
            if not any(mention.within(place) for place in known):
                return Reason.PROVISION_NOT_CITED, text
        return self._paired(text, evidence, found), masked

    def _paired(
        self, text: str, evidence: list[Evidence], found: list[tuple[str, frozenset[InstrumentId], int, int]]
    ) -> Reason | None:
        """A provision that stands right beside the name of its instrument must be of that instrument."""
        for mention in provisions.mentions(text):
            for _, ids, start, end in found:
                beside = 0 <= start - mention.end <= 8 or 0 <= mention.start - end <= 2
                if beside and not re.search(r"[;,.]|\band\b", text[min(mention.end, end) : max(start, mention.start)]):
                    here = [
                        one for one in evidence if one.instruments & ids or any(text[start:end] in source for source in one.texts)
                    ]
                    if not any(mention.within(place) for one in here for place in one.provisions):
                        return Reason.PROVISION_NOT_CITED
        return None

    def _said(self, text: str, whole: str, evidence: list[Evidence], norms: list[Norm], *, waived: bool) -> Reason | None:
        """Verdict, dates, counts, numbers, modality, negation and words of what remains when whole statements are taken out."""
        days, text = written(text)
        statuses = {self._verdicts[norm.id].status for norm in norms if norm.id in self._verdicts}
        said, rest, denies = phrases.spoken(text, days, self._ground.as_of, dated=bool(norms))
        if denies:
            return Reason.NEGATION_DISAGREES
        if len(said) > 1:
            return Reason.MIXED_VERDICTS
        if said and not norms:
            return Reason.VERDICT_WITHOUT_NORM
        if said and statuses != said and not (waived and said <= {Status.UPCOMING, Status.APPLIES}):
            return Reason.VERDICT_DISAGREES
        beside = any(one.passage.kind is PassageKind.CONTROL for one in evidence)
        beside = beside and not any(flat(norm.summary).rstrip(".") in whole for norm in norms)
        asks = phrases.modalities(rest)
        if not said and norms and not statuses <= {Status.APPLIES} and not waived and (asks or not beside):
            return Reason.VERDICT_DISAGREES
        wrong = self._days(text, days, evidence, norms) or count_fault(text, said, norms, self._ground)
        left = without_counts(rest)
        wrong = wrong or self._rest(left, asks, evidence, norms)
        if wrong is None and not said and not waived and left == rest and self._says_nothing(left):
            return Reason.EMPTY
        return wrong

    def _days(self, text: str, days: list[Written], evidence: list[Evidence], norms: list[Norm]) -> Reason | None:
        if RELATIVE.search(text):
            return Reason.DATE_DISAGREES
        ends = {self._ground.as_of}
        if self._ground.difference is not None:
            ends |= {self._ground.difference.start.as_of, self._ground.difference.end.as_of}
        for day in days:
            if any(day.means(one) for one in ends) and day.role != "until" and not (day.role == "from" and norms):
                continue
            wrong = any(not _day_of(norm, day, own) for norm, own in _with_norm(evidence)) if day.role and norms else False
            known = any(day.means(one) for own in evidence for one in own.days) or any(
                _same(day, one) for own in evidence for one in own.written
            )
            facts = any(day.means(one) for one in self._ground.facts.values() if isinstance(one, date))
            if wrong or not (known or (facts and not day.role)):
                return Reason.DATE_DISAGREES
        return None

    def _rest(self, text: str, asks: frozenset[str], evidence: list[Evidence], norms: list[Norm]) -> Reason | None:
        amounts = numbers(provisions.blanked(text))
        if amounts:
            allowed = frozenset(number for one in evidence for number in one.numbers)
            counted = {float(len(norms)), *(float(count) for count in _counts(self._ground))}
            answered = {float(value) for value in self._ground.facts.values() if isinstance(value, int | float)}
            for amount in amounts:
                if not agrees(amount, allowed) and not (amount[1] == "" and amount[0] in counted | answered):
                    return Reason.NUMBER_DISAGREES
        for norm in norms:
            if not asks <= phrases.ASKS[norm.kind] | (
                {"should"} if norm.bindingness in ("guidance", "guideline", "self_regulatory", "standard") else set()
            ):
                return Reason.MODALITY_DISAGREES
        if asks and not norms:
            return Reason.MODALITY_DISAGREES
        return self._kinds(text, norms) or self._words(phrases.without_modality(text), evidence, bool(norms))

    def _kinds(self, text: str, norms: list[Norm]) -> Reason | None:
        for kind, phrase in phrases.KINDS.items():
            if phrase and phrase in text and any(norm.kind is not kind for norm in norms):
                return Reason.KIND_DISAGREES
        for level, phrase in phrases.DOUBTS.items():
            if phrase and f"({phrase})" in text and any(norm.sureness.level is not level for norm in norms):
                return Reason.CERTAINTY_DISAGREES
        return None

    def _says_nothing(self, text: str) -> bool:
        """Whether hardly a word is left and no whole statement was taken out."""
        own = {stem(word) for word in words(self._names.blanked(text)) if word.lower() not in SMALL} - OURS
        return _BLANK.strip() not in text and len(own) < LEAST

    def _words(self, text: str, evidence: list[Evidence], norms: bool) -> Reason | None:
        """The words that remain: they stand in the passages, are names of the user's answers, or are ours."""
        found = words(self._names.blanked(text))
        stems = frozenset(one for own in evidence for one in own.stems)
        negated = frozenset(one for own in evidence for one in own.negated)
        for place, word in enumerate(found):
            low = word.lower()
            denies = low in NEGATIONS or low.endswith("n't")
            if denies and not (norms and any(stem(after) in negated for after in found[place + 1 : place + 3])):
                return Reason.NEGATION_DISAGREES
        content = [stem(word) for word in found if word.lower() not in SMALL and not word.isdigit()]
        own = [one for one in content if one not in OURS]
        missing = [one for one in own if one not in stems and one not in self._fact_stems]
        if missing and len(missing) > UNSUPPORTED * len(own):
            return Reason.NOT_IN_PASSAGES
        said = [one for one in own if one not in self._fact_stems]
        pairs = list(itertools.pairwise(said))
        apart = sum(
            1 for one, other in pairs if not any({(one, other), (other, one)} & own_pairs.pairs for own_pairs in evidence)
        )
        return Reason.NOT_IN_PASSAGES if apart > APART * len(pairs) else None


def _left(text: str) -> Reason | None:
    """What whole statements of the graph may say and nothing else may."""
    if _MARKS.search(text):
        return Reason.UNKNOWN_CITATION
    if hygiene.instructs(text):
        return Reason.INSTRUCTION
    return Reason.QUALIFICATION_DISAGREES if "is met" in text or "is not met" in text else None


def _masked(text: str, evidence: list[Evidence]) -> str:
    """``text`` without the whole statements of the passages that stand in it word for word."""
    found = {unit for one in evidence for unit in one.units if len(unit) > 3 and unit in text}
    for unit in sorted(found, key=len, reverse=True):
        text = _taken(text, unit)
    return text


def _taken(text: str, unit: str) -> str:
    """``text`` without ``unit`` wherever it stands as whole words."""
    at = text.find(unit)
    while at >= 0:
        end = at + len(unit)
        if (at and _joins(text[at - 1], unit[0])) or (end < len(text) and (_joins(unit[-1], text[end]) or _goes_on(text, end))):
            at = text.find(unit, at + 1)
        else:
            text = text[:at] + _BLANK + text[end:]
            at = text.find(unit, at)
    return text


def _goes_on(text: str, at: int) -> bool:
    """Whether a number goes on at ``at``: ``500`` before ``.6``."""
    return text[at - 1].isdigit() and text[at : at + 1] == "." and text[at + 1 : at + 2].isdigit()


def _joins(one: str, other: str) -> bool:
    """Whether two characters side by side belong to one word or one number."""
    return (one.isalnum() or one == "_") and (other.isalnum() or other == "_")


def _with_norm(evidence: list[Evidence]) -> list[tuple[Norm, Evidence]]:
    return [(one.norm, one) for one in evidence if one.norm is not None]


def _day_of(norm: Norm, day: Written, own: Evidence) -> bool:
    """Whether the day is the one on which the norm begins or ends, as its role says, or stands in its own words."""
    mark = norm.applies_until if day.role == "until" else norm.applies_from
    return (mark is not None and day.means(mark.day)) or any(
        _same(day, one) for one in own.written if one.role == day.role or not one.role
    )


def _same(one: Written, other: Written) -> bool:
    return one.year == other.year and one.month in (None, other.month) and one.day in (None, other.day)


def _counts(ground: Ground) -> list[int]:
    return [count for count in ground.assessment.counts().values() if count]


def _fact_texts(law: Knowledge, ground: Ground) -> list[str]:
    """The names of the user's answers in the ontology's words; never the user's own."""
    texts: list[str] = []
    for fact_id, answer in ground.facts.items():
        fact = law.facts[fact_id]
        texts.append(fact.labels.label)
        if isinstance(answer, frozenset):
            texts.extend(fact.terms[term].labels.label for term in answer)
    return texts
