"""Who asks, as a request says it after the gate let it in."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from kg_service.people.model import Principal


def principal_of(request: Request) -> Principal:
    """Who asks; for ``fastapi.Depends``. The gate (``kg_service/people/gate.py``) has found it out."""
    principal = getattr(request.state, "principal", None)
    if not isinstance(principal, Principal):
        raise TypeError("a request came past the gate")
    return principal


ActorParam = Annotated[Principal, Depends(principal_of)]
