"""Zip packages from strangers (DOCX): every member is looked at before any is unpacked."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Final

from kg_service.imports.markup import Markup, read_xml
from kg_service.imports.protocol import refusal

MAX_MEMBERS: Final = 4_000
MAX_UNPACKED: Final = 400 * 1024 * 1024
MAX_PART: Final = 64 * 1024 * 1024
MAX_RATIO: Final = 250  # of what is larger than a megabyte; text in XML packs about 1 : 20, a table of blanks 1 : 100
_LARGE: Final = 1024 * 1024
_BROKEN: Final = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError,
    KeyError,
)  # fmt: skip


class Package:
    """An opened package whose members are within bounds. Parts are unpacked one at a time, in memory."""

    def __init__(self, content: bytes, name: str) -> None:
        self.name = name
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _BROKEN as error:
            raise refusal(name, None, "not_zip", "the file is no zip package, or a damaged one") from error
        members = self._zip.infolist()
        if len(members) > MAX_MEMBERS:
            raise refusal(name, None, "zip_bomb", f"the package has {len(members)} members; at most {MAX_MEMBERS} are read")
        if sum(member.file_size for member in members) > MAX_UNPACKED:
            raise refusal(name, None, "zip_bomb", f"the package unpacks to more than {MAX_UNPACKED} bytes")
        if sum(member.compress_size for member in members) > len(content):
            raise refusal(name, None, "zip_bomb", "members of the package overlap")
        for member in members:
            if member.flag_bits & 0x1:
                raise refusal(name, None, "encrypted", "the package is encrypted")
            if member.file_size > _LARGE and member.file_size > MAX_RATIO * max(1, member.compress_size):
                raise refusal(name, None, "zip_bomb", f"a member unpacks to more than {MAX_RATIO} times its size")
        if len({member.filename for member in members}) < len(members):
            raise refusal(name, None, "duplicate_member", "two members of the package have the same name")
        self.names = frozenset(member.filename for member in members)

    def read(self, part: str) -> bytes:
        """The unpacked bytes of a part.

        Raises:
            DocumentError: there is none, it is too large or damaged.
        """
        if part not in self.names:
            raise refusal(self.name, None, "missing_part", f"the package has no part {part[:80]!r}")
        if self._zip.getinfo(part).file_size > MAX_PART:
            raise refusal(self.name, None, "too_large", f"the part {part[:80]!r} has more than {MAX_PART} bytes")
        try:
            return self._zip.read(part)
        except _BROKEN as error:
            raise refusal(self.name, None, "not_zip", f"the part {part[:80]!r} is damaged") from error

    def xml(self, part: str) -> Markup:
        """The tree of a part; ``where`` in a refusal names the part too."""
        return read_xml(self.read(part), f"{self.name}/{part}")
