"""The vectors on a real Chroma server: kept there, found there, and the answer without it once it has gone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import urllib3
from index_sample import sample
from local_server import running

# In a process of its own: Chroma's client leaves connections open.
OPENING = """
import json, sys
import numpy as np
from pathlib import Path
sys.path.insert(0, sys.argv[3])
from index_sample import sample
from assistant.index.embedding import PackagedEmbedder
from assistant.index.entries import embedded_text
from assistant.index.keeper import How, Keeper
keeper = Keeper(How(Path(sys.argv[1]), dense="server", url=sys.argv[2]))
keeper.open(sample())
keeper.wait(120)
index = keeper.current()
vectors = np.stack([one.vector for one in PackagedEmbedder().encode([embedded_text(one) for one in sample()])])
found = [index.dense.search(vector, 1)[0][0] for vector in vectors]
print(json.dumps({"state": index.state, "dense": index.dense.name, "found": found, "of": len(vectors)}))
keeper.close()
"""


def _opened(cache: Path, url: str) -> dict[str, object]:
    command = [sys.executable, "-c", OPENING, str(cache), url, str(Path(__file__).parent)]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180)
    return dict(json.loads(ran.stdout.splitlines()[-1]))


def test_vectors_on_a_chroma_server_find_themselves(tmp_path: Path) -> None:
    """Each passage is nearest to its own vector, also for a second process without a cache; one collection holds them.

    Once the server has gone, the exact scan over the same vectors answers.
    """

    def options(port: int) -> tuple[str, ...]:
        return "run", "--path", str(tmp_path / "chroma"), "--host", "127.0.0.1", "--port", str(port)

    with running("chroma", options, "/api/v2/heartbeat") as url:
        count = len(sample())
        for place in ("one", "two"):
            said = _opened(tmp_path / place, url)
            assert said == {"state": "ready", "dense": "server", "found": list(range(count)), "of": count}
        address = f"{url}/api/v2/tenants/default_tenant/databases/default_database/collections"
        held = urllib3.request("GET", address).json()
        assert [urllib3.request("GET", f"{address}/{one['id']}/count").json() for one in held] == [count]
    said = _opened(tmp_path / "one", url)
    assert (said["state"], said["dense"], said["found"]) == ("ready", "exact", list(range(count)))
