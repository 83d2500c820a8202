"""A few passages of invented law, and ways to build and break an index of them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

from assistant.index.keeper import How, Keeper
from assistant.model import Passage, PassageId, PassageKind, Trust

SAID = {
    "lantern": "Whoever keeps a lighthouse lights the lantern before dusk and notes the hour in a log.",
    "herring": "A herring boat carries a net whose meshes are wider than two fingers.",
    "bakery": "Bread is weighed before it is sold, and the scale is tested every spring.",
    "bridge": "The owner of a bridge inspects its ropes after each storm and closes it when one is frayed.",
    "school": "Teachers tell parents within three days why a pupil was sent home.",
    "well": "A well is covered at night; whoever leaves it open pays for what falls in.",
    "inn": "An innkeeper answers for the luggage of guests unless they kept the key.",
    "bees": "Hives stand at least ten paces from a public path.",
}


def sample(**changed: str) -> tuple[Passage, ...]:
    """The passages; ``changed`` words of one of them, or one more."""
    texts = SAID | changed
    names = list(texts)
    return tuple(
        Passage(
            id=PassageId(f"norm:isle/{name}"),
            kind=PassageKind.NORM if name != "bees" else PassageKind.CONTROL,
            title=name.capitalize(),
            text=text,
            trust=Trust.LAW if name != "school" else Trust.GUIDANCE,
            instrument="isle-act" if name in ("lantern", "herring") else "coast-act",
            jurisdiction="isle" if name in ("lantern", "herring") else None,
            neighbours=(PassageId(f"norm:isle/{names[place - 1]}"),),
        )
        for place, (name, text) in enumerate(texts.items())
    )


def kept(cache: Path, passages: tuple[Passage, ...] | None = None, dense: str = "chroma") -> Keeper:
    """A keeper of the sample whose work is done."""
    keeper = Keeper(How(cache, dense=dense, threads=1))
    keeper.open(sample() if passages is None else passages)
    assert keeper.wait(120)
    return keeper


def versions(cache: Path) -> list[Path]:
    """The whole versions that lie in a cache."""
    return [path for path in (cache / "index").iterdir() if path.is_dir() and path.name != "vectors" and "." not in path.name]


def until(met: Callable[[], bool], seconds: float = 60) -> None:
    """Returns once it is met; fails where it never is."""
    end = monotonic() + seconds
    while not met():
        assert monotonic() < end, "it never came about"
        sleep(0.02)


def gone(pid: int) -> bool:
    """Whether the process has ended."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False
