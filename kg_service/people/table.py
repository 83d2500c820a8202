"""Who may do what over HTTP: the one table. Where people must say who they are, an operation that is not in it is closed.

``own`` are the roles that may do it to what is theirs, or to what has no owner; ``others`` to what is somebody else's. Who may
sign or waive a decision is further narrowed by the institution's policy (``kg_service/dossiers/policy.py``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from kg_service.people.model import Role, Scope

EVERYONE: Final = frozenset(Role)
NOBODY: Final[frozenset[Role]] = frozenset()
WORKERS: Final = frozenset({Role.ANALYST, Role.ARCHITECT})
ARCHITECTS: Final = frozenset({Role.ARCHITECT})
SIGNERS: Final = frozenset({Role.ARCHITECT, Role.APPROVER})
KEEPERS: Final = frozenset({Role.ARCHITECT, Role.ADMIN})
AUDITORS: Final = frozenset({Role.AUDITOR, Role.ADMIN})
ADMINS: Final = frozenset({Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Rule:
    own: frozenset[Role]
    others: frozenset[Role]
    scope: Scope
    public: bool = False

    def roles(self, *, own: bool) -> frozenset[Role]:
        return self.own if own else self.others


PUBLIC: Final = Rule(EVERYONE, EVERYONE, Scope.READ, public=True)
READ: Final = Rule(EVERYONE, EVERYONE, Scope.READ)
ASK: Final = Rule(EVERYONE, EVERYONE, Scope.ASK)
OWN_TALK: Final = Rule(EVERYONE, NOBODY, Scope.ASK)
CREATE: Final = Rule(WORKERS, WORKERS, Scope.WRITE)
CHANGE: Final = Rule(WORKERS, ARCHITECTS, Scope.WRITE)
SIGN: Final = Rule(SIGNERS, SIGNERS, Scope.SIGN)
REOPEN: Final = Rule(WORKERS | SIGNERS, SIGNERS, Scope.WRITE)
REMOVE: Final = Rule(WORKERS | ADMINS, KEEPERS, Scope.WRITE)
WATCH: Final = Rule(WORKERS | ADMINS, WORKERS | ADMINS, Scope.WRITE)
WATCH_END: Final = Rule(WORKERS | ADMINS, KEEPERS, Scope.WRITE)
AUDIT: Final = Rule(AUDITORS, AUDITORS, Scope.AUDIT)
ADMIN: Final = Rule(ADMINS, ADMINS, Scope.ADMIN)

_READ_PATHS: Final = (
    "/sparql",
    "/sparql/",
    "/.well-known/void",
    "/openapi.json",
    "/docs",
    "/",
    "/reference",
    "/reference/instruments",
    "/reference/instruments/{instrument_id}",
    "/reference/qualifications",
    "/reference/facts",
    "/reference/controls",
    "/reference/ontology",
    "/ontology",
    "/ontology.{name:path}",
    "/ontology/{name:path}",
    "/graph/{name:path}",
    "/def/{name:path}",
    "/id/{name:path}",
    "/queries",
    "/queries/{name}",
    "/api/v1/instruments",
    "/api/v1/instruments/{instrument_id}",
    "/api/v1/provisions",
    "/api/v1/provisions/{instrument_id}/{provision_id}",
    "/api/v1/norms",
    "/api/v1/norms/{instrument_id}/{local_id}",
    "/api/v1/qualifications",
    "/api/v1/qualifications/{family}/{local_id}",
    "/api/v1/interpretations",
    "/api/v1/interpretations/{family}/{local_id}",
    "/api/v1/facts",
    "/api/v1/facts/{fact_id}",
    "/api/v1/facts/{fact_id}/terms/{term_id}",
    "/api/v1/jurisdictions",
    "/api/v1/events",
    "/api/v1/bearers",
    "/api/v1/controls",
    "/api/v1/controls/{control_id}",
    "/api/v1/risks",
    "/api/v1/risks/{risk_id}",
    "/api/v1/frameworks",
    "/api/v1/decisions",
    "/api/v1/decisions/{number}",
    "/api/v1/deployments",
    "/api/v1/deployments/{identifier}",
    "/api/v1/texts",
    "/api/v1/texts/{instrument}",
    "/api/v1/texts/{instrument}/quote",
    "/api/v1/texts/{instrument}/diff",
    "/api/v1/texts/{instrument}/suggestions",
    "/api/v1/policies",
    "/api/v1/me",
    "/api/v1/notices",
    "/api/v1/notices.atom",
)
_ASK_PATHS: Final = (
    "/api/v1/comparisons",
    "/api/v1/diffs",
    "/api/v1/questions",
    "/api/v1/assessments:batch",
    "/api/v1/pathways",
    "/api/v1/roi",
    "/api/v1/necessity",
    "/api/v1/reviews",
    "/api/v1/pilots/evaluate",
)
_AUDIT_PATHS: Final = ("", "/events", "/events/{seq}", "/export", "/checkpoints", "/key", "/verifier")
_DOSSIER: Final = "/api/v1/dossiers/{dossier_id}"
_DOSSIER_READ: Final = (
    "",
    "/facts",
    "/assessment",
    "/decisions",
    "/decisions/{number}",
    "/evidence",
    "/evidence/{evidence_id}/content",
    "/controls",
    "/options",
    "/tools/{tool}",
    "/pilots",
    "/timeline",
    "/export",
)
_DOSSIER_CHANGE: Final = (
    "PATCH ",
    "PATCH /facts",
    "PUT /decisions/{number}/criteria/{criterion}",
    "PATCH /criteria",
    "POST /evidence",
    "DELETE /evidence/{evidence_id}",
    "PUT /controls/{control_id}",
    "POST /controls",
    "POST /options",
    "POST /options/{option_id}/choose",
    "PUT /tools/{tool}",
    "DELETE /tools/{tool}",
    "POST /pilots",
    "POST /pilots/{pilot_id}/start",
    "POST /pilots/{pilot_id}/results",
)
_PUBLIC: Final = ("/healthz", "/readyz", "/login", "/problem/{kind}", "/static/{path:path}", "/docs-assets/{path:path}")

RULES: Final[dict[str, Rule]] = {
    **{f"GET {path}": PUBLIC for path in _PUBLIC},
    "POST /login": PUBLIC,
    "POST /logout": PUBLIC,
    **{f"GET {path}": READ for path in _READ_PATHS},
    "POST /sparql": READ,
    "POST /sparql/": READ,
    **{f"POST {path}": ASK for path in _ASK_PATHS},
    # With ``store=true`` it creates a deployment: the gate asks CREATE then.
    "POST /api/v1/assessments": ASK,
    "POST /api/v1/assessments?store=true": CREATE,
    "DELETE /api/v1/deployments/{identifier}": REMOVE,
    **{f"GET /api/v1/audit{path}": AUDIT for path in _AUDIT_PATHS},
    "POST /api/v1/audit/verifications": AUDIT,
    "POST /api/v1/audit/events/{seq}/replays": AUDIT,
    "POST /api/v1/audit/events/{seq}/erasures": ADMIN,
    "GET /api/v1/dossiers": READ,
    "POST /api/v1/dossiers": CREATE,
    **{f"GET {_DOSSIER}{part}": READ for part in _DOSSIER_READ},
    **{f"{method} {_DOSSIER}{part}": CHANGE for method, _, part in (one.partition(" ") for one in _DOSSIER_CHANGE)},
    f"DELETE {_DOSSIER}": REMOVE,
    f"POST {_DOSSIER}/decisions/{{number}}/sign": SIGN,
    f"POST {_DOSSIER}/decisions/{{number}}/waive": SIGN,
    f"POST {_DOSSIER}/decisions/{{number}}/reopen": REOPEN,
    "GET /api/v1/subscriptions": WATCH,
    "POST /api/v1/subscriptions": WATCH,
    "DELETE /api/v1/subscriptions/{subscription_id}": WATCH_END,
    "POST /api/v1/reevaluations": CREATE,
    "GET /api/v1/keys": ADMIN,
    "POST /api/v1/keys": ADMIN,
    "DELETE /api/v1/keys/{key_id}": ADMIN,
}
