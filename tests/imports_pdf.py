"""A small writer of PDF files, by hand, so that tests say exactly what stands on a page."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence

FONTS = (
    b"/F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> /F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >>"
)


def write(
    pages: Sequence[bytes], *, resources: bytes = b"", objects: Mapping[int, bytes] | None = None, catalogue: bytes = b""
) -> bytes:
    """A file with a page per content stream. Objects from 100 on are free to use."""
    held: dict[int, bytes] = {1: b"<< /Type /Catalog /Pages 2 0 R " + catalogue + b" >>"}
    kids = []
    for index, content in enumerate(pages):
        page, stream = 10 + 2 * index, 11 + 2 * index
        kids.append(b"%d 0 R" % page)
        held[page] = (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << "
            + FONTS
            + b" >> "
            + resources
            + b" >> "
            b"/Contents %d 0 R >>" % stream
        )
        packed = zlib.compress(content)
        held[stream] = b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(packed) + packed + b"\nendstream"
    held[2] = b"<< /Type /Pages /Kids [" + b" ".join(kids) + b"] /Count %d >>" % len(kids)
    held.update(objects or {})
    return assemble(held)


def assemble(objects: Mapping[int, bytes]) -> bytes:
    """Objects by number as a file with its table of places."""
    content, places = b"%PDF-1.7\n", {}
    for number, body in sorted(objects.items()):
        places[number] = len(content)
        content += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start, last = len(content), max(objects) + 1
    table = b"".join(b"%010d 00000 n \n" % places[n] if n in places else b"0000000000 65535 f \n" for n in range(last))
    return (
        content + b"xref\n0 %d\n" % last + table + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (last, start)
    )


def line(text: str, y: int, *, size: int = 11, font: str = "F1", x: int = 72) -> bytes:
    """Operators that print one line."""
    safe = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({safe}) Tj ET\n".encode("latin-1")
