"""Whether a service may start, and how it finds out who asks, as its settings say."""

from __future__ import annotations

from pathlib import Path

from kg_service.errors import InputError, Problem
from kg_service.people.gate import is_loopback
from kg_service.people.oidc import Issuer, Tokens, parse_roles
from kg_service.settings import Settings


def require_authentication(settings: Settings, address: str) -> None:
    """Nothing, where a service on ``address`` may start with these settings.

    Raises:
        InputError: where others could reach it and it would ask nobody who they are.
    """
    if settings.authentication or is_loopback(address):
        return
    told = (
        f"on {address} others can reach the service, so it must know who asks: set SEXTANT_AUTHENTICATION to 'keys' "
        "(sextant key new makes the first), to 'oidc', or to both; or listen on 127.0.0.1."
    )
    raise InputError([Problem("SEXTANT_AUTHENTICATION", "no-authentication", told)])


def tokens_of(settings: Settings) -> Tokens | None:
    """What reads the tokens of the issuer that the settings name; None where none is.

    Raises:
        InputError: where they say only half of what is needed.
    """
    if "oidc" not in settings.authentication.split():
        return None
    needed = {
        "SEXTANT_OIDC_ISSUER": settings.oidc_issuer,
        "SEXTANT_OIDC_AUDIENCE": settings.oidc_audience,
        "SEXTANT_OIDC_KEYS": settings.oidc_keys,
    }
    problems = [Problem(name, "missing", "tokens cannot be checked without it.") for name, given in needed.items() if not given]
    keys = settings.oidc_keys
    if keys.startswith("http://"):
        problems.append(
            Problem("SEXTANT_OIDC_KEYS", "bad-setting", "keys that come over plain http can be anybody's; use https.")
        )
    elif keys and not keys.startswith("https://") and not Path(keys).is_file():
        problems.append(Problem("SEXTANT_OIDC_KEYS", "unreadable", "there is no such file."))
    if problems:
        raise InputError(problems)
    roles = parse_roles(settings.oidc_roles)
    return Tokens(Issuer(settings.oidc_issuer, settings.oidc_audience, keys, settings.oidc_claim, roles))
