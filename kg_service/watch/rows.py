"""The verdicts of many subjects as a matrix of small numbers: computed at once, packed into few bytes, compared at once.

numpy is imported where it is used: the service starts without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from kg_service.applicability.evaluate import Evaluator, Status
from kg_service.applicability.facts import Facts
from kg_service.applicability.portfolio import assess_all

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.uint8]
ABSENT: Final = 0
_CODES: Final = {status: number for number, status in enumerate(Status, 1)}
_STATUSES: Final[tuple[Status | None, ...]] = (None, *Status)


def status_of(code: int) -> Status | None:
    """The status behind a number; None where the norm was not there."""
    return _STATUSES[code]


def verdicts(evaluator: Evaluator, facts: Sequence[Facts], day: date) -> Matrix:
    """One row for each of ``facts``, one column for each norm in the order of the knowledge: equal to ``Evaluator.assess``."""
    import numpy as np

    size = len(facts)
    found = assess_all(evaluator, facts, day)
    matrix: Matrix = np.zeros((len(found.statuses), size), dtype=np.uint8)
    width = (size + 7) // 8
    for row, by_status in zip(matrix, found.statuses.values(), strict=True):
        for status, where in by_status.items():
            bits = np.unpackbits(np.frombuffer(where.to_bytes(width, "little"), np.uint8), count=size, bitorder="little")
            row += bits * np.uint8(_CODES[status])
    return np.ascontiguousarray(matrix.T)


def packed(matrix: Matrix) -> list[bytes]:
    """Each row, two verdicts in a byte."""
    import numpy as np

    if matrix.shape[1] % 2:
        matrix = np.pad(matrix, ((0, 0), (0, 1)))
    halves = np.ascontiguousarray((matrix[:, 0::2] << 4) | matrix[:, 1::2])
    raw, width = halves.tobytes(), halves.shape[1]
    return [raw[start : start + width] for start in range(0, len(raw), width)]


def unpacked(rows: Sequence[bytes], norms: int) -> Matrix:
    """The inverse of :func:`packed` for rows of so many norms.

    Raises:
        ValueError: where a row has another length.
    """
    import numpy as np

    width = (norms + 1) // 2
    if any(len(row) != width for row in rows):
        raise ValueError("a row of verdicts has another length than its order of norms")
    halves = np.frombuffer(b"".join(rows), np.uint8).reshape(len(rows), width)
    matrix: Matrix = np.empty((len(rows), 2 * width), np.uint8)
    matrix[:, 0::2] = halves >> 4
    matrix[:, 1::2] = halves & 15
    return matrix[:, :norms]


def rearranged(matrix: Matrix, norms: Sequence[str], order: Sequence[str]) -> Matrix:
    """The columns, named by ``norms``, in ``order``; ``ABSENT`` where a name is new. Names that are gone are left out."""
    import numpy as np

    places = {norm: place for place, norm in enumerate(norms)}
    found: Matrix = np.zeros((matrix.shape[0], len(order)), np.uint8)
    pairs = [(column, places[norm]) for column, norm in enumerate(order) if norm in places]
    if pairs:
        columns, sources = zip(*pairs, strict=True)
        found[:, list(columns)] = matrix[:, list(sources)]
    return found
