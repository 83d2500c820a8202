"""The gate before every request: who asks, and whether the table lets them.

Without authentication (possible on loopback alone) the one local user may do everything; then the gate sees to it that it is the
local user: a web page from elsewhere can make a browser send requests to loopback, under its own name (``Origin``) or, by a name
server that lies, under ours (``Host``).
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Receive, Scope, Send

from kg_service.errors import ForbiddenError, Problem, SextantError, UnauthenticatedError
from kg_service.people.keys import PREFIX, Keys
from kg_service.people.model import LOCAL, Principal
from kg_service.people.model import Scope as KeyScope
from kg_service.people.oidc import Tokens
from kg_service.people.table import RULES, Rule
from kg_service.rest import problems
from kg_service.settings import Settings

_LOG: Final = logging.getLogger(__name__)
COOKIE: Final = "sextant_key"
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
_NAMES_HERE: Final = ("localhost", "127.0.0.1", "::1")
_ANY_ORIGIN: Final = ("/sparql", "/sparql/")  # reads only, and answers other origins by a rule of its own
_FALSE: Final = ("false", "0", "off", "no", "f", "n")
Owners = Mapping[str, Callable[[str], str | None]]


class Matcher:
    """Finds the rule of a request in the table."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._fixed: dict[tuple[str, str], Rule] = {}
        self._open: dict[str, list[tuple[Any, str, Rule]]] = {}
        for operation, rule in rules.items():
            method, _, path = operation.partition(" ")
            if "{" not in path:
                self._fixed[method, path] = rule
            else:
                self._open.setdefault(method, []).append((compile_path(path)[0], path, rule))

    def find(self, method: str, path: str, query: bytes = b"") -> tuple[Rule, str | None, str] | None:
        """The rule, the first parameter of the path, and the template; None where the table does not know the operation."""
        method = "GET" if method == "HEAD" else method
        if path == "/api/v1/assessments" and _stores(query):
            path = f"{path}?store=true"
        rule = self._fixed.get((method, path))
        if rule is not None:
            return rule, None, path
        for pattern, template, candidate in self._open.get(method, ()):
            found = pattern.match(path)
            if found is not None:
                return candidate, next(iter(found.groupdict().values())), template
        return None


class Gate:
    """ASGI middleware. Lets a request in with ``request.state.principal`` set, or answers it.

    ``app.state`` holds ``keys`` and ``tokens``, and ``owners``: for the beginning of a path (``/api/v1/dossiers/``) a function
    that says who owns the thing of an id, None where there is none.
    """

    def __init__(self, app: ASGIApp, settings: Settings, rules: Mapping[str, Rule] = RULES) -> None:
        self._app, self._settings = app, settings
        self._words = settings.authentication.split()
        self._matcher = Matcher(rules)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        principal: Principal | None = LOCAL
        try:
            if self._words:
                principal = await self._known(scope, Headers(scope=scope))
            else:
                _require_local(scope, self._settings.host)
        except SextantError as error:
            await _answer(error, scope, Headers(scope=scope))(scope, receive, send)
            return
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    async def _known(self, scope: Scope, headers: Headers) -> Principal | None:
        """Who asks, after the table has let them; None for what is open to all."""
        method, path = scope["method"], scope["path"].removeprefix(scope.get("root_path", ""))
        if method == "OPTIONS":
            return None  # a preflight carries no credentials and changes nothing
        found = self._matcher.find(method, path, scope["query_string"])
        if found is not None and found[0].public:
            return None
        principal, scopes = await self._credentials(scope, headers)
        if found is None:
            told = "no such operation is open to anybody; GET /openapi.json lists those that there are."
            raise ForbiddenError([Problem(f"{method} {path[:200]}", "not-in-the-table", told)])
        rule, parameter, template = found
        if rule.scope not in scopes:
            told = f"the key is not good for this: it needs the scope '{rule.scope}'."
            raise ForbiddenError([Problem(f"{method} {template}", "wrong-scope", told)])
        own = True
        if rule.own != rule.others and parameter is not None:
            own = await self._owns(scope, principal, template, parameter)
        allowed = rule.roles(own=own)
        if not principal.roles & allowed:
            whose = "" if own else " to what is somebody else's"
            told = f"{principal.name} may not do this{whose}; {', '.join(sorted(allowed)) or 'nobody'} may."
            raise ForbiddenError([Problem(f"{method} {template}", "wrong-role", told)])
        return principal

    async def _owns(self, scope: Scope, principal: Principal, template: str, parameter: str) -> bool:
        owners: Owners = getattr(scope["app"].state, "owners", {})
        for start, owner_of in owners.items():
            if template.startswith(start):
                owner = await run_in_threadpool(owner_of, parameter)
                return owner is None or owner == principal.id
        return True

    async def _credentials(self, scope: Scope, headers: Headers) -> tuple[Principal, frozenset[KeyScope]]:
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer":
            given = cookie_parser(headers.get("cookie", "")).get(COOKIE, "")
            if given:
                _require_same_origin(scope, headers)
        given = given.strip()
        if not given:
            raise UnauthenticatedError("Send a key or a token as 'Authorization: Bearer ...', or log in at /login.")
        state = scope["app"].state
        keys, tokens = getattr(state, "keys", None), getattr(state, "tokens", None)
        if given.startswith(f"{PREFIX}_"):
            key = await run_in_threadpool(keys.opened_by, given) if isinstance(keys, Keys) else None
            if key is None:
                raise UnauthenticatedError("The key is not known, or it has ended.")
            return key.principal(), key.scopes
        if isinstance(tokens, Tokens):
            return await run_in_threadpool(tokens.principal, given), frozenset(KeyScope)
        raise UnauthenticatedError("This service takes keys alone; 'sextant key new' makes one.")


@lru_cache(maxsize=256)
def is_loopback(address: str) -> bool:
    """Whether nobody but this machine reaches that address."""
    return _is_address(address) and ipaddress.ip_address(address.partition("%")[0]).is_loopback


@lru_cache(maxsize=256)
def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


def _require_local(scope: Scope, own_name: str) -> None:
    """Nothing, where it is this machine's user who asks.

    Raises:
        ForbiddenError: where a web page may have made a browser ask.
    """
    client = scope.get("client")
    headers = dict(scope["headers"])
    if client is not None and _is_address(client[0]):
        if not is_loopback(client[0]):
            told = "without authentication it answers this machine alone; set SEXTANT_AUTHENTICATION."
            raise ForbiddenError([Problem("the client's address", "foreign-client", told)])
        name = _host_name(headers.get(b"host", b"").decode("latin-1"))
        if name not in (*_NAMES_HERE, own_name):
            told = f"it answers as 'localhost' alone, not as {name[:100]!r}; for other names set SEXTANT_AUTHENTICATION."
            raise ForbiddenError([Problem("header Host", "foreign-host", told)])
    if scope["method"] not in _SAFE:
        _require_same_origin(scope, Headers(scope=scope))


def _require_same_origin(scope: Scope, headers: Headers) -> None:
    if scope["method"] in _SAFE or scope["path"] in _ANY_ORIGIN:
        return
    origin = headers.get("origin")
    if origin is not None and origin.partition("://")[2] != headers.get("host", ""):
        told = f"a page of {origin[:100]!r} may not change anything here or ask in your name."
        raise ForbiddenError([Problem("header Origin", "foreign-origin", told)])


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if ":" in host else host


def _stores(query: bytes) -> bool:
    given = parse_qsl(query.decode("ascii", "replace"), keep_blank_values=True)
    return any(name == "store" and value.lower() not in _FALSE for name, value in given)


def _answer(error: SextantError, scope: Scope, headers: Headers) -> Response:
    if isinstance(error, UnauthenticatedError):
        if scope["method"] in ("GET", "HEAD") and "text/html" in headers.get("accept", ""):
            back = scope["path"] + (f"?{scope['query_string'].decode('ascii', 'replace')}" if scope["query_string"] else "")
            return RedirectResponse(f"/login?next={quote(back, safe='')}", 303, {"Cache-Control": "no-store"})
        return problems.respond(problems.body_of(error), {"WWW-Authenticate": 'Bearer realm="Sextant"'})
    _LOG.info("refused: %s %s: %s", scope["method"], scope["path"][:200], error)
    return problems.respond(problems.body_of(error))
