"""The composer without a model names everything that the engine found, in clear sentences that all stand."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
import yaml

from assistant.answer import Assistant
from assistant.answering.shelf import Shelf
from assistant.compose import PlainComposer
from assistant.compose.wording import DECISIONS
from assistant.model import Answer, ClaimKind, Conversation, Intent, Premise, Span, Understanding
from assistant.passages import passages_of
from kg_service.applicability.evaluate import IN_EFFECT, Evaluator, Status
from kg_service.applicability.facts import Facts, parse_facts
from kg_service.model import FactKind, InterpretationId, Knowledge, NormId, QualificationId, TermId

DAY = date(2026, 11, 23)
SEEDS = range(4)


class Given:
    """Understands every message as it was told to."""

    def __init__(self, understanding: Understanding) -> None:
        self._understanding = understanding

    def read(self, text: str, conversation: Conversation | None = None) -> Understanding:
        return self._understanding


@pytest.fixture(scope="module")
def shelf(law: Knowledge, root: Path) -> Shelf:
    return Shelf(passages_of(law, root))


@pytest.fixture(scope="module")
def deployments(law: Knowledge, root: Path) -> list[Facts]:
    found = []
    for file in sorted((root / "examples").glob("*.yaml")):
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))["facts"]
        found.append(parse_facts(law.facts, {k: v.isoformat() if isinstance(v, date) else v for k, v in raw.items()}))
    return found


def asked(evaluator: Evaluator, shelf: Shelf, facts: Facts, day: date, understanding: Understanding) -> Answer:
    assistant = Assistant(evaluator, Given(understanding), shelf, PlainComposer(evaluator), today=lambda: day)
    return assistant.ask(understanding.text, facts)


def drawn(law: Knowledge, deployments: Sequence[Facts], random: Random) -> Facts:
    """One of the examples with answers left out and others given at random."""
    facts = {fact: answer for fact, answer in random.choice(deployments).items() if random.random() > 0.25}
    for fact in random.sample(list(law.facts.values()), random.randint(0, 4)):
        if fact.kind is FactKind.FLAG:
            facts[fact.id] = random.random() < 0.5
        elif fact.kind is FactKind.ONE:
            facts[fact.id] = frozenset([random.choice(list(fact.terms))])
        elif fact.kind is FactKind.TERMS:
            facts[fact.id] = frozenset(random.sample(list(fact.terms), random.randint(0, 3)))
    return facts


@pytest.mark.parametrize("seed", SEEDS)
def test_answers_about_random_deployments_and_days_stand_whole(
    seed: int, law: Knowledge, evaluator: Evaluator, shelf: Shelf, deployments: list[Facts]
) -> None:
    """Of what applies, why, which controls, what changes and what words mean, no sentence is taken out."""
    random = Random(seed)  # noqa: S311
    norms = tuple(random.sample(list(law.norms), 5))
    asks = (
        Understanding("What applies?", (Intent.APPLIES,)),
        Understanding("Why?", (Intent.EXPLAIN,), norms=norms),
        Understanding("Which controls?", (Intent.CONTROLS,)),
        Understanding("What changes?", (Intent.CHANGES,)),
        Understanding(
            "What is it?",
            (Intent.DEFINE,),
            qualifications=tuple(random.sample(list(law.qualifications), 3)),
            interpretations=tuple(random.sample(list(law.interpretations), 3)),
        ),
    )
    facts, day = drawn(law, deployments, random), DAY + timedelta(days=random.randint(-2000, 1500))
    for understanding in asks:
        answer = asked(evaluator, shelf, facts, day, understanding)
        assert [(one.reason, one.text) for one in answer.dropped] == []


@pytest.mark.parametrize("place", range(8))
def test_every_obligation_is_named_with_its_citation(
    place: int, evaluator: Evaluator, shelf: Shelf, deployments: list[Facts]
) -> None:
    """What applies or will is named, each by a claim that cites it; nothing else is said to."""
    facts = deployments[place % len(deployments)]
    answer = asked(evaluator, shelf, facts, DAY, Understanding("What applies?", (Intent.APPLIES,)))
    wanted = {verdict.norm.id for verdict in evaluator.assess(facts, DAY).verdicts if verdict.status in IN_EFFECT}
    status = {verdict.norm.id: verdict.status for verdict in answer.assessment.verdicts}
    named = {norm for claim in answer.claims for norm in claim.norms if status[norm] in IN_EFFECT}
    assert named == wanted
    for claim in answer.claims:
        about = {answer.citations[n - 1].passage.about for n in claim.citations}
        assert set(claim.norms) <= about


@pytest.mark.parametrize("place", [0, 3, 6])
def test_prose_is_in_order(place: int, law: Knowledge, evaluator: Evaluator, shelf: Shelf, deployments: list[Facts]) -> None:
    """Singular and plural agree, no penalty of "None", no gap, every sentence ends; groups are the six decisions."""
    facts = deployments[place % len(deployments)]
    answer = asked(evaluator, shelf, facts, DAY, Understanding("What applies?", (Intent.APPLIES,)))
    for claim in answer.claims:
        text = claim.text
        assert not re.search(r"\b1 (?:provisions|prohibitions)\b|\b(?!1\b)\d+ (?:provision|prohibition)\b", text), text
        assert not re.search(r"\b(?!1\b)\d+ provisions? (?:applies|is)\b", text), text
        assert "None (" not in text
        assert "  " not in text
        assert ".." not in text
        assert text.endswith((".", "!", "?")), text
    headings = [heading for heading in dict.fromkeys(claim.heading for claim in answer.claims) if heading in DECISIONS.values()]
    assert headings == sorted(headings)


def test_same_question_gets_the_same_answer(evaluator: Evaluator, shelf: Shelf, deployments: list[Facts]) -> None:
    """Nothing is left to chance."""
    first, second = (asked(evaluator, shelf, deployments[0], DAY, Understanding("?", (Intent.APPLIES,))) for _ in range(2))
    assert first.text == second.text


def test_date_comes_with_the_provision_that_sets_it(
    evaluator: Evaluator, shelf: Shelf, deployments: list[Facts], law: Knowledge
) -> None:
    """Art 26(1) AI Act applies from 2 December 2027, and Art 113 says so."""
    name = NormId("eu-ai-act/art-26-par-1")
    facts = next(one for one in deployments if _status(evaluator, one, name) is Status.UPCOMING)
    answer = asked(evaluator, shelf, facts, DAY, Understanding("Why?", (Intent.EXPLAIN,), norms=(name,)))
    first = next(claim.text for claim in answer.claims if name in claim.norms)
    assert first.startswith("Art 26(1) AI Act applies from 2 December 2027 (set by Art 113(c)(i))")
    assert any(", because " in claim.text for claim in answer.claims)


def _status(evaluator: Evaluator, facts: Facts, name: NormId) -> Status:
    return next(verdict.status for verdict in evaluator.assess(facts, DAY).verdicts if verdict.norm.id == name)


def test_a_no_is_proven_like_a_yes(evaluator: Evaluator, shelf: Shelf, law: Knowledge) -> None:
    """A provision that does not apply is said not to, with the answer that rules it out."""
    facts = parse_facts(
        law.facts, {"established_in": ["de"], "persons_in": ["de"], "marketed_in": [], "institution": ["insurer"]}
    )
    name = NormId("us-reg-b/1002-9-b-2")
    answer = asked(evaluator, shelf, facts, DAY, Understanding("Why?", (Intent.EXPLAIN,), norms=(name,)))
    assert "does not apply here" in answer.text
    assert "because" in answer.text
    assert "Germany" in answer.text


@pytest.mark.parametrize(
    ("premise", "truth"),
    [
        (("eu-ai-act/art-26-par-1", "applies_from", "2026-08-02"), "2 December 2027"),
        (("eu-ai-act/art-4-par-1", "repealed", None), "stands without a last day"),
        (("us-mrm-2011/whole", "applies", None), "16 April 2026"),
        (("eu-dora", "applies_from", "2027-01-17"), "17 January 2025"),
        (("eu-ai-liability-proposal", "applies", None), "withdrawn"),
    ],
)
def test_false_premises_are_corrected_first(
    premise: tuple[str, str, str | None], truth: str, evaluator: Evaluator, shelf: Shelf
) -> None:
    """What a question takes for granted and is not so comes first, with the day or the status that is."""
    about, claim, value = premise
    held = Premise(Span(0, 5, "Since"), about, claim, value)
    answer = asked(evaluator, shelf, {}, DAY, Understanding("Since ...?", (Intent.EXPLAIN,), premises=(held,)))
    assert answer.claims[0].kind is ClaimKind.CORRECTION
    assert truth in answer.claims[0].text


def test_true_premises_are_left_alone(evaluator: Evaluator, shelf: Shelf) -> None:
    """Art 26 does apply from December 2027."""
    held = Premise(Span(0, 5, "Since"), "eu-ai-act/art-26-par-1", "applies_from", "2027-12")
    answer = asked(evaluator, shelf, {}, DAY, Understanding("?", (Intent.EXPLAIN,), premises=(held,)))
    assert not any(claim.kind is ClaimKind.CORRECTION for claim in answer.claims)


def test_contested_questions_of_law_come_with_every_reading(law: Knowledge, evaluator: Evaluator, shelf: Shelf) -> None:
    """The short answer first, each reading marked as contested, the one followed named."""
    name, one = next((name, one) for name, one in law.interpretations.items() if one.readings)
    answer = asked(evaluator, shelf, {}, DAY, Understanding("?", (Intent.DEFINE,), interpretations=(name,)))
    assert one.answer.rstrip(".") in answer.claims[0].text
    for reading in one.readings:
        assert any(claim.text.startswith("Contested") and reading.label in claim.text for claim in answer.claims)


def test_answers_that_change_say_when(law: Knowledge, evaluator: Evaluator, shelf: Shelf) -> None:
    """Before the day the change is announced; after it, what held before is told."""
    found = (
        (InterpretationId(name), change) for name, one in law.interpretations.items() for change in one.changes if change.before
    )
    name, change = next(found)
    eve = change.dated.day - timedelta(days=1)
    before = asked(evaluator, shelf, {}, eve, Understanding("?", (Intent.DEFINE,), interpretations=(name,)))
    after = asked(evaluator, shelf, {}, change.dated.day, Understanding("?", (Intent.DEFINE,), interpretations=(name,)))
    assert any(claim.text.startswith("The answer changes on") for claim in before.claims)
    assert any(claim.text.startswith("The answer changed on") for claim in after.claims)


def test_definitions_say_what_they_leave_out(law: Knowledge, evaluator: Evaluator, shelf: Shelf) -> None:
    """A conclusion with points that its condition does not test says so."""
    name = next(QualificationId(name) for name, one in law.qualifications.items() if one.unmodelled)
    answer = asked(evaluator, shelf, {}, DAY, Understanding("?", (Intent.DEFINE,), qualifications=(name,)))
    assert law.qualifications[name].unmodelled[0].rstrip(".") in answer.text


def test_controls_come_with_test_and_evidence(law: Knowledge, evaluator: Evaluator, shelf: Shelf) -> None:
    """Asked for the controls of a norm, each is named with how it is tested and what shows it."""
    norm = law.norms[NormId("eu-ai-act/art-26-par-2")]
    answer = asked(evaluator, shelf, {}, DAY, Understanding("?", (Intent.CONTROLS,), norms=(norm.id,)))
    for name in norm.controls:
        control = law.controls[name]
        assert control.name in answer.text
        assert control.test in answer.text
        assert control.evidence[0] in answer.text


def test_terms_of_a_comparison_are_gained_and_lost(
    law: Knowledge, evaluator: Evaluator, shelf: Shelf, deployments: list[Facts]
) -> None:
    """A change of facts says what would be added and what would fall away, as the engine does."""
    from assistant.model import FactReading, Polarity

    base = next(one for one in deployments if frozenset([TermId("public_cloud")]) in one.values())
    change = FactReading(next(f for f in law.facts if f == "hosting"), "on_premises", Polarity.STATED, (), hypothetical=True)
    answer = asked(evaluator, shelf, base, DAY, Understanding("And in house?", (Intent.COMPARE,), readings=(change,)))
    assert answer.comparison is not None
    option = answer.comparison.options[0]
    added = {norm for claim in answer.claims if claim.heading == "Would be added" for norm in claim.norms}
    gone = {norm for claim in answer.claims if claim.heading == "Would fall away" for norm in claim.norms}
    assert added == {change.norm.id for change in option.gained}
    assert gone == {change.norm.id for change in option.lost}
    assert dict(answer.facts) == dict(base)
