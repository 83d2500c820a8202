"""The vectors on a real Chroma server: kept there, found there, and the answer without it once it has gone."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pytest
import urllib3
from index_sample import sample
from local_server import running

from assistant.index.embedding import PackagedEmbedder
from assistant.index.entries import embedded_text
from assistant.index.keeper import How, Keeper


def _opened(how: How) -> Keeper:
    keeper = Keeper(how)
    keeper.open(sample())
    assert keeper.wait(120)
    return keeper


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # Chroma's client leaves connections open
def test_vectors_on_a_chroma_server_find_themselves(tmp_path: Path) -> None:
    """Each passage is nearest to its own vector, also for a second process without a cache; one collection holds them."""
    chroma = tmp_path / "chroma"
    options = lambda port: ("run", "--path", str(chroma), "--host", "127.0.0.1", "--port", str(port))  # noqa: E731
    vectors = np.stack([one.vector for one in PackagedEmbedder().encode([embedded_text(one) for one in sample()])])
    with running("chroma", options, "/api/v2/heartbeat") as url:
        for place in ("one", "two"):
            keeper = _opened(How(tmp_path / place, dense="server", url=url))
            index = keeper.current()
            assert index.state == "ready"
            assert index.dense is not None
            assert index.dense.name == "server"
            assert [index.dense.search(vector, 1)[0][0] for vector in vectors] == list(range(len(vectors)))
            keeper.close()
        address = f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections"
        held = urllib3.request("GET", address).json()
        assert [urllib3.request("GET", f"{address}/{one['id']}/count").json() for one in held] == [len(vectors)]
    keeper = _opened(How(tmp_path / "one", dense="server", url=url))  # the server has gone
    assert keeper.current().state == "ready"
    keeper.close()
    del keeper, index
    gc.collect()  # here, and not in the test that comes next
