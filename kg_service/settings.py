"""Settings: read once from the environment (``SEXTANT_...``), checked, then passed on; never imported as a value.

A plain dataclass: reading it takes no time, so that every command starts quickly (``docs/decisions/0001-install.md``).
``docs/settings.md`` describes each setting; a test holds the two together.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final, TypeVar

from kg_service.errors import InputError, Problem, nearest

PREFIX: Final = "SEXTANT_"
LOG_LEVELS: Final = ("debug", "info", "warning", "error")
_FOR_TESTS: Final = ("SEXTANT_REQUIRE_JAVA", "SEXTANT_REFEREE", "SEXTANT_TEST")  # and what begins so
_URL: Final = re.compile(r"https?://[^\s/]\S*")
_USERINFO: Final = re.compile(r"(?<=//)[^/?#]*@")


def data_root() -> Path:
    """The directory that holds ``regulations/`` and ``ontology/``: the checkout, or ``kg_service/data`` of an installed wheel."""
    package = Path(__file__).resolve().parent
    inside = package / "data"
    return inside if (inside / "regulations").is_dir() else package.parent


def cache_dir() -> Path:
    """Where builds are kept for this user. It need not exist and may be unwritable: then nothing is kept."""
    import platformdirs

    return platformdirs.user_cache_path("sextant", appauthor=False)


def data_dir() -> Path:
    """Where this user's deployments are kept."""
    import platformdirs

    return platformdirs.user_data_path("sextant", appauthor=False)


def _text(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("it must be a word")
    return value.strip()


def _path(value: str | Path) -> Path:
    return Path(value if isinstance(value, Path) else _text(value)).expanduser()


def _store(value: str) -> str:
    if value != "oxigraph" and not _URL.fullmatch(value):
        raise ValueError("it must be 'oxigraph' or the http(s) URL of a SPARQL server")
    return _url("" if value == "oxigraph" else value) or value


def _url(value: str) -> str:
    if value and not _URL.fullmatch(value):
        raise ValueError("it must be an http(s) URL")
    if _USERINFO.search(value):
        raise ValueError("credentials do not belong in it; SEXTANT_STORE_CREDENTIALS takes them")
    return value


def _database(value: str) -> str:
    if value and not re.fullmatch(r"(sqlite:///|postgresql(\+psycopg)?://)[^\s]+", value):
        raise ValueError("it must be 'postgresql+psycopg://user:password@host/database', or empty for a file in SEXTANT_DATA")
    return value


def _optional(value: str) -> str:
    return value and _text(value)


def _credentials(value: str) -> str:
    if value and not (value.isprintable() and (re.fullmatch(r"Bearer \S+", value) or ":" in value)):
        raise ValueError("it must be 'user:password', or 'Bearer' and a token")
    return value


def _level(value: str) -> str:
    if value.lower() not in LOG_LEVELS:
        raise ValueError(f"it must be one of {', '.join(LOG_LEVELS)}")
    return value.lower()


def _whole(low: int, high: int) -> Callable[[str | int], int]:
    def convert(value: str | int) -> int:
        text = str(value)
        if not (text.isascii() and text.isdecimal() and low <= int(text[:12]) <= high):
            raise ValueError(f"it must be a whole number from {low} to {high}")
        return int(text)

    return convert


def _authentication(value: str) -> str:
    if not set(value.split()) <= {"keys", "oidc"}:
        raise ValueError("it must be 'keys', 'oidc' or 'keys oidc'")
    return value


def _hosts(value: str) -> str:
    if not all(re.fullmatch(r"[a-z0-9.\-:\[\]]+", one) for one in value.split()):
        raise ValueError("it must be names of hosts in small letters, with spaces between")
    return value


def _origins(value: str) -> str:
    if not all(one in ("*", "local") or re.fullmatch(r"https?://[^\s/*]+", one) for one in value.split()):
        raise ValueError("it must be 'local', '*' or web origins such as 'https://intranet.example'")
    return value


def _seconds(value: str | float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not 0 < number <= 3600:
        raise ValueError("it must be a number of seconds above 0 and up to 3600")
    return number


# For the settings of packages that stand on this one.
seconds, web_url, whole = _seconds, _url, _whole


def checked(convert: Callable[[Any], object], doc: str, *, secret: bool = False) -> dict[str, Any]:
    """What a field of :class:`Settings` says of itself: ``convert`` checks a value, ``doc`` is its line in ``docs/settings.md``.

    A ``secret`` value stands in no message.
    """
    return {"convert": convert, "doc": doc, "secret": secret}


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings of the exact half. Frozen: a changed environment changes nothing afterwards.

    Raises:
        InputError: with every setting that is wrong, named as in the environment.
    """

    root: Path = field(default_factory=data_root, metadata=checked(_path, "Directory that holds `regulations/` and `ontology/`."))
    cache: Path = field(
        default_factory=cache_dir, metadata=checked(_path, "Directory for builds of the knowledge; safe to delete.")
    )
    host: str = field(default="127.0.0.1", metadata=checked(_text, "Address to listen on."))
    port: int = field(default=8321, metadata=checked(_whole(0, 65535), "Port to listen on; 0 takes any free one."))
    store: str = field(
        default="oxigraph", metadata=checked(_store, "Graph store: `oxigraph` (embedded) or the URL of a SPARQL 1.1 server.")
    )
    store_update: str = field(
        default="", metadata=checked(_url, "Where a remote store takes updates; empty: where it answers queries.")
    )
    store_graphs: str = field(
        default="", metadata=checked(_url, "Where a remote store speaks the Graph Store Protocol; empty: writing is by updates.")
    )
    store_credentials: str = field(
        default="",
        repr=False,
        metadata=checked(_credentials, "For a remote store: `user:password`, or `Bearer` and a token.", secret=True),
    )
    store_update_credentials: str = field(
        default="", repr=False, metadata=checked(_credentials, "The same for writing, where it differs.", secret=True)
    )
    data: Path = field(
        default_factory=data_dir, metadata=checked(_path, "Directory for what users store: it cannot be rebuilt, so back it up.")
    )
    database: str = field(
        default="",
        repr=False,
        metadata=checked(_database, "PostgreSQL by URL; empty: SQLite in a file of `SEXTANT_DATA`.", secret=True),
    )
    audit_checkpoints: str = field(
        default="",
        metadata=checked(_optional, "Second place for checkpoints of the audit trail, a file or folder; empty: `SEXTANT_DATA`."),
    )
    authentication: str = field(
        default="",
        metadata=checked(_authentication, "Who may ask: `keys`, `oidc` or both; empty: this machine's user, on loopback alone."),
    )
    oidc_issuer: str = field(default="", metadata=checked(_url, "The issuer of tokens, as their claim `iss` says it."))
    oidc_audience: str = field(default="", metadata=checked(_optional, "The audience (`aud`) that tokens for this service name."))
    oidc_keys: str = field(default="", metadata=checked(_optional, "The issuer's keys (JWKS): an https URL, or a file."))
    oidc_claim: str = field(default="roles", metadata=checked(_text, "The claim that lists roles; dots lead into objects."))
    oidc_roles: str = field(
        default="", metadata=checked(_optional, "`word=role` pairs, where the claim's words are not the roles themselves.")
    )
    webhook_hosts: str = field(
        default="",
        metadata=checked(_hosts, "Hosts to which notices may be sent (`hooks.example` or `hooks.example:8443`); empty: none."),
    )
    request_seconds: float = field(default=30.0, metadata=checked(_seconds, "Longest time a request may take."))
    query_seconds: float = field(default=10.0, metadata=checked(_seconds, "Longest time a SPARQL query may run."))
    query_bytes: int = field(default=250_000, metadata=checked(_whole(1_000, 10**8), "Longest text of a SPARQL query."))
    query_memory: int = field(
        default=512_000_000, metadata=checked(_whole(10**7, 10**11), "Memory that a SPARQL query may use, in bytes.")
    )
    answer_bytes: int = field(default=50_000_000, metadata=checked(_whole(1_000, 10**9), "Largest answer to a SPARQL query."))
    query_workers: int = field(default=8, metadata=checked(_whole(1, 1_000), "How many SPARQL queries may run at once."))
    query_queue: int = field(default=64, metadata=checked(_whole(0, 100_000), "How many SPARQL queries may wait for their turn."))
    query_origins: str = field(
        default="local",
        metadata=checked(_origins, "Web pages that may query: `local` for those on this machine, `*` for all, or origins."),
    )
    body_bytes: int = field(default=1_000_000, metadata=checked(_whole(1_000, 10**9), "Largest request body."))
    batch_bytes: int = field(default=100_000_000, metadata=checked(_whole(1_000, 10**10), "Largest body of a streamed batch."))
    evidence_bytes: int = field(
        default=100_000_000, metadata=checked(_whole(1_000, 10**12), "Largest file that a dossier takes as evidence.")
    )
    log_level: str = field(default="info", metadata=checked(_level, f"What is worth a line in the log: {', '.join(LOG_LEVELS)}."))

    def __post_init__(self) -> None:
        problems: list[Problem] = []
        for item in fields(self):
            try:
                object.__setattr__(self, item.name, item.metadata["convert"](getattr(self, item.name)))
            except ValueError as error:
                shown = "its value" if item.metadata["secret"] else _USERINFO.sub("...@", repr(getattr(self, item.name)))
                problems.append(Problem(variable(item.name), "bad-setting", f"{shown} cannot be: {error}."))
        if problems:
            raise InputError(problems)


S = TypeVar("S", bound=Settings)


def variable(name: str) -> str:
    """The environment variable that gives the setting ``name``."""
    return PREFIX + name.upper()


def read_settings(kind: type[S], environ: Mapping[str, str] = os.environ, **given: object) -> S:
    """The settings of this process; ``given`` (from the command line) wins over the environment, and None gives nothing.

    Raises:
        InputError: with every setting that is wrong, named as in the environment.
    """
    values: dict[str, Any] = {}
    for item in fields(kind):
        if given.get(item.name) is not None:
            values[item.name] = given[item.name]
        elif environ.get(variable(item.name)):
            values[item.name] = environ[variable(item.name)]
    return kind(**values)


def strangers(kind: type[Settings], environ: Mapping[str, str] = os.environ) -> tuple[Problem, ...]:
    """The variables that begin like a setting and are none: likely typing errors.

    They are not an error, for container platforms add such names by themselves (``SEXTANT_SERVICE_HOST``).
    """
    known = {variable(item.name) for item in fields(kind)}
    return tuple(
        Problem(name, "unknown-setting", "there is no such setting.", nearest(name, known))
        for name in sorted(environ)
        if name.startswith(PREFIX) and name not in known and not name.startswith(_FOR_TESTS)
    )
