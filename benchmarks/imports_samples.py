# ruff: noqa: E501 -- samples stand as the formats write them
"""A small file of each format that is imported, in words of our own, for mutation."""

from __future__ import annotations

import io
import json
import zipfile
import zlib

EURLEX = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>L_203000001EN</title></head><body>
<p class="oj-hd-ti">EN</p><p class="oj-doc-ti">REGULATION (EU) 2030/1</p><p class="oj-doc-ti">of 1 January 2030</p>
<p class="oj-doc-ti">on samples</p><p class="oj-normal">THE COUNCIL,</p>
<p class="oj-normal">Whereas:</p><table><tr><td><p class="oj-normal">(1)</p></td><td><p class="oj-normal">A sample is small.</p></td></tr></table>
<p class="oj-normal">HAS ADOPTED THIS REGULATION:</p>
<p class="oj-ti-section-1">CHAPTER I</p><p class="oj-ti-section-2">General</p>
<p class="oj-ti-art">Article 1</p><p class="oj-sti-art">Scope</p>
<p class="oj-normal">1.   This Regulation applies to samples<a href="#ntr1"><span class="oj-super">1</span></a>:</p>
<table><tr><td><p class="oj-normal">(a)</p></td><td><p class="oj-normal">small ones;</p></td></tr>
<tr><td><p class="oj-normal">(b)</p></td><td><p class="oj-normal">those in Article 2(1).</p></td></tr></table>
<p class="oj-normal">2.   It ends.</p>
<p class="oj-ti-art">Article 2</p><p class="oj-normal">&#8216;Sample&#8217; means a part &amp; no whole.</p>
<p class="oj-doc-ti">ANNEX I</p><p class="oj-normal">1. List</p></body></html>"""

FORMEX = """<?xml version="1.0" encoding="UTF-8"?><ACT xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
xsi:noNamespaceSchemaLocation="http://formex.publications.europa.eu/schema/formex-06.02.1-20231031.xd"><BIB.INSTANCE>
<DATE ISO="20300101">20300101</DATE><LG.DOC>EN</LG.DOC></BIB.INSTANCE><TITLE><TI><P>Regulation (EU) 2030/1</P></TI></TITLE>
<PREAMBLE><PREAMBLE.INIT>The Council,</PREAMBLE.INIT><GR.CONSID><CONSID><NP><NO.P>(1)</NO.P><TXT>A sample is small.</TXT></NP></CONSID>
</GR.CONSID></PREAMBLE><ENACTING.TERMS><DIVISION><TITLE><TI><P>CHAPTER I</P></TI></TITLE><ARTICLE IDENTIFIER="001"><TI.ART>Article 1</TI.ART>
<STI.ART>Scope</STI.ART><PARAG IDENTIFIER="001.001"><NO.PARAG>1.</NO.PARAG><ALINEA><P>It applies:</P><LIST TYPE="alpha"><ITEM><NP>
<NO.P>(a)</NO.P><TXT>to samples;</TXT></NP></ITEM></LIST></ALINEA></PARAG></ARTICLE></DIVISION></ENACTING.TERMS><FINAL><P>Done.</P></FINAL></ACT>"""

AKOMA = """<?xml version="1.0" encoding="UTF-8"?><akomaNtoso xmlns="http://docs.oasis-open.org/legaldocml/ns/akn/3.0"><act name="regulation">
<meta><identification source="#x"><FRBRWork><FRBRuri value="/akn/eu/act/2030/1"/><FRBRalias value="32030R0001" name="CELEX"/></FRBRWork>
<FRBRExpression><FRBRdate date="2030-01-01"/><FRBRlanguage language="eng"/></FRBRExpression></identification></meta>
<preface><longTitle><p>Regulation on samples</p></longTitle></preface><preamble><citations><citation><p>Having regard,</p></citation></citations>
<recitals><recital><num>(1)</num><p>A sample is small.</p></recital></recitals></preamble><body><chapter><num>CHAPTER I</num>
<heading>General</heading><article eId="art_1"><num>Article 1</num><heading>Scope</heading><paragraph><num>1.</num><list><intro><p>It applies
<authorialNote marker="1"><p>Note.</p></authorialNote>:</p></intro><point><num>(a)</num><content><p>to samples;</p></content></point></list>
</paragraph><paragraph><num>2.</num><content><p>Text <mod><quotedStructure startQuote="'"><article><num>5</num></article></quotedStructure></mod>.</p>
<table><tr><td><p>a</p></td><td>b</td></tr></table></content></paragraph></article></chapter></body><attachments><attachment><doc name="a"><mainBody>
<p>ANNEX</p></mainBody></doc></attachment></attachments></act></akomaNtoso>"""

USLM = """<?xml version="1.0" encoding="UTF-8"?><pLaw xmlns="http://schemas.gpo.gov/xml/uslm" xmlns:dc="http://purl.org/dc/elements/1.1/"><meta>
<dc:title>Sample Act</dc:title><citableAs>Public Law 1-1</citableAs></meta><preface><dc:type>Public Law</dc:type></preface><main><longTitle>
<docTitle>An Act</docTitle></longTitle><title><num value="I">TITLE I</num><heading>GENERAL</heading><section><num value="1">SEC. 1.</num>
<heading>SCOPE.</heading><subsection><num value="a">(a)</num><chapeau>It applies</chapeau><paragraph><num value="1">(1)</num><content>to samples
<footnote><sup>1</sup><p>Note.</p></footnote>;</content></paragraph><continuation>and ends.</continuation></subsection><subsection><num value="b">(b)
</num><content>is amended <quotedContent><section><num value="9">SEC. 9.</num></section></quotedContent>.</content></subsection></section></title></main>
</pLaw>"""

ECFR = """<?xml version="1.0" encoding="UTF-8"?><ECFR><AMDDATE>Dec. 29, 2022</AMDDATE><VOLUME N="1" AMDDATE="2022-12-29"/><DIV1 N="1" TYPE="TITLE">
<HEAD>Title 1-General</HEAD><DIV5 N="1" TYPE="PART"><HEAD>PART 1-SAMPLES</HEAD><AUTH><HED>Authority:</HED><PSPACE>1 U.S.C. 1.</PSPACE></AUTH>
<DIV8 N="1.1" TYPE="SECTION"><HEAD>§ 1.1   Scope.</HEAD><P>(a) <I>Scope.</I> (1) It applies:</P><P>(i) To samples; and</P><P>(A) Small ones</P><P>(b) Text
<SU>1</SU><FTREF/>.</P><FP>Flush.</FP><TABLE><TR><TH>a</TH><TD>b</TD></TR></TABLE><FTNT><P><SU>1</SU> Note.</P></FTNT><CITA>[1 FR 1]</CITA></DIV8>
<DIV8 N="1.2" TYPE="SECTION"><HEAD>§ 1.2 Definitions.</HEAD><P><I>Sample</I> means a part.</P><P>(1) x</P></DIV8></DIV5></DIV1></ECFR>"""

REGML = """<?xml version="1.0" encoding="UTF-8"?><regulation xmlns="eregs"><fdsys><cfrTitleNum>12</cfrTitleNum><title>SAMPLES</title></fdsys><preamble>
<regLetter>Q</regLetter><effectiveDate>2030-01-01</effectiveDate></preamble><part label="1002"><content><subpart label="1002-Subpart"><content>
<section label="1002-1" sectionNum="1"><subject>§ 1002.1 Scope.</subject><paragraph label="1002-1-a" marker="(a)"><title type="keyterm">Scope.</title>
<content>It applies to <ref target="1002-2">samples</ref>.</content><paragraph label="1002-1-a-1" marker="(1)"><content><def term="sample">Sample</def>
</content></paragraph></paragraph></section></content></subpart><appendix label="1002-A" appendixLetter="A"><appendixTitle>Appendix A</appendixTitle>
<appendixSection label="1002-A-p1"><subject/><paragraph marker=""><content>List <graphic><altText/><text>![](x)</text><url>u</url></graphic></content>
</paragraph></appendixSection></appendix><interpretations label="1002-Interp"><title>Supplement I</title><interpSection label="1002-1-Interp"><title>Section 1
</title><interpParagraph label="1002-1-a-Interp" target="1002-1-a"><title>1(a)</title><content/><interpParagraph label="1002-1-a-Interp-1" marker="1.">
<content>Comment.</content></interpParagraph></interpParagraph></interpSection></interpretations></content></part></regulation>"""

OSCAL = json.dumps({"catalog": {
    "uuid": "1", "metadata": {"title": "Samples", "version": "1", "oscal-version": "1.1.2", "last-modified": "2030-01-01T00:00:00Z"},
    "groups": [{"id": "ac", "title": "Access", "controls": [{
        "id": "ac-1", "title": "Policy", "props": [{"name": "label", "value": "AC-1"}, {"name": "status", "value": "active"}],
        "params": [{"id": "p1", "label": "roles"}, {"id": "p2", "select": {"how-many": "one-or-more", "choice": ["a {{ insert: param, p1 }}", "b"]}}],
        "links": [{"href": "#r1", "rel": "reference"}],
        "parts": [{"id": "s", "name": "statement", "prose": "Do:", "parts": [
            {"name": "item", "props": [{"name": "label", "value": "a."}], "prose": "Name {{ insert: param, p2 }}."}]},
            {"name": "guidance", "prose": "Think."}],
        "controls": [{"id": "ac-1.1", "title": "More", "props": [{"name": "label", "value": "AC-1(1)"}], "parts": []}]}]}],
    "back-matter": {"resources": [{"uuid": "r1", "title": "Book", "citation": {"text": "A book."}}]}}}, indent=1)  # fmt: skip

PRA = """<!DOCTYPE html><html><head><title>SS1/30</title><meta property="og:url" content="https://www.prarulebook.co.uk/guidance/x"/>
<meta property="og:title" content="SS1/30 – Samples"/></head><body><main><h1>SS1/30</h1><div class="page-content rulebook-content"
data-rulebook-date="01-01-2030"><div class="part-content"><div class="page-utilities">Export</div><div class="chapter-section"><div class="div-row">
<div class="div-row__col-1"><span class="rule-number">1</span></div><div class="div-row__col-2"><h3>Scope</h3></div></div><div class="row-block">
<div class="div-row"><div class="div-row__col-1"><span class="rule-number">1.1</span></div><div class="div-row__col-2 "><p>It applies<sup>
<a href="#footnote-1">1</a></sup>:</p><ol class="new-bullet"><li>(1) to samples;<ol><li>(a) small</li></ol></li></ol><div class="rb-footnotes"><ul>
<li class="rb-footnote"><span class="fn-col-1">1.</span><span class="fn-col-2">Note.</span></li></ul></div></div></div><div class="row-block__info"><ul>
<li>01/01/2030</li></ul></div></div><div class="row-block"><div class="div-row"><div class="div-row__col-1"><span class="rule-number"></span></div>
<div class="div-row__col-2"><h5>Principle 1.1 Names</h5><p>Text<span style="display:none">x</span></p><table><tr><td>a</td></tr></table></div></div></div>
</div></div></div></main></body></html>"""

MARKDOWN = """---
title: Policy
version: 1.0
---
# Policy

Text with *stress*, `code`, [link](http://example.org) and ![image](x.png "t").

## 1. Scope

1.1 It applies to:

a) samples;

- one
  1. two
     > quoted

| a | b |
|---|---|
| c | d |

<div style="display:none">hidden</div> <!-- comment -->

```
code
```

## Annex A

End&nbsp;of text.[^1]
"""

_WORD = '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>{}</w:body></w:document>'
_BODY = (
    '<w:p><w:pPr><w:pStyle w:val="H1"/></w:pPr><w:r><w:t>1 Scope</w:t></w:r></w:p><w:p><w:r><w:t>It applies</w:t><w:footnoteReference w:id="2"/></w:r>'
    '<w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r><w:del w:id="1"><w:r><w:delText>old</w:delText></w:r></w:del></w:p>'
    '<w:p><w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr><w:r><w:t>item</w:t></w:r></w:p>'
    "<w:tbl><w:tr><w:tc><w:p><w:r><w:t>a</w:t></w:r></w:p></w:tc><w:tc><w:p><w:r><w:t>b</w:t></w:r></w:p></w:tc></w:tr></w:tbl>"
)
_SPACE = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DOCX_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>',
    "word/document.xml": _WORD.format(_BODY),
    "word/styles.xml": f'<w:styles {_SPACE}><w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/><w:basedOn w:val="N"/></w:style>'
    '<w:style w:type="paragraph" w:default="1" w:styleId="N"><w:name w:val="Normal"/></w:style></w:styles>',
    "word/numbering.xml": f'<w:numbering {_SPACE}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt '
    'w:val="lowerLetter"/><w:lvlText w:val="(%1)"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>',
    "word/footnotes.xml": f'<w:footnotes {_SPACE}><w:footnote w:id="2"><w:p><w:r><w:t>Note.</w:t></w:r></w:p></w:footnote></w:footnotes>',
}  # fmt: skip
PDF_CONTENT = (
    b"BT /F1 18 Tf 1 0 0 1 72 780 Tm (1 Scope) Tj ET\nBT /F1 11 Tf 1 0 0 1 72 750 Tm [(It ap) -20 (plies)] TJ 0 -14 Td (to samples.) Tj ET\n"
    b"q 3 Tr BT /F1 11 Tf 1 0 0 1 72 700 Tm (hidden) Tj ET Q\nq 0 0 0.5 rg 60 590 200 30 re f 1 g BT /F1 11 Tf 72 600 Td (seen) Tj ET Q\n"
    b"/OC /L0 BDC BT /F1 11 Tf 72 500 Td (layer) Tj ET EMC\n"
)


def docx(parts: dict[str, str | bytes] | None = None) -> bytes:
    """The parts as a package."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:
        for name, held in (parts or DOCX_PARTS).items():
            package.writestr(name, held)
    return stream.getvalue()


def pdf(content: bytes = PDF_CONTENT, *, packed: bool = True) -> bytes:
    """A page with that content, a bookmark, a layer and a character map."""
    stream = zlib.compress(content) if packed else content
    filtered = b"/Filter /FlateDecode " if packed else b""
    cmap = b"/CIDInit /ProcSet findresource begin begincmap 1 begincodespacerange <00> <ff> endcodespacerange 1 beginbfrange <41> <5a> <0041> endbfrange endcmap"
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R /Outlines 7 0 R /OCProperties << /OCGs [6 0 R] /D << /OFF [6 0 R] >> >> /Lang (en) >>",
        2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        3: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> "
           b"/Properties << /L0 6 0 R >> >> >>",
        4: b"<< " + filtered + b"/Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
        5: b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /ToUnicode 9 0 R >>",
        6: b"<< /Type /OCG /Name (x) >>",
        7: b"<< /Type /Outlines /First 8 0 R /Last 8 0 R /Count 1 >>",
        8: b"<< /Title (1 Scope) /Parent 7 0 R /Dest [3 0 R /Fit] >>",
        9: b"<< /Length %d >>\nstream\n" % len(cmap) + cmap + b"\nendstream",
    }  # fmt: skip
    held, places = b"%PDF-1.7\n", []
    for number, body in objects.items():
        places.append(len(held))
        held += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    return held + b"xref\n0 10\n" + table + b"trailer << /Size 10 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(held)


SAMPLES: dict[str, bytes] = {
    "eurlex-html": EURLEX.encode(),
    "formex": FORMEX.encode(),
    "akoma-ntoso": AKOMA.encode(),
    "uslm": USLM.encode(),
    "ecfr": ECFR.encode(),
    "regml": REGML.encode(),
    "oscal": OSCAL.encode(),
    "pra-html": PRA.encode(),
    "markdown": MARKDOWN.encode(),
    "docx": docx(),
    "pdf": pdf(),
}
