"""What lies around a boundary handler: a change of variables between it and the user.

The handler keeps real variables within a box. A layer makes what the user sees of them.
"""

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray

from structured_es.search.bounds.boundary import Boundary, Sample
from structured_es.search.sampling import Sampler
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray


class Layer(Boundary):
    """A boundary around another one, which it leaves everything to but its own change.

    Args:
        inner: what is inside.
    """

    def __init__(self, inner: Boundary) -> None:
        self.inner = inner

    @abstractmethod
    def outward(self, points: FloatArray) -> FloatArray:
        """What the points of the inner boundary become; a new array or the same."""

    @abstractmethod
    def inward(self, points: FloatArray) -> FloatArray:
        """The points of the inner boundary that any given ones stand for."""

    @abstractmethod
    def allows(self, points: FloatArray) -> NDArray[np.bool_]:
        """Which points, (m, n), are as `outward` makes them, (m,)."""

    def sample(self, distribution: SearchDistribution, sampler: Sampler, count: int) -> Sample:
        local, free, points = self.inner.sample(distribution, sampler, count)
        return Sample(local, free, self.outward(points))

    def give_back(self, free: FloatArray) -> None:
        self.inner.give_back(free)

    def repair(self, free: FloatArray) -> FloatArray:
        return self.outward(self.inner.repair(free))

    def inverse(self, points: FloatArray) -> FloatArray:
        return self.inner.inverse(self.inward(points))

    def penalized(
        self, losses: FloatArray, free: FloatArray, distribution: SearchDistribution
    ) -> FloatArray:
        return self.inner.penalized(losses, free, distribution)

    def confined(self, distribution: SearchDistribution) -> SearchDistribution:
        return self.inner.confined(distribution)

    def unfrozen(self, distribution: SearchDistribution, popsize: int) -> SearchDistribution:
        return self.inner.unfrozen(distribution, popsize)

    def embedded(self, values: FloatArray) -> FloatArray:
        return self.inner.embedded(values)

    def feasible(self, points: FloatArray, losses: FloatArray) -> FloatArray:
        allowed = self.allows(points)
        inside = self.inner.feasible(self.inward(points), losses)
        return inside if allowed.all() else np.where(allowed, inside, np.nan)
