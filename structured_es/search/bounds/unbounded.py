"""No bounds at all: every point is feasible."""

import numpy as np

from structured_es.search.bounds.boundary import Boundary
from structured_es.search.bounds.box import Box
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray


class Unbounded(Boundary):
    """Leaves everything as it is.

    Args:
        spread: (n,) initial standard deviations.
    """

    def __init__(self, spread: FloatArray) -> None:
        open_side = np.full(len(spread), np.inf)
        super().__init__(Box(-open_side, open_side), spread)

    def repair(self, free: FloatArray) -> FloatArray:
        return free

    def inverse(self, points: FloatArray) -> FloatArray:
        return points

    def confined(self, distribution: SearchDistribution) -> SearchDistribution:
        return distribution

    def feasible(self, points: FloatArray, losses: FloatArray) -> FloatArray:
        return losses
