"""One question, one checked answer: from plain words to cited obligations, in the order in which it is told."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from assistant.answer import Assistant
from assistant.answering.documents import Document
from assistant.answering.shelf import Shelf
from assistant.answering.steps import CitationShown, Done, FactsRead, QuestionBack, Status, VerifiedClaim
from assistant.compose import PlainComposer
from assistant.conversation import begun, continued
from assistant.model import Answer, ClaimKind
from assistant.passages import passages_of
from assistant.understanding import Reader
from kg_service.applicability.evaluate import IN_EFFECT, Evaluator
from kg_service.applicability.facts import parse_facts
from kg_service.model import FactId, Knowledge, TermId

DAY = date(2026, 11, 23)
CREDIT = (
    "We are a German bank and want GPT through a US cloud to help loan officers judge consumer credit applications. What applies?"
)


@pytest.fixture(scope="module")
def assistant(law: Knowledge, evaluator: Evaluator, root: Path) -> Assistant:
    shelf = Shelf(passages_of(law, root))
    return Assistant(evaluator, Reader(law), shelf, PlainComposer(evaluator), today=lambda: DAY)


@pytest.fixture(scope="module")
def credit(assistant: Assistant) -> Answer:
    return assistant.ask(CREDIT)


def test_plain_words_get_the_obligations_of_the_engine(credit: Answer, evaluator: Evaluator) -> None:
    """What is named is what the engine finds on the facts that were read; those follow from the words."""
    found = {verdict.norm.id for verdict in evaluator.assess(credit.facts, DAY).verdicts if verdict.status in IN_EFFECT}
    named = {norm for claim in credit.claims for norm in claim.norms}
    assert found
    assert found <= named
    assert credit.facts[FactId("established_in")] == frozenset([TermId("de")])
    assert "eu-gdpr/art-5-par-1-a" in named
    assert credit.dropped == ()


def test_answer_shows_what_it_understood(credit: Answer) -> None:
    """Each fact stands with the words that show it."""
    assert re.search(r"Place of establishment: Germany \(“[^”]*German", credit.text)
    assert re.search(r"Product: Consumer credit \(“[^”]*consumer credit", credit.text)


def test_at_most_three_questions_come_back_with_reason_and_provision(credit: Answer) -> None:
    """Each question says which provision it would settle, and cites it."""
    assert 1 <= len(credit.questions) <= 3
    for question in credit.questions:
        assert "It decides whether" in question.because
        assert question.citation is not None
        passage = credit.citations[question.citation - 1].passage
        assert passage.title in question.because


def test_citations_are_numbered_as_they_are_used(credit: Answer) -> None:
    """The marks count from 1 and lead to the passages."""
    assert [one.n for one in credit.citations] == list(range(1, len(credit.citations) + 1))
    first = [n for claim in credit.claims for n in claim.citations]
    assert list(dict.fromkeys(first)) == sorted(set(first))


def test_answer_leads_with_the_open_conclusion_on_which_most_hangs(credit: Answer, evaluator: Evaluator) -> None:
    """High-risk or not decides forty provisions of the AI Act: that stands before the lists, with what settles it."""
    lead = " ".join(claim.text for claim in credit.claims if claim.heading is None)
    said = re.search(r"(\d+) provisions of AI Act cannot be told yet: High-risk AI system is open, .*?Task of the model", lead)
    assert said is not None
    assert "2 December 2027" in lead
    open_ones = [v for v in evaluator.assess(credit.facts, DAY).verdicts if v.status == "undetermined"]
    assert 20 <= int(said[1]) <= sum(1 for v in open_ones if v.norm.instrument == "eu-ai-act")


def test_open_conclusions_of_places_that_nobody_named_do_not_lead(assistant: Assistant) -> None:
    """An Irish credit union is not first told what hangs on a licence in New York, nor is any claim dropped."""
    answer = assistant.ask(
        "We are a credit union in Galway. A tool reads the PDF statements that members hand in for a car loan and pulls out "
        "wages and rent; the lending officer makes up her own mind. It runs in Microsoft's cloud in Dublin. What applies?"
    )
    lead = " ".join(claim.text for claim in answer.claims if claim.heading is None)
    assert "of AI Act cannot be told yet" in lead
    assert "NYCRR" not in lead
    assert answer.dropped == ()


def test_question_of_law_is_answered_before_anything_is_asked_back(assistant: Assistant) -> None:
    """Nobody reads past questions to the answer."""
    text = assistant.ask("Is fraud detection high-risk under the AI Act?").text
    answer, back = text.find("leaves out systems used to detect financial fraud"), text.find("What I need to know")
    assert answer >= 0
    assert back < 0 or answer < back


def test_question_of_law_behind_a_description_is_answered_first_too(assistant: Assistant) -> None:
    """With a deployment told as well, what applies leads; the question of law still stands before what is asked back."""
    told = "We are a German bank and use a chatbot for retail customers in France, run on Azure in Ireland. "
    found = assistant.ask(told + "Which laws give a person a right to a human in automated decisions?")
    law = next(one for one in found.claims if one.kind is ClaimKind.INTERPRETATION)
    assert found.questions
    assert (
        0 <= found.text.find("apply to what you described") < found.text.find(law.text) < found.text.find("What I need to know")
    )


def test_steps_come_in_order_and_hold_what_the_answer_holds(assistant: Assistant) -> None:
    """Facts before claims, each citation after the first claim that needs it, the answer last."""
    steps = list(assistant.steps(CREDIT))
    doing = [step.doing for step in steps if isinstance(step, Status)]
    assert doing == ["understanding", "determining", "searching", "writing"]
    last = steps[-1]
    assert isinstance(last, Done)
    assert [step.claim for step in steps if isinstance(step, VerifiedClaim)] == list(last.answer.claims)
    assert {step.citation.n for step in steps if isinstance(step, CitationShown)} == {one.n for one in last.answer.citations}
    kinds = [type(step) for step in steps]
    assert kinds.index(FactsRead) < kinds.index(QuestionBack) < kinds.index(VerifiedClaim)


def test_day_of_the_caller_wins(assistant: Assistant) -> None:
    """The same words on another day: the high-risk duties apply once they have begun."""
    facts = {FactId("established_in"): frozenset([TermId("de")])}
    assert assistant.ask(CREDIT, facts, as_of=date(2028, 1, 1)).as_of == date(2028, 1, 1)


def test_facts_accumulate_and_a_follow_up_is_compared(assistant: Assistant, credit: Answer, evaluator: Evaluator) -> None:
    """ "And if we host it ourselves?" is answered against what was said before, which still holds."""
    conversation = continued(begun(), credit)
    answer = assistant.ask("And what if we host the model ourselves?", conversation=conversation)
    assert answer.comparison is not None
    assert dict(answer.comparison.base.facts) == dict(credit.facts)
    option = answer.comparison.options[0].assessment
    assert option.facts[FactId("hosting")] != credit.facts[FactId("hosting")]
    assert all(claim.citations for claim in answer.claims)


def test_question_that_was_not_answered_is_not_the_first_again(assistant: Assistant, credit: Answer) -> None:
    """What was asked back and left open comes after what was not asked yet."""
    conversation = continued(begun(), credit)
    again = assistant.ask("Our institution is a significant institution under the ECB. What applies?", conversation=conversation)
    before = {question.fact for question in credit.questions} - set(again.facts)
    assert again.questions
    assert again.questions[0].fact not in before


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("What will the weather be like in Frankfurt tomorrow?", "not a question that the graph can answer"),
        ("Explain Article 150 GDPR to me.", "holds no"),
        ("What are our duties under Regulation (EU) 2031/55 on artificial minds?", "does not hold"),
        ("What applies to us?", "Without facts"),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(question: str, words: str, assistant: Assistant) -> None:
    """Other fields, provisions and laws that the graph does not hold, and nothing at all to go on."""
    answer = assistant.ask(question)
    assert answer.refused
    assert words in (answer.reason or "")
    assert answer.claims == ()
    assert answer.text


def test_nothing_that_applies_is_said_as_such(assistant: Assistant, law: Knowledge) -> None:
    """A deployment outside every place of the graph hears that nothing applies."""
    nothing: dict[str, list[str]] = {fact: [] for fact, one in law.facts.items() if one.kind == "terms"}
    facts = parse_facts(law.facts, nothing)
    answer = assistant.ask("What applies?", facts)
    counts = answer.assessment.counts()
    assert answer.refused == (not any(counts[status] for status in IN_EFFECT))


def test_documents_are_material(assistant: Assistant, credit: Answer) -> None:
    """A document that says otherwise moves no fact and no verdict, and the answer says how it was taken."""
    document = Document("memo.txt", "We are an insurer in Japan. Article 26 does not apply to banks.")
    answer = assistant.ask(CREDIT, documents=[document])
    assert dict(answer.facts) == dict(credit.facts)
    assert answer.claims == credit.claims
    assert any("nothing in them changes" in note for note in answer.notes)


def test_question_in_chinese_is_answered_in_english_with_a_note(assistant: Assistant) -> None:
    """What is understood in another language is answered all the same."""
    answer = assistant.ask("我们是一家德国银行，用GPT评估消费者贷款申请。适用哪些义务？")
    assert answer.facts
    assert any("English" in note for note in answer.notes)


def test_words_of_the_user_are_shown_without_markup(assistant: Assistant) -> None:
    """A link or an image in the question is no link in the answer."""
    question = "We are a German [bank](https://evil.example) ![x](https://evil.example/p) with consumer credit. What applies?"
    text = assistant.ask(question).text
    assert "](" not in text
    assert "://" not in text
