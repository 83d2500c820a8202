"""Our citations against the official texts, quotes by day, and what rests on a change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from official_texts import EU, NAMES, document, needs_official_files
from texts_sample import act

from kg_service.applicability.evaluate import Evaluator
from kg_service.applicability.facts import parse_facts, plain_facts
from kg_service.deployment import read_deployment
from kg_service.deployments.record import StoredDeployment
from kg_service.imports.model import Document, Identity
from kg_service.imports.registry import read
from kg_service.model import InstrumentId, Knowledge, NormId
from kg_service.texts.changes import difference
from kg_service.texts.joining import Role, cited, joined, quoted_norms
from kg_service.texts.library import Library, open_library
from kg_service.texts.likeness import Index
from kg_service.texts.loading import Choices, Outcome, load_files
from kg_service.texts.quotes import Missing, Quote, Quotes, shown, with_quotes
from kg_service.texts.recognise import instrument_of
from kg_service.texts.record import record_of
from kg_service.texts.resting import consequences

ROOT = Path(__file__).resolve().parent.parent
NOW = datetime(2026, 11, 23, tzinfo=UTC)
AI_ACT = InstrumentId("eu-ai-act")
# Each miss with its reason: the publisher's consolidated text of the CRD prints no "1." before the first paragraph of Article 74.
EXPLAINED = {("eu-crd", "Art 74(1)-(2)")}


class Parsed:
    """Gives documents that were read before."""

    def read(self, content: bytes, name: str, importer: str | None = None) -> Document:
        return document(name)


@pytest.fixture(scope="module")
def library(law: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """All official files of the Union, loaded; one of them is of an act that is not in the registry."""
    found = open_library(tmp_path_factory.mktemp("texts"))
    if NAMES:
        loaded = list(load_files([EU], law, found.shelf, Parsed(), Choices(), NOW))
        refused = [Path(one.file).name for one in loaded if one.outcome is Outcome.REFUSED]
        assert refused in ([], ["OJ-ACT_32024R0903.fmx4.xml"])
    return found


@needs_official_files
def test_citations_of_the_union_join(law: Knowledge, library: Library) -> None:
    """At least 97 % of what we cite of acts whose official text is at hand stands in that text; every miss is explained."""
    cites = cited(law)
    found = joined(cites, library, [name for name in cites if name.startswith("eu-")])
    missed = {(one.instrument, one.pinpoint) for one in found if not one.matched}
    assert len(found) > 350
    assert len(missed) / len(found) <= 0.03
    assert missed <= EXPLAINED


@needs_official_files
def test_norms_speak_of_what_their_provision_says(law: Knowledge, library: Library) -> None:
    """A citation that joins by its number alone could still be wrong: our words are nearest to those of the provision cited.

    Of all the provisions that norms cite, the one that a norm cites is among the ten nearest to its title and summary.
    """
    quotes = Quotes(library, limit=100_000)
    words = {norm.id: quotes.quote(norm.instrument, norm.provision, NOW.date()) for norm in law.norms.values()}
    texts = {norm: quote.text for norm, quote in words.items() if isinstance(quote, Quote)}
    index = Index({norm: ((text, 1),) for norm, text in texts.items()})
    near = [norm for norm in texts if norm in {like.name for like in index.like(_own_words(law, norm), 10)}]
    assert len(near) / len(texts) > 0.98


def _own_words(law: Knowledge, norm: NormId) -> str:
    return f"{law.norms[norm].title}. {law.norms[norm].summary}"


@needs_official_files
@pytest.mark.parametrize(
    ("provision", "day", "version", "words"),
    [
        ("Art 4(1)", date(2026, 11, 23), "2026-07-27", "measures to support the development of AI literacy"),
        ("Art 4", date(2026, 7, 26), "oj", "a sufficient level of AI literacy"),
        ("Art 113(c)(i)", date(2026, 7, 27), "2026-07-27", "2 December 2027"),
        ("Annex III, point 5(b)", date(2025, 1, 1), "oj", "creditworthiness of natural persons"),
        ("Recital 58", date(2026, 11, 23), "oj", "credit score"),
    ],
)
def test_quote_is_of_the_version_of_the_day(library: Library, provision: str, day: date, version: str, words: str) -> None:
    """The words are those of the text that held on the day; recitals come from the text as published."""
    found = Quotes(library, limit=100_000).quote(AI_ACT, provision, day)
    assert isinstance(found, Quote)
    assert (found.version.version, words in found.text) == (version, True)


@needs_official_files
def test_quotes_are_verbatim(law: Knowledge, library: Library) -> None:
    """Every word of a quote stands in the source in the same order, whatever its length, and ends with a whole word."""
    quotes = Quotes(library, limit=300)
    for norm in law.norms.values():
        found = quotes.quote(norm.instrument, norm.provision, date(2026, 11, 23))
        if isinstance(found, Quote):
            text = library.document(found.version)
            whole = "\n".join(text.text(path.removeprefix(f"{found.version.iri}/")) for path in found.iris)  # type: ignore[arg-type]
            assert whole.startswith(found.text)
            assert found.complete == (whole == found.text)
            assert whole == found.text or whole[len(found.text)].isspace()


@needs_official_files
def test_reason_stands_where_there_is_no_quote(law: Knowledge, library: Library) -> None:
    """No text loaded, none that held, no such provision, no number to look up: each is said."""
    quotes = Quotes(library, law.instruments)
    assert quotes.quote("us-fcra", "15 USC 1681b", date(2026, 1, 1)) is Missing.NOT_LOADED
    assert quotes.quote(AI_ACT, "Art 6(2)", date(2024, 7, 11)) is Missing.NO_VERSION
    assert quotes.quote(AI_ACT, "Art 4a(1)", date(2026, 7, 26)) is Missing.NOT_THERE
    assert quotes.quote(AI_ACT, "agreed text", date(2026, 11, 23)) is Missing.NOT_UNDERSTOOD


def test_text_older_than_an_amendment_says_so(law: Knowledge, tmp_path: Path) -> None:
    """With the text of 2024 alone, a quote of November 2026 names the regulation that has amended it since."""
    library = open_library(tmp_path)
    record, text = record_of(
        act("oj", date(2024, 7, 12), ("art-6", "", "Rules"), ("art-6/par-2", "Old words.")), AI_ACT, "AI Act", NOW
    )
    library.shelf.put(record, text)
    quotes = Quotes(library, law.instruments)
    later, before = (quotes.quote(AI_ACT, "Art 6(2)", day) for day in (date(2026, 11, 23), date(2026, 7, 26)))
    assert isinstance(later, Quote)
    assert isinstance(before, Quote)
    assert (later.amended_since, before.amended_since) == (("eu-digital-omnibus-ai",), ())


def test_ellipsis_stands_outside_the_quotation_marks(tmp_path: Path) -> None:
    """A quote that breaks off ends after a whole word, and the ellipsis is no part of it."""
    library = open_library(tmp_path)
    record, text = record_of(act("oj", date(2024, 7, 12), ("art-6/par-2", "one two three four")), AI_ACT, "AI Act", NOW)
    text = Document(
        **{**vars(text), "units": tuple(type(unit)(unit.kind, unit.path, unit.text, unit.number) for unit in text.units)}
    )
    library.shelf.put(record, text)
    found = Quotes(library, limit=12).quote(AI_ACT, "Art 6(2)", date(2025, 1, 1))
    assert isinstance(found, Quote)
    assert (found.text, shown(found)) == ("2. one two", "“2. one two” …")


def test_every_citation_of_a_view_is_quoted(tmp_path: Path) -> None:
    """Citations at any depth get a quote; what is no citation is left as it was."""
    library = open_library(tmp_path)
    library.shelf.put(*record_of(act("oj", date(2024, 7, 12), ("art-6", "Six.", "Rules")), AI_ACT, "AI Act", NOW))
    citation = {"instrument": "eu-ai-act", "provision": "Art 6", "iri": "x"}
    view = {"a": [{"citation": citation}], "instrument": "eu-ai-act", "n": 1}
    found = with_quotes(view, Quotes(library), date(2025, 1, 1))
    assert found["a"][0]["citation"]["quote"] == "Article 6 Rules\nSix."
    assert (found["n"], "quote" in found) == (1, False)


@needs_official_files
def test_what_rests_on_the_omnibus(law: Knowledge, evaluator: Evaluator, library: Library) -> None:
    """Its changes reach the duties whose start Article 113(c) sets, and a stored deployment in credit scoring."""
    texts = (document("AI-Act_32024R1689_oj.xhtml"), document("AI-Act_02024R1689-20260727.html"))
    facts = read_deployment(ROOT / "examples/credit-assessment-eu-vendor.yaml", law).facts
    stored = StoredDeployment("credit-0", "Credit", plain_facts(facts), date(2026, 7, 27), NOW, law.version)
    found = consequences(evaluator, cited(law), AI_ACT, texts, difference(*texts), [stored], date(2026, 7, 27))
    days = {one.use.id for one in found.of(Role.DATE)}
    assert {"eu-ai-act/art-26-par-1", "eu-ai-act/art-9", "eu-ai-act/art-27-par-1"} <= days
    assert "eu-ai-act/art-4-par-1" in {one.use.id for one in found.of(Role.NORM)}
    assert "eu-ai-act/legacy-system" in {one.use.id for one in found.of(Role.QUALIFICATION)}
    assert "eu-ai-act/art-53-par-1-a-c-d" not in {one.use.id for one in found.of(Role.NORM)}
    (touched,) = found.deployments
    assert touched.deployment.id == "credit-0"
    assert NormId("eu-ai-act/art-26-par-1") in touched.norms
    assert parse_facts(law.facts, dict(stored.facts)) == facts


@needs_official_files
def test_norms_with_words_are_counted(law: Knowledge, library: Library) -> None:
    """Every norm of an act whose citations all join has its words."""
    found = joined(cited(law), library, [InstrumentId("eu-gdpr")])
    assert set(quoted_norms(found)) == {norm.id for norm in law.norms.values() if norm.instrument == "eu-gdpr"}


def test_works_of_one_instrument_do_not_replace_each_other(law: Knowledge, tmp_path: Path) -> None:
    """A statute and the regulation under it are both texts of Regulation B: each is quoted, the older one too."""
    library = open_library(tmp_path)
    reg_b = InstrumentId("us-reg-b")
    for work, start, path in (("15 USC 1691", date(2010, 1, 1), "art-1"), ("12 CFR 1002", date(2018, 1, 1), "art-2")):
        text = act("x", start, (path, f"Words of {work}."))
        text = Document(**{**vars(text), "identity": Identity(work, work)})
        library.shelf.put(*record_of(text, reg_b, "Regulation B", NOW))
    quotes = Quotes(library, law.instruments)
    for pinpoint, work in (("Art 1", "15 USC 1691"), ("Art 2", "12 CFR 1002")):
        found = quotes.quote(reg_b, pinpoint, date(2026, 1, 1))
        assert isinstance(found, Quote)
        assert found.version.work == work
    ((one, other),) = [joined({reg_b: {"Arts 1-2": (), "Art 3": ()}}, library, [reg_b])]
    assert (one.matched, other.matched, other.lost) == (True, False, ("art-3",))


def test_supervisory_statements_join(shared: Path, law: Knowledge, tmp_path: Path) -> None:
    """Paragraphs, chapters and principles of the PRA's statements are found as we cite them."""
    library = open_library(tmp_path)
    files = [shared / "data/official/uk" / name for name in ("PRA-SS1-23.html", "PRA-SS2-21.html")]
    for file in files:
        text = read(file.read_bytes(), file.name)
        library.shelf.put(*record_of(text, instrument_of(text, law).id, file.stem, NOW))
    found = joined(cited(law), library, [InstrumentId("pra-ss1-23"), InstrumentId("pra-ss2-21")])
    assert len(found) > 8
    assert [one.pinpoint for one in found if not one.matched] == []
