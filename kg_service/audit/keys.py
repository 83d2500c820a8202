"""The key that signs checkpoints: made at first start, readable by its owner alone. Its public half is for whoever verifies."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from kg_service.errors import DatabaseError, InputError, Problem

KEY_FILE: Final = "audit-key.pem"
PUBLIC_FILE: Final = "audit-key.pub"


def key_id(public: str) -> str:
    """The short name of a public key: the first 16 hexadecimal digits of its hash."""
    return hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]


@dataclass(frozen=True)
class Signer:
    """Signs with a private key that never leaves this object. ``public`` is the other half, in 64 hexadecimal digits."""

    _key: Ed25519PrivateKey

    @property
    def public(self) -> str:
        return self._key.public_key().public_bytes_raw().hex()

    @property
    def id(self) -> str:
        return key_id(self.public)

    def sign(self, content: bytes) -> str:
        """The signature of ``content``, in 128 hexadecimal digits."""
        return self._key.sign(content).hex()

    def __repr__(self) -> str:
        return f"Signer({self.id})"


def is_signed(public: str, content: bytes, signature: str) -> bool:
    """Whether ``signature`` is that of ``content`` by the owner of ``public``."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def open_signer(data: Path) -> Signer:
    """The signer of this installation; its key is made where there is none yet. Processes that start together get one key.

    Raises:
        DatabaseError: where the key cannot be read or made.
    """
    file = data / KEY_FILE
    try:
        if not file.exists():
            _make(file)
        key = serialization.load_pem_private_key(file.read_bytes(), None)
    except OSError as error:
        why = error.strerror or error
        told = f"the key of the audit trail in {file} cannot be read or made: {why}; SEXTANT_DATA sets the place."
        raise DatabaseError(told) from error
    except (ValueError, TypeError) as error:
        raise DatabaseError(
            f"{file} holds no key; put it aside to have a new one made, and keep it: it shows who signed."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise DatabaseError(f"{file} holds a key of another kind than Ed25519; put it aside to have a new one made.")
    signer = Signer(key)
    public = data / PUBLIC_FILE
    with contextlib.suppress(OSError):  # it can be had from the command line as well
        if not public.exists():
            public.write_text(f"{signer.public}\n")
    return signer


def read_public(file: Path) -> str:
    """The public key in ``file``: 64 hexadecimal digits.

    Raises:
        InputError: where it holds none.
    """
    try:
        with file.open("rb") as opened:
            text = opened.read(1000).decode("ascii", "replace").strip()
    except OSError as error:
        raise InputError([Problem(str(file), "unreadable", f"it cannot be read: {error.strerror or error}.")]) from error
    if len(text) != 64 or set(text) - set("0123456789abcdef"):
        told = "it holds no public key: 64 hexadecimal digits, as 'sextant audit key' writes them."
        raise InputError([Problem(str(file), "not-a-key", told)])
    return text


def _make(file: Path) -> None:
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, aside = tempfile.mkstemp(prefix=".", suffix=".part", dir=file.parent)  # readable by its owner alone
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(pem)
            opened.flush()
            os.fsync(opened.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its key holds
            os.link(aside, file)
    finally:
        Path(aside).unlink(missing_ok=True)
