"""Own policies in PDF: pages written by hand, so that what is seen and what is not is known."""

from __future__ import annotations

import zlib

import pytest
from imports_pdf import FONTS, assemble, line, write

from kg_service.errors import DocumentError
from kg_service.imports.model import Document, UnitPath
from kg_service.imports.pdf import Pdf
from kg_service.imports.registry import importer_for


def _read(content: bytes) -> Document:
    return Pdf().parse(content, "policy.pdf")


def _policy() -> bytes:
    first = (
        line("AI use policy", 780, size=20)
        + line("1 Scope", 740, size=14)
        + line("This policy applies to all models that the bank", 715)
        + line("develops, buys or uses as a service.", 701)
        + line("1.1 It does not apply to toys.", 675)
        + line("(a) A toy is what nobody relies on.", 655)
        + line("(b) Spreadsheets are no toys.", 641)
        + line("2 Roles", 600, size=14)
        + line("The owner keeps the inventory and", 575)
    )
    second = line("reports to the board.", 780) + line("Records", 740, font="F2") + line("Logs are kept.", 715)
    return write([first, second])


def test_units_are_those_of_the_pages() -> None:
    """Headings by size and weight, numbers and marks give the outline; a paragraph goes on over lines and pages."""
    document = _read(_policy())
    assert [unit.path for unit in document.units] == [
        "section-ai-use-policy",
        "section-1",
        "section-1-1",
        "section-1-1/pt-a",
        "section-1-1/pt-b",
        "section-2",
        "section-2/section-records",
    ]
    scope = document.by_path[UnitPath("section-1")]
    assert scope.text == "This policy applies to all models that the bank develops, buys or uses as a service."
    assert document.by_path[UnitPath("section-2")].text == "The owner keeps the inventory and reports to the board."
    assert document.by_path[UnitPath("section-2/section-records")].extras["page"] == "2"


def test_every_word_is_kept() -> None:
    """All words that the pages print are in the document, and no other."""
    texts = (
        "AI use policy",
        "1 Scope",
        "This policy applies to all models that the bank",
        "develops, buys or uses as a service.",
    )
    texts += ("1.1 It does not apply to toys.", "(a) A toy is what nobody relies on.", "(b) Spreadsheets are no toys.", "2 Roles")
    texts += ("The owner keeps the inventory and", "reports to the board.", "Records", "Logs are kept.")
    said = " ".join(f"{unit.extras['printed']} {unit.heading or ''} {unit.text}" for unit in _read(_policy()).units)
    assert said.split() == " ".join(texts).split()


def test_running_heads_and_page_numbers_are_kept_apart() -> None:
    """What comes back at the same place of each page does not break a sentence, and is kept once."""
    texts = (("A sentence goes", "on from page"), ("to page until", "it is at its"), ("very end, as", "all do."))
    pages = [
        line("Internal", 820) + line(first, 700) + line(second, 686) + line(f"Page {number}", 20)
        for number, (first, second) in enumerate(texts, 1)
    ]
    document = _read(write(pages))
    assert document.units[0].text == "A sentence goes on from page to page until it is at its very end, as all do."
    assert [unit.text for unit in document.units[1:]] == ["Internal", "Page 3"]


def test_bookmarks_tell_headings() -> None:
    """A line that a bookmark names is a heading even in letters like all others."""
    objects = {
        100: b"<< /Type /Outlines /First 101 0 R /Last 101 0 R /Count 1 >>",
        101: b"<< /Title (Records) /Parent 100 0 R /Dest [10 0 R /Fit] >>",
    }
    content = line("Records", 700) + line("Logs are kept.", 680)
    document = _read(write([content], objects=objects, catalogue=b"/Outlines 100 0 R"))
    assert [(unit.path, unit.text) for unit in document.units] == [("section-records", "Logs are kept.")]


SECRET = line("SECRET", 600)
TRANSPARENT = b"/ExtGState << /G0 << /ca 0 >> >>"
LAYER = b"/Properties << /L0 100 0 R >>"


@pytest.mark.parametrize(
    ("hidden", "resources", "why"),
    [
        (b"3 Tr " + SECRET + b"0 Tr ", b"", "render mode 3"),
        (b"7 Tr " + SECRET + b"0 Tr ", b"", "render mode 7"),
        (b"q 1 g " + SECRET + b"Q ", b"", "white"),
        (b"q 1 1 1 rg " + SECRET + b"Q ", b"", "white"),
        (b"q 0 0 0 0 k " + SECRET + b"Q ", b"", "white"),
        (b"q /G0 gs " + SECRET + b"Q ", TRANSPARENT, "transparent"),
        (line("SECRET", 600, size=0) + b"", b"", "small"),
        (b"q 0.01 0 0 0.01 0 0 cm " + line("SECRET", 60000, x=7200) + b"Q ", b"", "small"),
        (line("SECRET", 2000), b"", "off the page"),
        (line("SECRET", 600, x=-500), b"", "off the page"),
        (b"/OC /L0 BDC " + SECRET + b"EMC ", LAYER, "layer"),
    ],
    ids=["mode 3", "mode 7", "grey", "RGB", "CMYK", "transparent", "size 0", "scaled", "above", "left", "layer off"],
)
def test_text_that_nobody_sees_is_taken_out_and_reported(hidden: bytes, resources: bytes, why: str) -> None:
    """Each way of hiding text on a page leaves the text beside it and gives a finding with page, reason and words."""
    layers = b"/OCProperties << /OCGs [100 0 R] /D << /OFF [100 0 R] >> >>"
    content = line("Seen before.", 700) + hidden + line("Seen after.", 500)
    document = _read(write([content], resources=resources, objects={100: b"<< /Type /OCG /Name (x) >>"}, catalogue=layers))
    text = " ".join(unit.text for unit in document.units)
    assert (text, "SECRET" in text) == ("Seen before. Seen after.", False)
    assert len(document.findings) == 1
    assert document.findings[0].code == "hidden_text"
    assert all(part in document.findings[0].message for part in ("page 1", why, "SECRET"))


@pytest.mark.parametrize(
    "content",
    [
        b"q 0 0 0.5 rg 60 590 200 30 re f 1 g " + line("Seen", 600) + b"Q ",
        b"q 1 Tr " + line("Seen", 600) + b"Q ",
        b"3 Tr 0 Tr " + line("Seen", 600),
        b"q 3 Tr Q " + line("Seen", 600),
        b"/OC /L1 BDC " + line("Seen", 600) + b"EMC ",
    ],
    ids=["white on blue", "outlined", "mode set back", "mode left by Q", "layer on"],
)
def test_text_that_is_seen_stays(content: bytes) -> None:
    """White letters on a painted ground, outlines and what a state no longer hides are text."""
    document = _read(write([content], resources=b"/Properties << /L1 101 0 R >>", objects={101: b"<< /Type /OCG >>"}))
    assert document.units[0].text == "Seen"
    assert document.findings == ()


def test_hidden_text_inside_a_form_is_found() -> None:
    """A form that the page draws is followed with the state in which it is drawn."""
    form = line("SECRET", 600)
    head = (
        b"<< /Type /XObject /Subtype /Form /BBox [0 0 595 842] /Resources << /Font << "
        + FONTS
        + b" >> >> /Length %d >>" % len(form)
    )
    objects = {100: head + b"\nstream\n" + form + b"\nendstream"}
    page = line("Seen.", 700) + b"q 3 Tr /X0 Do Q " + line("Also seen.", 500)
    document = _read(write([page], resources=b"/XObject << /X0 100 0 R >>", objects=objects))
    assert "SECRET" not in " ".join(unit.text for unit in document.units)
    assert "Also seen." in " ".join(unit.text for unit in document.units)
    assert "SECRET" in document.findings[0].message


def test_a_scan_with_a_hidden_text_layer_is_refused() -> None:
    """Where all text is invisible, as behind a scan, there is nothing to cite."""
    with pytest.raises(DocumentError, match="cannot be seen"):
        _read(write([b"3 Tr " + line("Recognised words", 600)]))


def test_recognised_by_content() -> None:
    """The signature tells."""
    assert importer_for(_policy(), "unnamed").name == "pdf"


def _bomb() -> bytes:
    packed = zlib.compress(zlib.compress(b"q " * 60_000_000, 9), 9)
    return assemble({
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Kids [10 0 R] /Count 1 >>",
        10: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> /Contents 11 0 R >>",
        11: b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n" % len(packed) + packed + b"\nendstream",
    })  # fmt: skip


def _looped() -> bytes:
    return assemble({1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [2 0 R] /Count 9 >>"})


@pytest.mark.parametrize(
    ("content", "codes"),
    [
        (b"%PDF-1.7\n", {"not_pdf"}),
        (b"%PDF-1.7\ntrailer << /Root 1 0 R >>\n%%EOF", {"not_pdf"}),
        (_looped(), {"not_pdf", "empty"}),
        (_bomb(), {"empty", "not_pdf"}),
        (write([b""]), {"empty"}),
    ],
    ids=["nothing", "no objects", "pages in a circle", "a stream that swells", "no text"],
)
def test_broken_files_are_refused(content: bytes, codes: set[str]) -> None:
    """A file that cannot be read is refused with its name and the reason."""
    with pytest.raises(DocumentError) as refused:
        _read(content)
    assert refused.value.problems[0].code in codes
    assert refused.value.problems[0].where.startswith("policy.pdf")
