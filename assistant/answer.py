"""One question, one checked answer: understand, determine, search, compose, verify.

The engine decides every verdict; the composer words; what does not hold is taken out before anybody sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from assistant.answering import documents as given_documents
from assistant.answering import refusing, rendering
from assistant.answering.asking import asked_back, behind, pick
from assistant.answering.coverage import Coverage
from assistant.answering.documents import Document
from assistant.answering.ground import SEARCHED, Findings, asked_about, collect, focus, scope_of, uncertain_facts
from assistant.answering.ranking import Ranking
from assistant.answering.steps import CitationShown, Done, FactsRead, QuestionBack, Status, Step, VerifiedClaim
from assistant.compose.protocol import Composer
from assistant.model import (
    Answer,
    AnswerQuestion,
    Citation,
    Claim,
    Conversation,
    Draft,
    Dropped,
    Ground,
    Intent,
    Passage,
    PassageKind,
    Trust,
    Understanding,
)
from assistant.retrieval.scope import Scope
from assistant.retrieval.searcher import Search
from assistant.understanding.merge import facts_of, option_of
from assistant.verify import Verifier
from assistant.verify.names import Names
from kg_service.applicability.compare import Comparison, Difference, compare, diff
from kg_service.applicability.evaluate import IN_EFFECT, Assessment, Evaluator
from kg_service.applicability.facts import Facts
from kg_service.applicability.hinges import Hinge, hinges
from kg_service.applicability.questions import Question, questions_for
from kg_service.errors import StoreError, UnavailableError
from kg_service.model import FactId
from kg_service.texts.quotes import Quote, Quotes

_QUERY: Final = 1500  # characters of a question that are searched for
_ENOUGH: Final = 3  # facts that make a deployment, with which options can be compared
_AHEAD: Final = timedelta(days=3 * 365)
_TERMS: Final = 4
_FITS, _FITS_WELL = 0.29, 0.62  # of what is asked, by weight of its words
_STRANGE: Final = 2.0  # weight of words that the law nowhere holds, where the question names no law
_LANGUAGE_NOTE: Final = "Answers are in English."


class Reader(Protocol):
    def read(self, text: str, conversation: Conversation | None = None) -> Understanding: ...


class Finder(Protocol):
    """The searcher: what is found, and each passage by its id."""

    def search(self, query: str, scope: Scope = ..., limit: int = ...) -> Search: ...

    def get(self, passage_id: str) -> Passage: ...


@dataclass(frozen=True, slots=True)
class _Determined:
    """What the engine says, before anything is searched or worded."""

    facts: Facts
    as_of: date
    assessment: Assessment
    comparison: Comparison | None
    difference: Difference | None
    questions: tuple[Question, ...]
    wanted: frozenset[str]  # the instruments that the question asks about
    hinges: tuple[Hinge, ...]


def _today() -> date:
    return datetime.now().astimezone().date()


class Assistant:
    """Answers questions over one version of the knowledge. Holds no state of any user; blocking; safe in threads.

    ``secret`` are texts of which no run of words may be shown, such as the prompts of a model.
    """

    def __init__(
        self,
        evaluator: Evaluator,
        reader: Reader,
        searcher: Finder,
        composer: Composer,
        quotes: Quotes | None = None,
        *,
        today: Callable[[], date] = _today,
        secret: tuple[str, ...] = (),
    ) -> None:
        self.evaluator, self.knowledge = evaluator, evaluator.knowledge
        self._reader, self._searcher, self._composer, self._quotes = reader, searcher, composer, quotes
        self._today = today
        self._verifier = Verifier(evaluator.knowledge, secret)
        self._ranking = Ranking(evaluator.knowledge)
        self._coverage = Coverage(evaluator.knowledge)
        self._names = Names(evaluator.knowledge.instruments)

    def ask(
        self,
        question: str,
        facts: Facts | None = None,
        as_of: date | None = None,
        conversation: Conversation | None = None,
        documents: Sequence[Document | str] = (),
    ) -> Answer:
        """The checked answer to ``question``, or a refusal that says what it would need.

        ``facts`` and those of the conversation hold unless the question says otherwise; ``as_of`` wins over its day.
        Nothing in ``documents`` changes a fact or a verdict.
        """
        for step in self.steps(question, facts, as_of, conversation, documents):
            if isinstance(step, Done):
                return step.answer
        raise RuntimeError("an answer ended without its last step")

    def steps(
        self,
        question: str,
        facts: Facts | None = None,
        as_of: date | None = None,
        conversation: Conversation | None = None,
        documents: Sequence[Document | str] = (),
    ) -> Iterator[Step]:
        """The same answer as it comes about; claims and citations are told only after they were verified."""
        yield Status("understanding")
        understanding = self._reader.read(question, conversation)
        base: Facts = {**(conversation.facts if conversation is not None else {}), **(facts or {})}
        merged = facts_of(understanding.readings, base, self.knowledge)
        option = option_of(understanding.readings, merged, self.knowledge)
        if not merged:
            merged = option
        yield FactsRead(understanding, merged)
        yield Status("determining")
        day = as_of or understanding.as_of or (conversation.as_of if conversation is not None else None) or self._today()
        asked = tuple(conversation.asked) if conversation is not None else ()
        found = self._determined(understanding, base, merged, option, day, asked)
        reason = refusing.before_searching(self.knowledge, understanding, merged)
        if reason is not None:
            yield Done(self._refused(understanding, found, (), reason, ()))
            return
        yield Status("searching")
        search, notes = self._search(understanding, found)
        ground = self._ground(understanding, found, search, documents)
        back = self._asked_back(ground)
        for one in back:
            yield QuestionBack(one)
        yield Status("writing")
        draft = self._composer.compose(ground, self.knowledge)
        claims, dropped = self._verifier.verify(draft, ground)
        yield from self._told(ground, draft, claims, dropped, back, notes)

    def _determined(
        self, understanding: Understanding, base: Facts, facts: Facts, option: Facts, day: date, asked: Sequence[FactId]
    ) -> _Determined:
        assessment = self.evaluator.assess(facts, day)
        wanted = asked_about(self._names, understanding)
        intents = set(understanding.intents)
        comparison: Comparison | None = None
        difference: Difference | None = None
        if option != facts and (base or len(facts) >= 2 * _ENOUGH):
            comparison = compare(self.evaluator, facts, {"the change": option}, day)
        elif Intent.COMPARE in intents and base and facts != base:
            comparison = compare(self.evaluator, base, {"the change": facts}, day)
        elif Intent.CHANGES in intents and len(facts) >= _ENOUGH:
            until = understanding.until or self._horizon(understanding, wanted, assessment)
            if until != day:
                difference = diff(self.evaluator, facts, *sorted((day, until)))
        questions = pick(questions_for(self.evaluator, assessment, 6), asked, uncertain_facts(understanding))
        described = len(facts) >= 2 * _ENOUGH and not wanted and not understanding.decisions
        turning = hinges(self.evaluator, assessment) if described and Intent.DEFINE not in intents else ()
        return _Determined(facts, day, assessment, comparison, difference, questions, wanted, turning)

    def _horizon(self, understanding: Understanding, wanted: frozenset[str], assessment: Assessment) -> date:
        """The last day on which something at hand is set to begin, at least some years ahead."""
        verdicts = focus(understanding, wanted, assessment.verdicts)
        days = [v.norm.applies_from.day for v in verdicts if v.status in IN_EFFECT and v.norm.applies_from is not None]
        return max([*days, assessment.as_of + _AHEAD])

    def _search(self, understanding: Understanding, found: _Determined) -> tuple[Search, tuple[str, ...]]:
        """What the search gives, for a definition also the conclusions alone; where it fails, nothing, and a note."""
        scope = scope_of(self.knowledge, found.assessment, understanding)
        query = understanding.text[:_QUERY]
        try:
            search = self._searcher.search(query, scope, SEARCHED)
            if Intent.DEFINE in understanding.intents and not understanding.qualifications:
                terms = self._searcher.search(query, replace(scope, kinds=frozenset({PassageKind.QUALIFICATION})), _TERMS)
                search = replace(search, found=(*search.found, *terms.found))
        except (StoreError, UnavailableError):
            return Search((), "lexical", None), ("Search is not available; the answer rests on the graph alone.",)
        return search, (search.note,) if search.note else ()

    def _ground(
        self, understanding: Understanding, found: _Determined, search: Search, documents: Sequence[Document | str]
    ) -> Ground:
        asks = understanding.instruments or {Intent.DEFINE, Intent.EXPLAIN, Intent.CHANGES} & set(understanding.intents)
        least, strange = (_FITS if asks else _FITS_WELL), (1.0 if understanding.instruments else _STRANGE)
        near = self._coverage.fitting(understanding.text[:_QUERY], search.found, least, strange)
        findings = Findings(
            understanding=understanding,
            assessment=found.assessment,
            found=near,
            comparison=found.comparison,
            difference=found.difference,
            questions=found.questions,
            wanted=found.wanted,
            hinges=found.hinges,
        )
        uploads = given_documents.passages_of(documents)
        passages = collect(self._searcher, self.knowledge, self._ranking, findings, uploads)
        return Ground(
            understanding=understanding,
            facts=found.facts,
            as_of=found.as_of,
            assessment=found.difference.start if found.difference is not None else found.assessment,
            passages=tuple(self._quoted(one, found.as_of) for one in passages),
            comparison=found.comparison,
            difference=found.difference,
            questions=found.questions,
            hinges=found.hinges,
        )

    def _quoted(self, citation: Citation, day: date) -> Citation:
        """The citation with the official words, where the text is loaded."""
        passage = citation.passage
        if self._quotes is None or passage.instrument is None or passage.provision is None or passage.trust is not Trust.LAW:
            return citation
        if passage.kind not in (PassageKind.NORM, PassageKind.PROVISION):
            return citation
        quote = self._quotes.quote(passage.instrument, passage.provision, day)
        return replace(citation, quote=quote.text) if isinstance(quote, Quote) else citation

    def _asked_back(self, ground: Ground) -> tuple[AnswerQuestion, ...]:
        numbers = {one.passage.about: one.n for one in ground.passages if one.passage.kind is PassageKind.NORM}
        order = {verdict.norm.id: place for place, verdict in enumerate(ground.assessment.verdicts)}
        back: list[AnswerQuestion] = []
        for question in ground.questions:
            verdict = behind(question, ground.assessment, order)
            number = numbers.get(verdict.norm.id) if verdict is not None else None
            back.append(asked_back(self.knowledge, question, verdict, number))
        return tuple(back)

    def _told(
        self,
        ground: Ground,
        draft: Draft,
        claims: tuple[Claim, ...],
        dropped: tuple[Dropped, ...],
        back: tuple[AnswerQuestion, ...],
        notes: tuple[str, ...],
    ) -> Iterator[Step]:
        """The verified claims with the numbers that the answer shows, then the whole answer."""
        understanding = ground.understanding
        notes = (*understanding.notes, *notes, *draft.notes)
        if understanding.language not in ("", "en"):
            notes = (*notes, _LANGUAGE_NOTE)
        if understanding.unknown_law:
            names = "”, “".join(rendering.plain(span.text, 60) for span in understanding.unknown_law[:3])
            notes = (*notes, f"The graph does not hold “{names}”; the answer says nothing about it.")
        if any(one.passage.trust is Trust.UNTRUSTED for one in ground.passages):
            notes = (*notes, "The documents given were read as material: nothing in them changes a fact or a verdict.")
        lost = (*draft.dropped, *dropped)
        if not claims:
            reason = refusing.without_claims(understanding, ground)
            yield Done(self._refused(understanding, ground, back, reason, lost, notes))
            return
        numbers = rendering.numbered_by_use(claims, ground.passages, [one.citation for one in back if one.citation is not None])
        shown = {one.n: replace(one, n=numbers[one.n]) for one in ground.passages if one.n in numbers}
        claims = tuple(replace(claim, citations=tuple(numbers[n] for n in claim.citations)) for claim in claims)
        back = tuple(replace(one, citation=numbers[one.citation]) if one.citation is not None else one for one in back)
        citations = tuple(sorted(shown.values(), key=lambda one: one.n))
        told: set[int] = set()
        for claim in claims:
            yield VerifiedClaim(claim)
            for n in claim.citations:
                if n not in told:
                    told.add(n)
                    yield CitationShown(citations[n - 1])
        for citation in citations:
            if citation.n not in told:
                yield CitationShown(citation)
        yield Done(
            Answer(
                text=rendering.rendered(self.knowledge, claims, understanding, ground.facts, back, notes),
                claims=claims,
                citations=citations,
                understanding=understanding,
                facts=ground.facts,
                as_of=ground.as_of,
                questions=back,
                assessment=ground.assessment,
                dropped=lost,
                notes=notes,
                composer=draft.source,
                comparison=ground.comparison,
                difference=ground.difference,
            )
        )

    def _refused(
        self,
        understanding: Understanding,
        found: _Determined | Ground,
        back: tuple[AnswerQuestion, ...],
        reason: str,
        dropped: tuple[Dropped, ...],
        notes: tuple[str, ...] = (),
    ) -> Answer:
        back = tuple(replace(one, citation=None) for one in back)
        return Answer(
            text=rendering.refusal(self.knowledge, reason, understanding, found.facts, back, notes),
            claims=(),
            citations=(),
            understanding=understanding,
            facts=found.facts,
            as_of=found.as_of,
            questions=back,
            assessment=found.assessment,
            refused=True,
            reason=reason,
            dropped=dropped,
            notes=notes,
            comparison=found.comparison,
            difference=found.difference,
        )
