"""Cross-references: read by hand, resolved by rule; definitions; pinpoints of our own law."""

from __future__ import annotations

from pathlib import Path

import pytest
from official_texts import document, needs_official_files

from kg_service.imports.citations import citations
from kg_service.imports.model import Document, Identity, Source, UnitKind, UnitPath, Version
from kg_service.imports.outline import Outline
from kg_service.imports.pinpoints import parse_pinpoint
from kg_service.imports.references import Reference, definitions, references, unresolved
from kg_service.imports.whereabouts import address

ACTS = ("GDPR_32016R0679_oj.xhtml", "AI-Act_32024R1689_oj.xhtml", "DORA_32022R2554_oj.xhtml")
# 100 citations drawn at random, each read in its text by a person: file, unit, offset, words, acts, addresses.
CHECKED = Path(__file__).parent / "references_checked.tsv"
CASES = [line.split("\t") for line in CHECKED.read_text(encoding="utf-8").splitlines()]


@needs_official_files
@pytest.mark.parametrize("name", ACTS)
def test_the_internal_references_of_an_act_resolve(name: str) -> None:
    """At least 98 % of the citations of the act itself lead to a unit that is there."""
    found = [reference for reference in references(document(name)) if reference.internal]
    assert len(found) > 300
    assert len(unresolved(found)) <= 0.02 * len(found)


@needs_official_files
def test_references_are_those_that_a_person_read() -> None:
    """Each of the hundred citations means what was read."""
    known = {name: {(r.at, r.start): r for r in references(document(name))} for name in ACTS}
    for name, at, start, words, acts, targets in CASES:
        found = known[name][UnitPath(at), int(start)]
        read = (found.words, [act.replace(" ", "_") for act in found.acts], list(found.targets))
        assert read == (words, acts.split(), targets.split()), (name, at)


@needs_official_files
@pytest.mark.parametrize("name", ACTS)
def test_every_target_can_be_quoted(name: str) -> None:
    """A path that a reference leads to has text or a heading."""
    read = document(name)
    assert all(read.text(target) for reference in references(read) if reference.internal for target in reference.targets)


@needs_official_files
@pytest.mark.parametrize(("name", "article", "count"), [(ACTS[0], "art-4", 26), (ACTS[1], "art-3", 68), (ACTS[2], "art-3", 65)])
def test_the_definitions_of_an_act_are_found(name: str, article: str, count: int) -> None:
    """GDPR Article 4 defines 26 terms, AI Act Article 3 68, DORA Article 3 65."""
    found = [definition for definition in definitions(document(name)) if definition.at.startswith(f"{article}/")]
    assert len({definition.at for definition in found}) == count


def spelt(text: str) -> list[str]:
    """Addresses of all citations in a text, ranges as first..last."""
    return [
        str(address(one.first)) + (f"..{address(one.last)}" if one.last else "")
        for citation in citations(text)
        for one in citation.cited
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Article 6(2) in conjunction with Annex III, point 5(b)", ["art-6/par-2", "annex-iii/pt-5/pt-b"]),
        ("points (a) to (c) of the first subparagraph", ["subpar-1/pt-a..subpar-1/pt-c"]),
        ("point (a) of Article 6(1)", ["art-6/par-1/pt-a"]),
        ("Article 4, point (1), of Regulation (EU) No 575/2013", ["art-4/pt-1"]),
        ("Chapter III, Section 2", ["chapter-iii/section-2"]),
        ("Sections 2 and 3 of Chapter V", ["chapter-v/section-2", "chapter-v/section-3"]),
        ("Article 6(6) and (7), Article 7(1) and (3)", ["art-6/par-6", "art-6/par-7", "art-7/par-1", "art-7/par-3"]),
        ("Articles 13 and 14(1), point (a)", ["art-13", "art-14/par-1/pt-a"]),
        ("Articles 8 to 15 and Article 17", ["art-8..art-15", "art-17"]),
        ("the second and third subparagraphs of paragraph 2", ["par-2/subpar-2", "par-2/subpar-3"]),
        ("the fifth paragraph of point 4.6 of Annex VII", ["annex-vii/pt-4-6/subpar-5"]),
        ("Article 20, first paragraph, point (a), point (ii)", ["art-20/subpar-1/pt-a/pt-ii"]),
        ("Article 25(9), the second subparagraph of Article 26(2)", ["art-25/par-9", "art-26/par-2/subpar-2"]),
        ("points (a)(ii), (a)(iv) and (e)", ["pt-a/pt-ii", "pt-a/pt-iv", "pt-e"]),
        ("Section C.6 of Annex I", ["annex-i/section-c/pt-6"]),
        ("single points of contact; the point of view; Part of the text; 5 % in Article 20, 0,8 %", ["art-20"]),
    ],
)
def test_a_citation_is_read_as_it_is_written(text: str, expected: list[str]) -> None:
    """From the whole to the part and from the part to the whole, with lists and ranges."""
    assert spelt(text) == expected


def act(text: str, at: str = "par-2") -> Document:
    """An act: Article 9(1) with points (a) and (b), Article 9(2) or Article 10(1), which amends another act, says ``text``."""
    outline = Outline()
    chapter = outline.add(UnitKind.CHAPTER, "II")
    nine = outline.add(UnitKind.ARTICLE, "9", parent=chapter, address=None)
    one = outline.add(UnitKind.PARAGRAPH, "1", parent=nine, text="Where:")
    outline.add(UnitKind.POINT, "a", parent=one, text="alpha")
    outline.add(UnitKind.POINT, "b", parent=one, text="beta")
    outline.add(UnitKind.PARAGRAPH, "2", parent=nine, text=text if at == "par-2" else "")
    ten = outline.add(
        UnitKind.ARTICLE, "10", parent=chapter, address=None, text="Regulation (EU) No 648/2012 is amended as follows:"
    )
    outline.add(UnitKind.POINT, "1", parent=ten, text=text if at == "amending" else "")
    identity, source = Identity("32030R0001", "Title", "32030R0001"), Source("x", "0" * 64, 1, "test")
    return Document(identity, "regulation", "en", Version("oj"), source, outline.units())


def only(text: str, at: str = "par-2") -> Reference:
    found = [r for r in references(act(text, at)) if r.at in ("art-9/par-2", "art-10/pt-1")]
    return found[-1]


@pytest.mark.parametrize(
    ("text", "acts", "targets"),
    [
        ("as referred to in paragraph 1", (), ("art-9/par-1",)),
        ("as referred to in paragraph 1, points (a) and (b), of this Article", (), ("art-9/par-1/pt-a", "art-9/par-1/pt-b")),
        ("under this Article", (), ("art-9",)),
        ("under this Chapter", (), ("chapter-ii",)),
        ("Article 10 and that Article", (), ("art-10",)),
        ("Article 10 of this Regulation", (), ("art-10",)),
        ("Article 9(1), point (a), and point (b)", (), ("art-9/par-1/pt-b",)),
        ("Article 4 of Directive 2014/65/EU", ("32014L0065",), ("art-4",)),
        ("Article 4(1), point (1), of Regulation (EU) No 575/2013", ("32013R0575",), ("art-4/par-1/pt-1",)),
        ("Article 9 of Regulation (EU) 2030/1", (), ("art-9",)),
        ("Regulation (EU) 2016/679, in particular Article 5 thereof", ("32016R0679",), ("art-5",)),
        ("Regulation (EU) 2016/679 repealing Directive 95/46/EC, Article 5 of that Regulation", ("32016R0679",), ("art-5",)),
        (
            "Articles 15 and 16 of Regulations (EU) No 1093/2010 and (EU) No 1095/2010",
            ("32010R1093", "32010R1095"),
            ("art-15", "art-16"),
        ),
        ("Article 16 TFEU", ("TFEU",), ("art-16",)),
    ],
)
def test_a_citation_means_what_it_means_where_it_stands(text: str, acts: tuple[str, ...], targets: tuple[str, ...]) -> None:
    """Of this act, of the article it stands in, of the act named after it or before it."""
    found = only(text)
    assert (found.acts, found.targets, found.missing) == (acts, targets, ())


def test_what_is_cited_and_not_there_is_listed() -> None:
    """Nothing is guessed."""
    found = only("referred to in Article 99(1)")
    assert (found.targets, found.missing) == ((), ("art-99/par-1",))
    assert unresolved([found]) == (found,)


def test_an_amending_article_speaks_of_the_act_that_it_amends() -> None:
    """Article 56 of an act with ten articles is that of the act amended."""
    found = only("in Article 56(3), the first subparagraph is replaced by the following:", "amending")
    assert (found.acts, found.targets) == (("32012R0648",), ("art-56/par-3/subpar-1",))


@needs_official_files
def test_a_list_under_the_name_of_an_act_is_of_that_act() -> None:
    """Article 70(3)(b) of MiFID II lists articles of Regulation (EU) No 600/2014 under its name."""
    found = [r for r in references(document("MiFID2_32014L0065_2026-06-06.html")) if r.at.startswith("art-70/par-3/pt-b/")]
    assert len(found) > 20
    assert {r.acts for r in found} == {("32014R0600",)}


@pytest.mark.parametrize(
    ("pinpoint", "expected"),
    [
        ("Art 6(2) + Annex III point 5(b)", "art-6/par-2 annex-iii/pt-5/pt-b"),
        ("Art 26(1)", "art-26/par-1"),
        ("Arts 13-14", "art-13 art-14"),
        ("Art 2(1)(a)-(c),(g)", "art-2/par-1/pt-a art-2/par-1/pt-b art-2/par-1/pt-c art-2/par-1/pt-g"),
        ("recital 58", "recital-58"),
        ("Recital 109", "recital-109"),
        ("Art 18(8)(a)", "art-18/par-8/pt-a"),
        ("Art 18(1)-(2), (5)(a), (6)", "art-18/par-1 art-18/par-2 art-18/par-5/pt-a art-18/par-6"),
        ("Arts 2, 3(1)(h), 8", "art-2 art-3/par-1/pt-h art-8"),
        ("Art 5(1)(ba)-(bb), (1a), (1b)", "art-5/par-1/pt-ba art-5/par-1/pt-bb art-5/par-1a art-5/par-1b"),
        ("Art 26(5), first subparagraph", "art-26/par-5/subpar-1"),
        ("Art 16(3), second to fourth subparagraphs", "art-16/par-3/subpar-2 art-16/par-3/subpar-3 art-16/par-3/subpar-4"),
        ("Art 18(11), second sentence", "art-18/par-11"),
        ("Annex I points 2a, 4a", "annex-i/pt-2a annex-i/pt-4a"),
        ("Art 1; Annex", "art-1 annex"),
        ("12 CFR 1002.9(a)(1)", "section-1002-9/pt-a/pt-1"),
        ("ss 13, 19", "section-13 section-19"),
        ("Section 4.3.3", "section-4-3-3"),
        ("whole guidelines", ""),
    ],
)
def test_a_pinpoint_of_our_law_gives_addresses(pinpoint: str, expected: str) -> None:
    """As the files in regulations/ write them."""
    assert " ".join(parse_pinpoint(pinpoint)) == expected
