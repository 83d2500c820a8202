"""Numbers of provisions that a sentence names: held against the assessment."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from assistant.model import Ground
from assistant.verify.reasons import Reason
from kg_service.applicability.evaluate import Status, Verdict
from kg_service.model import Norm

_COUNT: Final = re.compile(
    r"\b(?P<n>\d+)\s+(?:(?:more|further|other|such|of|these|the|new|open|legal)\s+){0,3}"
    r"(?P<what>provisions?|obligations?|duties|duty|norms?|requirements?|rules?|prohibitions?|permissions?"
    r"|expectations?|rights?)\b",
    re.IGNORECASE,
)
_KINDS: Final = {
    "duty": "duty",
    "dutie": "duty",
    "prohibition": "prohibition",
    "permission": "permission",
    "expectation": "expectation",
    "right": "right",
}


def count_fault(text: str, said: set[Status], norms: list[Norm], ground: Ground) -> Reason | None:
    """Why a count cannot stand: it is not that of the verdict named, in all or within what is cited or asked about."""
    for match in _COUNT.finditer(text):
        what = _KINDS.get(match["what"].lower().rstrip("s"), "")
        if int(match["n"]) not in _possible(said, what, norms, ground):
            return Reason.COUNT_DISAGREES
    return None


def without_counts(text: str) -> str:
    """``text`` without the counts that :func:`count_fault` has checked."""
    return _COUNT.sub(" ", text)


def _possible(said: set[Status], kind: str, norms: list[Norm], ground: Ground) -> set[int]:
    status = next(iter(said), None)
    instruments = {norm.instrument for norm in norms}
    decisions = set(ground.understanding.decisions)
    found = {len(norms)}
    groups: list[Iterable[Verdict]] = [ground.assessment.verdicts]
    named = {str(name) for name in ground.understanding.instruments}
    groups.append([v for v in ground.assessment.verdicts if v.norm.instrument in instruments])
    groups.append([v for v in ground.assessment.verdicts if v.norm.instrument in named])
    groups.append([v for v in ground.assessment.verdicts if decisions & set(v.norm.decisions)])
    for group in groups:
        counted = [v for v in group if not kind or v.norm.kind == kind]
        if status is not None:
            found.add(sum(1 for v in counted if v.status is status))
        else:
            found |= {sum(1 for v in counted if v.status is one) for one in (Status.APPLIES, Status.UPCOMING)}
    for option in ground.comparison.options if ground.comparison is not None else ():
        found |= {len(option.gained), len(option.lost), len(option.changed)}
    found |= {len(hinge.norms) for hinge in ground.hinges if status is Status.UNDETERMINED}
    if ground.difference is not None:
        found |= {len(ground.difference.begins), len(ground.difference.ends), len(ground.difference.changed)}
    return found
