"""Bearer tokens of an OpenID Connect issuer: signature, issuer, audience and time are checked; roles come from a claim.

Only asymmetric algorithms are taken (RFC 8725, sections 3.1 and 3.2). The issuer's keys come from the file or the URL that the
settings name, and from nowhere that a token names.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt

from kg_service.errors import InputError, Problem, UnauthenticatedError, UnavailableError, nearest
from kg_service.people.model import Principal, Role

_LOG: Final = logging.getLogger(__name__)
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LEEWAY: Final = 60
_KEPT_SECONDS: Final = 300.0
_AGAIN_AFTER: Final = 30.0
_FETCH_SECONDS: Final = 5
_TOKEN_MOST: Final = 16_384
_NAME_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Issuer:
    """What the settings say of the issuer. ``roles`` maps words of the claim to roles; empty: the words are the roles."""

    url: str
    audience: str
    keys: str
    claim: str
    roles: Mapping[str, Role]


def parse_roles(text: str) -> dict[str, Role]:
    """``risk-managers=approver auditors=auditor`` as a mapping.

    Raises:
        InputError: naming what is no role.
    """
    found: dict[str, Role] = {}
    for pair in text.split():
        word, _, role = pair.rpartition("=")
        if not word or role not in set(Role):
            told = f"{pair[:80]!r} must be a word of the claim, '=' and one of {', '.join(Role)}."
            raise InputError([Problem("SEXTANT_OIDC_ROLES", "bad-setting", told, nearest(role, Role))])
        found[word] = Role(role)
    return found


class Tokens:
    """Says who stands behind a token. Safe in threads; may ask the issuer for its keys, so never call it on an event loop."""

    def __init__(self, issuer: Issuer) -> None:
        self._issuer = issuer
        self._lock = threading.Lock()
        self._keys: jwt.PyJWKSet | None = None
        self._read_at = float("-inf")

    def principal(self, token: str) -> Principal:
        """Who the token names, with the roles that it gives.

        Raises:
            UnauthenticatedError: where it is not a token of this issuer for this service, now.
            UnavailableError: where the issuer's keys cannot be read.
        """
        if len(token) > _TOKEN_MOST:
            raise UnauthenticatedError("The token is too long.")
        try:
            header = jwt.get_unverified_header(token)
            key = self._key(header.get("kid"))
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._issuer.audience,
                issuer=self._issuer.url,
                leeway=_LEEWAY,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            raise UnauthenticatedError(f"The token is not accepted: {error}.") from error
        subject = str(claims["sub"])
        if not subject or len(subject) > 200 or not subject.isprintable():
            raise UnauthenticatedError("The token names nobody that can be written down.")
        name = claims.get("name") or claims.get("preferred_username") or claims.get("email") or subject
        shown = "".join(sign for sign in str(name) if sign.isprintable())[:_NAME_MOST] or subject
        return Principal(f"oidc:{subject}", shown, self._roles(claims))

    def _roles(self, claims: Mapping[str, Any]) -> frozenset[Role]:
        found: Any = claims
        for step in self._issuer.claim.split("."):  # realm_access.roles
            found = found.get(step) if isinstance(found, Mapping) else None
        words = found.split() if isinstance(found, str) else found if isinstance(found, list) else []
        known = self._issuer.roles or {str(role): role for role in Role}
        return frozenset(known[word] for word in words if isinstance(word, str) and word in known)

    def _key(self, kid: object) -> jwt.PyJWK:
        """The issuer's key of that name; read again, not too often, where it is not among those known."""
        with self._lock:
            age = time.monotonic() - self._read_at
            found = self._named(kid)
            if age > _KEPT_SECONDS or (found is None and age > _AGAIN_AFTER):
                self._read()
                found = self._named(kid)
        if found is None:
            raise UnauthenticatedError("The token is signed with a key that the issuer does not list.")
        return found

    def _named(self, kid: object) -> jwt.PyJWK | None:
        if self._keys is None:
            return None
        keys = [key for key in self._keys.keys if key.public_key_use in (None, "sig")]
        if kid is None:
            return keys[0] if len(keys) == 1 else None
        return next((key for key in keys if key.key_id == kid), None)

    def _read(self) -> None:
        place = self._issuer.keys
        try:
            if place.startswith(("http://", "https://")):
                raw = jwt.PyJWKClient(place, cache_jwk_set=False, timeout=_FETCH_SECONDS).fetch_data()
            else:
                raw = json.loads(Path(place).read_bytes())
            self._keys = jwt.PyJWKSet.from_dict(raw)
        except (OSError, ValueError, AttributeError, jwt.PyJWTError) as error:
            if self._keys is None:
                raise UnavailableError(f"the keys of the issuer cannot be read from {place}: {error}.") from error
            _LOG.warning("the keys of the issuer cannot be read again from %s: %s", place, error)
        self._read_at = time.monotonic()
