"""What words around a mention make of it: denied, doubted or stated, for every construction over things of many facts.

The expectation is that of a reader of English; no figure here was copied from what our reader says.
"""

from __future__ import annotations

from datetime import date

import pytest

from assistant.model import Polarity
from assistant.understanding import Reader
from kg_service.model import Knowledge

TODAY = date(2026, 11, 23)
DENIED, DOUBTED, STATED = Polarity.NEGATED, Polarity.UNCERTAIN, Polarity.STATED

# a thing as people name it, whether it is one or many, and the fact and term that it is
THINGS = (
    ("health data", 1, "data", "health"),
    ("biometric data", 1, "data", "biometric"),
    ("criminal records", 2, "data", "criminal_offence"),
    ("inside information", 1, "data", "inside_information"),
    ("voiceprints", 2, "data", "voiceprint"),
    ("emotion recognition", 1, "technique", "emotion_recognition"),
    ("fine-tuning", 1, "data_use", "fine_tuning"),
    ("retrieval augmentation", 1, "adaptation", "retrieval_augmentation"),
    ("generative AI", 1, "technology", "generative_ai"),
    ("machine learning", 1, "technology", "traditional_ml"),
)
# what is said of the system itself
SAYINGS = (
    ("hosted in the US", "hosting_in", "us"),
    ("hosted in India", "hosting_in", "in"),
    ("run in a private cloud", "hosting", "private_cloud"),
    ("run in the public cloud", "hosting", "public_cloud"),
    ("used for credit scoring", "use_case", "credit_scoring"),
    ("used for recruitment", "use_case", "recruitment"),
    ("used for fraud detection", "use_case", "fraud_detection"),
    ("used for marketing", "use_case", "marketing"),
    ("used for collections", "use_case", "collections"),
    ("used for mortgages", "product", "mortgage"),
    ("used for business loans", "product", "business_credit"),
)

THINGS_DENIED = """
No {X}. | There is no {X} involved. | We do not use {X}. | We don't use any {X}. | It never uses {X}.
It won't use {X}. | {X} {is} not used. | {X} {is} never used. | {X}: no | {X}: none | {X}? No. | {X}: n/a | {X} - no.
{X}: N | {X} = no | {X}, no. | {X} {is} out of scope. | {X} {is} excluded. | Excluded: {X}. | Out of scope: {X}.
Not in scope: {X}. | Not used: {X}. | {X} {is} not part of it. | {X} {is} off the table. | {X} {has} been ruled out.
We have ruled out {X}. | {X} ruled out. | We decided against {X}. | We steer clear of {X}. | We stay away from {X}.
It has nothing to do with {X}. | It works without {X}. | It is free of {X}. | {X} {is} strictly forbidden.
{X} {is} not allowed. | {X} must not be used. | {X} may not be used. | We have no plans for {X}.
We do not intend to use {X}. | We cannot use {X}. | We refrain from {X}. | We have excluded {X}.
It uses payment data but no {X}. | Payment data yes, {X} no. | Payment data, not {X}.
It uses payment data rather than {X}. | It uses payment data instead of {X}. | It uses payment data (not {X}).
It uses neither payment data nor {X}. | Neither {X} nor payment data {is} used.
No {X}, payment data or lifestyle data. | No payment data, {X} or lifestyle data.
No payment data, lifestyle data or {X}. | We use no payment data and no {X}. | Without payment data and without {X}.
Anything but {X} is used. | It may use anything except {X}. | Definitely not {X}. | We got rid of {X}.
{X} {has} been dropped. | We leave out {X}. | It is not the case that {X} {is} used. | {X} {does} not come into it.
{X} will not be involved. | {X} {has} no place here. | None of this involves {X}. | Nothing here involves {X}.
We are not going to use {X}. | {X} not used | We do not want {X}. | no {X} pls | dont use {X} | {X} not foreseen
w/o {X} | {X} is a no-go. | We are not using {X}. | The tool is not based on {X}. | It doesn't rely on {X}.
No use is made of {X}. | {X} {is} not something we use. | Legal banned {X}.
"""
THINGS_DOUBTED = """
Maybe {X}. | Perhaps we use {X}. | We might use {X}. | It could end up using {X}. | It may use {X}. | {X}, probably.
{X} (tbc) | {X}: tbc | {X}: TBD | {X}: to be confirmed | {X}: ? | {X}: unknown | {X}: open | {X}: pending | {X}: maybe
{X} (?) | {X} tbc | A note on data. {X}? | {X}: under review | It is unclear whether {X} {is} used.
We don't know yet whether {X} {is} used. | Whether {X} {is} used is still open.
Whether we use {X} has not been decided. | {X} {is} still open. | {X} {is} under discussion.
{X} {is} being considered. | {X} {is} not decided yet. | {X} {has} not been decided. | {X} {is} not confirmed.
No decision has been made on {X}. | Open point: {X}. | To be decided: {X}. | TBC: {X} | Undecided: {X}.
We are not sure about {X}. | We think {X} {is} used. | I believe {X} {is} used. | Presumably {X} {is} used.
{X} might be used. | {X} may be used. | {X} could be used later. | {X} may follow later. | {X} {is} possible.
It is possible that {X} {is} used. | {X} cannot be excluded. | We cannot rule out {X}. | {X} cannot be ruled out.
We can't exclude that {X} {is} used. | {X} depends on the vendor. | We are still discussing {X}.
{X} {is} used, I think. | {X} {is} used, but that is not confirmed. | {X} {is} used. That is not certain, though.
{X} {is} planned. This is not decided yet. | It uses payment data, maybe {X}. | It uses payment data and possibly {X}.
It uses payment data; {X} tbc. | Vendor to confirm whether {X} {is} used. | Nobody could tell us whether {X} {is} used.
{X} {is} an open question. | There may be {X}. | It seems that {X} {is} used. | {X} most likely.
Chances are that {X} {is} used. | {X}: y/n?
"""
THINGS_STATED = """
It uses {X}. | {X}: yes | {X} {is} used. | Only {X} {is} used. | Not only {X} {is} used.
It uses {X}, not payment data. | It uses {X} instead of payment data. | It uses {X} rather than payment data.
It uses {X} and no payment data. | Not payment data but {X}. | No payment data, only {X}. | No payment data. {X}: yes.
Without doubt, {X} {is} used. | It uses nothing but {X}. | It uses {X} (no payment data). | Payment data no, {X} yes.
Payment data is not used; {X} {is}. | Instead of payment data it uses {X}. | We use {X}; maybe payment data later.
It uses {X}. Payment data is not decided yet. | It uses {X}, possibly payment data too.
It uses {X}, without payment data. | There is no way around {X}; it is used.
"""
SAYINGS_DENIED = """
It is not {X}. | It isn't {X}. | It is never {X}. | It won't be {X}. | It's not {X}. | It is no longer {X}.
It is not yet {X}. | It must not be {X}. | It may not be {X}. | It cannot be {X}. | It is not meant to be {X}.
Under no circumstances will it be {X}. | At no point is it {X}. | Nothing is {X}. | The tool is not and will not be {X}.
Is it {X}? No. | {X}: no | {X}? no | Not {X}. | Being {X} is ruled out. | It is not the case that it is {X}.
It has never been {X}. | It hasn't been {X}. | It is a small tool, not {X}. | It is neither big nor {X}.
The tool is small and not {X}. | not {X} btw
"""
SAYINGS_DOUBTED = """
It may be {X}. | It might be {X}. | It could be {X} later. | Maybe it is {X}. | It is probably {X}.
It will likely be {X}. | It could end up {X}. | It is unclear whether it is {X}.
It is not decided whether it will be {X}. | We don't know if it is {X}. | Whether it is {X} is open.
Not sure it is {X}. | I think it is {X}. | It is {X}, I think. | It is {X} (tbc). | It is {X}, but that is not certain.
It is {X}. Not confirmed yet. | Is it {X}? Not clear yet. | {X}: tbc | It may or may not be {X}. | Presumably it is {X}.
We assume it is {X}. | There is a chance that it will be {X}. | Hopefully it will be {X}.
If legal agrees it will be {X}. | It will be {X} if the board approves. | The vendor could not say whether it is {X}.
No decision yet on whether it is {X}. | Depending on the budget it will be {X}.
"""
SAYINGS_STATED = """
It is {X}. | It will be {X}. | Only here is it {X}. | It is not only {X}. | No doubt it is {X}. | Not a toy: it is {X}.
No, it is {X}. | It is {X} and no toy. | It is {X} without exception. | It is {X}; nothing else is planned.
It is not a toy but {X}. | It is {X}, no question. | Maybe you know: it is {X}. | It cannot do much. It is {X}.
"""


def constructions(*rows: tuple[str, Polarity]) -> list[tuple[str, Polarity]]:
    return [(one.strip(), polarity) for text, polarity in rows for one in text.replace("\n", "|").split("|") if one.strip()]


def filled(construction: str, thing: str, count: int = 1) -> str:
    """``construction`` about ``thing``, as one writes it: with a capital at its begin, and the verb that fits."""
    for slot, forms in (("{is}", ("is", "are")), ("{has}", ("has", "have")), ("{does}", ("does", "do"))):
        construction = construction.replace(slot, forms[count - 1])
    begins = construction.startswith("{X}")
    return construction.replace("{X}", thing[0].upper() + thing[1:] if begins else thing)


def polarities(reader: Reader, text: str, fact: str, term: str) -> set[Polarity]:
    found = set()
    for one in reader.read(text, None, TODAY).readings:
        values = one.value if isinstance(one.value, tuple) else (one.value,)
        if one.fact == fact and term in values and not one.hypothetical:
            found.add(one.polarity)
    return found


@pytest.fixture(scope="module")
def reader(law: Knowledge) -> Reader:
    return Reader(law)


@pytest.mark.parametrize(
    ("construction", "polarity"),
    constructions((THINGS_DENIED, DENIED), (THINGS_DOUBTED, DOUBTED), (THINGS_STATED, STATED)),
)
def test_things_are_denied_doubted_and_stated(reader: Reader, construction: str, polarity: Polarity) -> None:
    """A construction turns a thing of every kind the same way."""
    for thing, count, fact, term in THINGS:
        text = filled(construction, thing, count)
        assert polarities(reader, text, fact, term) == {polarity}, text


@pytest.mark.parametrize(
    ("construction", "polarity"),
    constructions((SAYINGS_DENIED, DENIED), (SAYINGS_DOUBTED, DOUBTED), (SAYINGS_STATED, STATED)),
)
def test_sayings_are_denied_doubted_and_stated(reader: Reader, construction: str, polarity: Polarity) -> None:
    """A construction turns what is said of the system the same way, whatever it is."""
    for saying, fact, term in SAYINGS:
        text = filled(construction, saying)
        assert polarities(reader, text, fact, term) == {polarity}, text


@pytest.mark.parametrize(
    ("text", "fact", "term", "polarity"),
    [
        ("The contract forbids training on client data.", "data", "personal", None),
        ("No training on client data.", "data_use", "model_training", None),
        ("We lend in Spain and Portugal; our customers are there, Italy perhaps next year.", "persons_in", "it", DOUBTED),
        ("Our customers are in Germany. Hungary is under consideration.", "persons_in", "hu", DOUBTED),
        ("The tool checks whether health data is complete.", "data", "health", STATED),
        ("The vendor is not clear whether health data is stored.", "data", "health", DOUBTED),
        ("It predicts how likely the borrower is to repay; it uses health data.", "data", "health", STATED),
        ("Is emotion recognition used? Answer: maybe, to be clarified.", "technique", "emotion_recognition", DOUBTED),
        ("Emotion recognition is part of the product – we'd switch that off.", "technique", "emotion_recognition", DENIED),
        ("If the model is fine-tuned later is not decided.", "data_use", "fine_tuning", DOUBTED),
        ("Our bank said no. We use health data.", "data", "health", STATED),
        ("Zero-commission broker in Dublin.", "established_in", "ie", STATED),
        ("Fine-tuning isnae used.", "data_use", "fine_tuning", DENIED),
    ],
)
def test_reach_ends_where_it_should(reader: Reader, text: str, fact: str, term: str, polarity: Polarity | None) -> None:
    """Denial and doubt take what they are said of, and neither less nor more."""
    found = polarities(reader, text, fact, term)
    assert found == {polarity} if polarity is not None else Polarity.STATED not in found


@pytest.mark.parametrize("sets_off", ["\n", "; ", ". "])
def test_short_lines_of_a_form_are_apart(reader: Reader, sets_off: str) -> None:
    """The answer to one label does not reach into the line before it."""
    text = f"Health data: yes{sets_off}biometric data: no{sets_off}location data: to be clarified{sets_off}fine-tuning: none"
    assert polarities(reader, text, "data", "health") == {STATED}
    assert polarities(reader, text, "data", "biometric") == {DENIED}
    assert polarities(reader, text, "data", "location") == {DOUBTED}
    assert polarities(reader, text, "data_use", "fine_tuning") == {DENIED}
