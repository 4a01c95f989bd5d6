r"""A smooth fold of the whole space onto the box, the default.

The identity inside, a parabola within a margin a of a bound, periodic beyond,

    x = lower + (u - (lower - a))^2 / (4 a)    for |u - lower| <= a,

so that an optimum on the boundary is an ordinary smooth optimum for the search (the idea is that
of pycma's BoundTransform). One-sided bounds fold once.
"""

import numpy as np

from structured_es.search.bounds.boundary import Boundary
from structured_es.search.bounds.box import Box
from structured_es.search.bounds.reflection import reflect
from structured_es.structures.arrays import FloatArray


class Transform(Boundary):
    """The fold.

    Args:
        box: lower and upper bounds.
        spread: (n,) initial standard deviations; the margin is at most half of them.
    """

    def __init__(self, box: Box, spread: FloatArray) -> None:
        super().__init__(box, spread)
        lower, upper, width = box.lower, box.upper, box.width
        margin = np.where(width > 0.0, np.minimum(width / 20.0, 0.5 * spread), 1.0)
        self._shape = np.array([lower, upper, margin])
        self._flat_from, self._flat_to = lower + margin, upper - margin

    def repair(self, free: FloatArray) -> FloatArray:
        bent = (free < self._flat_from) | (free > self._flat_to)
        if not np.count_nonzero(bent):  # a microsecond less than any()
            return free
        points = free.copy()
        points[bent] = _fold(free[bent], self._shape[:, bent.nonzero()[1]])
        return points

    def inverse(self, points: FloatArray) -> FloatArray:
        points = self.box.clip(points)
        bent = (points < self._flat_from) | (points > self._flat_to)
        if bent.any():
            points[bent] = _unfold(points[bent], self._shape[:, bent.nonzero()[1]])
        return points


def _fold(free: FloatArray, shape: FloatArray) -> FloatArray:
    """Single values, (k,), and for each of them lower, upper and margin, (3, k)."""
    lower, upper, margin = shape
    inside = reflect(free, lower - margin, upper + margin)
    with np.errstate(invalid="ignore", over="ignore"):
        low = lower + np.square(inside - (lower - margin)) / (4.0 * margin)
        high = upper - np.square(inside - (upper + margin)) / (4.0 * margin)
    folded = np.where(inside < lower + margin, low, inside)
    folded = np.where(inside > upper - margin, high, folded)
    return np.clip(folded, lower, upper)


def _unfold(points: FloatArray, shape: FloatArray) -> FloatArray:
    """The nearest values, (k,), that fold on the given ones inside the box."""
    lower, upper, margin = shape
    with np.errstate(invalid="ignore", over="ignore"):
        low = (lower - margin) + np.sqrt(4.0 * margin * (points - lower))
        high = (upper + margin) - np.sqrt(4.0 * margin * (upper - points))
    free = np.where(points < lower + margin, low, points)
    return np.where(points > upper - margin, high, free)
