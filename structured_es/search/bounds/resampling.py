"""Draw infeasible candidates again, a limited number of times, then mirror them at the bounds.

The limits are `ROUNDS` in all, and `PATIENCE` of them in a row without a feasible candidate, so
that a draw ends soon however small the feasible share is.
"""

import numpy as np

from structured_es.search.bounds.boundary import Boundary, Sample
from structured_es.search.bounds.box import Box
from structured_es.search.bounds.reflection import reflect
from structured_es.search.sampling import Sampler
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray, like

ROUNDS = 100
"""How many times an infeasible candidate is drawn again at most."""

PATIENCE = 10
"""Rounds in a row without a single feasible candidate after which no more are drawn."""


class Resampling(Boundary):
    """Rejection, then reflection.

    Args:
        box: lower and upper bounds.
        spread: (n,) initial standard deviations.
    """

    def __init__(self, box: Box, spread: FloatArray) -> None:
        super().__init__(box, spread)
        fixed = box.lower == box.upper
        self._accepted = Box(
            np.where(fixed, -np.inf, box.lower), np.where(fixed, np.inf, box.upper)
        )

    def sample(self, distribution: SearchDistribution, sampler: Sampler, count: int) -> Sample:
        local = sampler.draw(count)
        free = self._free(distribution, local)
        vain = 0
        for _ in range(ROUNDS):
            bad = np.flatnonzero(~self._accepted.contains_each(free))
            if not len(bad) or vain == PATIENCE:
                break
            local[bad] = sampler.draw(len(bad))
            free[bad] = distribution.points(local[bad])
            vain = 0 if self._accepted.contains_each(free[bad]).any() else vain + 1
        return Sample(local, free, self.repair(free))

    def repair(self, free: FloatArray) -> FloatArray:
        if self.box.contains(free):
            return free
        return like(self.box.clip(reflect(free, self.box.lower, self.box.upper)), free)

    def inverse(self, points: FloatArray) -> FloatArray:
        return self.box.clip(points)
