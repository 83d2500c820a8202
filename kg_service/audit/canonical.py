"""JSON in its one canonical writing (RFC 8785)."""

from __future__ import annotations

import json

import rfc8785

from kg_service.audit.event import Json
from kg_service.errors import InputError, Problem


def canonical(value: Json, at: str = "") -> bytes:
    """``value`` as RFC 8785 writes it: equal values give equal bytes everywhere.

    Raises:
        InputError: at the place ``at``, where it holds what JSON cannot: infinite numbers, whole numbers beyond 2^53, lone
            surrogates, keys that are no text.
    """
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        told = str(error) or "it is nested too deeply"
        raise InputError([Problem(at or "/", "not-json", f"it cannot be written to the audit trail: {told}.")]) from error


def parse(text: str | bytes) -> Json:
    """The value of canonical JSON; writing it again gives the same bytes.

    RFC 8785 writes the number 1e17 with all its digits: digits beyond 2^53 are such a number, and no whole one.

    Raises:
        ValueError: where it is no JSON. ``RecursionError`` where it is nested too deeply.
    """
    return json.loads(text, parse_int=_number)


def _number(digits: str) -> int | float:
    whole = int(digits)
    return whole if abs(whole) < 2**53 else float(digits)
