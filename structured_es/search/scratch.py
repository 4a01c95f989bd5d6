"""Arrays that are used again: memory that is new to a process costs as much as filling it twice."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from structured_es.structures.arrays import FloatArray


class Scratch:
    """Keeps one array between uses. It is no part of what a search knows, and not saved."""

    _kept: FloatArray | None = None

    def take(self, shape: tuple[int, ...], dtype: DTypeLike) -> FloatArray:
        """An array with any values in it: the one that was given back, if it is such a one."""
        kept = self._kept
        if kept is None or kept.shape != shape or kept.dtype != dtype:
            return np.empty(shape, dtype)
        self._kept = None
        return kept

    def give_back(self, array: FloatArray) -> bool:
        """Keep an array that nobody else uses any more; whether it could be kept."""
        if array.flags.owndata and array.flags.c_contiguous:  # else it is a part of another one
            self._kept = array
            return True
        return False

    def __getstate__(self) -> Mapping[str, Any]:
        return {}
