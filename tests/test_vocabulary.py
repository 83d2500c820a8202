"""What users meet: the labels, definitions and everyday names of facts, terms, jurisdictions and events."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

import pytest

from kg_service.applicability.facts import parse_facts
from kg_service.errors import InputError
from kg_service.model import Fact, FactId, FactKind, Knowledge, Labels

# The script of Chinese: CJK Unified Ideographs with extension A.
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_KINDS = ("fact", "term", "jurisdiction", "event")


def named(law: Knowledge, kind: str) -> Iterator[tuple[str, Labels]]:
    """Everything of one kind that a user meets, by its place."""
    match kind:
        case "fact":
            yield from ((str(fact.id), fact.labels) for fact in law.facts.values())
        case "term":
            own = (fact for fact in law.facts.values() if not fact.jurisdictions)
            yield from ((f"{fact.id}/{term.id}", term.labels) for fact in own for term in fact.terms.values())
        case "jurisdiction":
            yield from ((str(term.id), term.labels) for term in law.jurisdictions.values())
        case _:
            yield from ((str(event.id), event.labels) for event in law.events.values())


def names(labels: Labels) -> list[str]:
    """Every name of a thing, folded as a reader of free text folds it."""
    alternatives = [name for several in labels.alt.values() for name in several]
    return [name.casefold() for name in (labels.label, labels.label_zh, *alternatives) if name]


def shared_names(things: Iterator[tuple[str, Labels]]) -> dict[str, list[str]]:
    """Each name that is given more than once, with the things that bear it."""
    bearers: dict[str, list[str]] = defaultdict(list)
    for place, labels in things:
        for name in names(labels):
            bearers[name].append(place)
    return {name: places for name, places in bearers.items() if len(places) > 1}


@pytest.mark.parametrize("kind", _KINDS)
def test_everything_that_users_meet_is_named_in_two_languages_and_defined(law: Knowledge, kind: str) -> None:
    """No label, Chinese label or definition is missing."""
    bare = [place for place, labels in named(law, kind) if not (labels.label and labels.label_zh and labels.definition)]
    assert bare == []


@pytest.mark.parametrize("kind", _KINDS)
def test_labels_read_as_words_and_not_as_ids(law: Knowledge, kind: str) -> None:
    """A label begins with a capital and holds no underscore."""
    odd = [labels.label for place, labels in named(law, kind) if "_" in labels.label or not labels.label[0].isupper()]
    assert odd == []


@pytest.mark.parametrize("kind", _KINDS)
def test_chinese_names_are_in_chinese_and_english_ones_are_not(law: Knowledge, kind: str) -> None:
    """A Chinese label holds Chinese characters; English labels, definitions, examples and names hold none."""
    for place, labels in named(law, kind):
        assert _CJK.search(labels.label_zh or ""), place
        english = (labels.label, labels.definition or "", labels.example or "", *labels.alt.get("en", ()))
        assert not any(map(_CJK.search, english)), place


@pytest.mark.parametrize("kind", _KINDS)
def test_definitions_are_sentences(law: Knowledge, kind: str) -> None:
    """A definition or example begins with a capital and ends with a full stop."""
    texts = [text for _, labels in named(law, kind) for text in (labels.definition, labels.example) if text]
    assert [text for text in texts if not (text[0].isupper() and text.endswith("."))] == []


def test_every_fact_is_asked_and_shown_by_an_example(law: Knowledge) -> None:
    """A fact asks a question and shows an answer by example; a number says its unit and its bounds."""
    for fact in law.facts.values():
        assert "?" in fact.ask, fact.id
        assert fact.labels.example, fact.id
        if fact.kind is FactKind.NUMBER:
            assert fact.unit, fact.id
            assert None not in (fact.minimum, fact.maximum), fact.id


def test_no_name_stands_for_two_terms_of_one_fact(law: Knowledge) -> None:
    """Free text that names a term by any label means one term of the fact, and no thing repeats its own name."""
    for fact in law.facts.values():
        assert shared_names((str(term.id), term.labels) for term in fact.terms.values()) == {}, fact.id
    assert shared_names(named(law, "fact")) == {}


def test_a_name_of_one_term_is_not_the_id_of_another(law: Knowledge) -> None:
    """Who types an id and who types a name never mean different terms."""
    for fact in law.facts.values():
        for term in fact.terms.values():
            others = {str(other) for other in fact.terms} - {str(term.id)}
            assert not others & set(names(term.labels)), (fact.id, term.id)


def test_the_european_union_is_neither_the_eea_nor_europe(law: Knowledge) -> None:
    """EEA Agreement Art 2 and the Treaties: Norway, Switzerland and the United Kingdom are no member states."""
    union = law.jurisdictions[next(place for place in law.jurisdictions if place == "eu")]
    assert not {"eea", "european economic area", "europe", "european"} & set(names(union.labels))
    members = {place for place, term in law.jurisdictions.items() if term.parent == "eu"}
    assert len(members) == 27
    assert not members & {"uk", "ch", "eea_efta"}


def exclusions(law: Knowledge) -> Iterator[tuple[Fact, str, str]]:
    """Each term with each term that it excludes, and with each term below that."""
    for fact in law.facts.values():
        for term in fact.terms.values():
            for out in term.excludes:
                below = (other for other in fact.terms if out in fact.ancestors[other])
                yield from ((fact, str(term.id), str(other)) for other in (out, *below))


def test_excluded_terms_cannot_be_answered_together(law: Knowledge) -> None:
    """Terms that contradict one another are refused in either order, and each of them alone is taken."""
    for fact, one, other in exclusions(law):
        assert one != other
        for pair in ([one, other], [other, one]):
            with pytest.raises(InputError) as refused:
                parse_facts(law.facts, {fact.id: pair})
            assert {problem.code for problem in refused.value.problems} == {"contradiction"}
        for alone in (one, other):
            assert parse_facts(law.facts, {fact.id: [alone]}) == {fact.id: frozenset({alone})}


@pytest.mark.parametrize(
    ("fact", "terms"),
    [
        ("data", ["no_personal", "personal"]),
        ("data", ["no_personal", "health"]),
        ("channel", ["no_outside_channel", "email_or_letter"]),
        ("technology", ["rules_only", "generative_ai"]),
        ("affected", ["nobody_outside", "small_business"]),
    ],
)
def test_plain_contradictions_are_refused(law: Knowledge, fact: str, terms: list[str]) -> None:
    """No personal data with health data, no channel with letters, and their like."""
    with pytest.raises(InputError, match="cannot both hold"):
        parse_facts(law.facts, {fact: terms})


@pytest.mark.parametrize(
    ("fact", "terms"),
    [
        ("affected", ["nobody_outside", "employee"]),
        ("data", ["no_personal", "confidential_business"]),
        ("institution", ["credit_institution", "technology_vendor"]),
        ("technology", ["generative_ai", "traditional_ml"]),
    ],
)
def test_what_can_go_together_is_taken(law: Knowledge, fact: str, terms: list[str]) -> None:
    """Exclusions forbid no deployment that can exist: a tool for staff only, a bank that also sells its software."""
    assert parse_facts(law.facts, {fact: terms})[FactId(fact)] == frozenset(terms)
