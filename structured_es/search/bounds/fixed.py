"""Fixed variables: users see them, the search does not."""

import numpy as np
from numpy.typing import NDArray

from structured_es.search.bounds.boundary import Boundary
from structured_es.search.bounds.layer import Layer
from structured_es.structures.arrays import FloatArray


class Fixed(Layer):
    """Puts fixed variables among those of the search.

    Args:
        inner: what is inside, of m variables.
        values: (n,) of which those of the fixed variables matter.
        variables: (m,) which of the n variables are not fixed, ascending.
    """

    def __init__(self, inner: Boundary, values: FloatArray, variables: NDArray[np.intp]) -> None:
        super().__init__(inner)
        self._values = values
        self._variables = variables
        self._fixed = np.setdiff1d(np.arange(len(values)), variables)

    def outward(self, points: FloatArray) -> FloatArray:
        full = np.empty((len(points), len(self._values)), points.dtype)
        full[:] = self._values
        full[:, self._variables] = points
        return full

    def inward(self, points: FloatArray) -> FloatArray:
        return points.take(self._variables, axis=1)

    def allows(self, points: FloatArray) -> NDArray[np.bool_]:
        same: NDArray[np.bool_] = points[:, self._fixed] == self._values[self._fixed]
        return np.logical_and.reduce(same, axis=1)

    def embedded(self, values: FloatArray) -> FloatArray:
        full = np.zeros(len(self._values))
        full[self._variables] = values
        return full
