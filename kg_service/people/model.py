"""Who acts. Frozen, without IO."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    VIEWER = "viewer"
    ANALYST = "analyst"
    ARCHITECT = "architect"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """A person or a program that acts. ``id`` is stable and stands in the audit trail; ``name`` is what people read."""

    id: str
    name: str
    roles: frozenset[Role]


LOCAL: Final = Principal("local", "local user", frozenset(Role))
SYSTEM: Final = Principal("system", "the service itself", frozenset())


class Scope(StrEnum):
    """What a key is good for, beside the roles of who holds it: a key for a dashboard need not be able to sign."""

    READ = "read"
    ASK = "ask"
    WRITE = "write"
    SIGN = "sign"
    AUDIT = "audit"
    ADMIN = "admin"
