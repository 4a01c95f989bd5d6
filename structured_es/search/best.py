"""The best candidate so far."""

from collections.abc import Sequence
from math import inf, isnan

import numpy as np
from numpy.typing import NDArray

from structured_es.structures.arrays import FloatArray


class Best:
    """Remembers the best finite loss, of equal ones that of the candidate drawn first.

    Args:
        start: (n,) what stands in for the best before there is one.

    Attributes:
        x: the candidate, (n,).
        loss: its loss, inf before the first finite one.
    """

    def __init__(self, start: FloatArray) -> None:
        self.x, self.loss = start, inf
        self._number = -1

    def observe(
        self, points: FloatArray, losses: FloatArray, numbers: Sequence[int] | NDArray[np.int64]
    ) -> None:
        """Look at candidates, (m, n), their losses, (m,), and the order they were drawn in."""
        place = int(losses.argmin())
        if isnan(losses[place]):
            place = int(losses.argsort(kind="stable")[0])
        loss, number = float(losses[place]), int(numbers[place])
        if loss < self.loss or (loss == self.loss < inf and number < self._number):
            self.x, self.loss, self._number = points[place].copy(), loss, number
