"""Names of arrays, for annotations alone: numpy itself is imported where it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Places = NDArray[np.int64]
    Rounded = NDArray[np.int8]
    Words = NDArray[np.uint16]
    Counts = NDArray[np.int64]
