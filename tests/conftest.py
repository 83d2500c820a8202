"""Fixtures that several test modules share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from database_fixture import database, database_url, postgresql
from fastapi.testclient import TestClient

from kg_service.app import create_app
from kg_service.applicability.evaluate import Evaluator
from kg_service.errors import UnavailableError
from kg_service.knowledge.graph import quads
from kg_service.knowledge.read import read
from kg_service.model import Knowledge
from kg_service.owl.reasoner import Reasoner, open_reasoner
from kg_service.settings import Settings

__all__ = ["database", "database_url", "postgresql"]  # fixtures that stand in a file of their own
if TYPE_CHECKING:
    from assistant_service import Asked

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"


@pytest.fixture(scope="session", autouse=True)
def no_data_of_this_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Deployments that whoever runs the tests has stored are neither read nor touched."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def root() -> Path:
    """The folder that holds ``regulations/`` and ``ontology/``."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Official files and public suites that are no part of the repository; skips where they are absent."""
    if not SHARED.is_dir():
        pytest.skip("the folder ../shared with official files and public suites is absent")
    return SHARED


@pytest.fixture(scope="session")
def law() -> Knowledge:
    """The law as the repository's files say it."""
    return read(ROOT)


@pytest.fixture(scope="session")
def evaluator(law: Knowledge) -> Evaluator:
    return Evaluator(law)


@pytest.fixture(scope="session")
def site(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The running service, for tests that only read."""
    settings = Settings(root=root, cache=tmp_path_factory.mktemp("cache"), data=tmp_path_factory.mktemp("data"))
    with TestClient(create_app(settings), raise_server_exceptions=False, follow_redirects=False) as client:
        yield client


@pytest.fixture(scope="session")
def asked(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    """The running service with its assistant, without a model, for tests that only ask."""
    from assistant_service import running

    with running(root, tmp_path_factory.mktemp("asked"), embeddings="none") as service:
        yield service


@pytest.fixture(scope="session")
def law_graph(law: Knowledge) -> pyoxigraph.Store:
    """The law and the ontology as quads in a store in memory."""
    store = pyoxigraph.Store()
    store.bulk_extend(quads(law, ROOT / "ontology"))
    return store


@pytest.fixture(scope="session")
def reasoner() -> Reasoner:
    """HermiT; skips without Java, except where SEXTANT_REQUIRE_JAVA is 1."""
    try:
        return open_reasoner()
    except UnavailableError as missing:
        if os.environ.get("SEXTANT_REQUIRE_JAVA") == "1":
            raise
        pytest.skip(str(missing))
