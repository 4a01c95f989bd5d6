"""The contract of a boundary handler: candidates stay feasible, the search stays unconstrained.

The search distribution lives in the whole space. Its points are called free; users see feasible
ones. A handler says how one becomes the other and what the search learns from it.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np

from structured_es.search.bounds.box import Box
from structured_es.search.sampling import Sampler
from structured_es.search.scratch import Scratch
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import LARGE, FloatArray

_WIDEST = 1.0 / 3.0
"""Largest standard deviation of a variable, relative to the distance of its bounds."""


class Sample(NamedTuple):
    """Candidates of one draw, one a row: (m, n) each."""

    local: FloatArray
    free: FloatArray
    points: FloatArray


class Boundary(ABC):
    """A way to keep candidates within a box.

    Args:
        box: lower and upper bounds.
        spread: (n,) initial standard deviations.
    """

    def __init__(self, box: Box, spread: FloatArray) -> None:
        self.box = box
        self._scratch: Scratch | None = None
        self._widest = np.where(box.width > 0.0, _WIDEST * box.width, spread)

    @abstractmethod
    def repair(self, free: FloatArray) -> FloatArray:
        """Feasible points for any free ones, (m, n) -> (m, n); the same array if none changes."""

    @abstractmethod
    def inverse(self, points: FloatArray) -> FloatArray:
        """Free points that stand for the given ones, feasible or not; (m, n) -> (m, n)."""

    def sample(self, distribution: SearchDistribution, sampler: Sampler, count: int) -> Sample:
        """Draw `count` candidates."""
        local = sampler.draw(count)
        free = self._free(distribution, local)
        return Sample(local, free, self.repair(free))

    def give_back(self, free: FloatArray) -> None:
        """Let the free points of a sample that nobody uses any more be used for another one."""
        if free.size >= LARGE:
            self._scratch = self._scratch or Scratch()
            self._scratch.give_back(free)

    def penalized(
        self, losses: FloatArray, free: FloatArray, distribution: SearchDistribution
    ) -> FloatArray:
        """What a generation is ranked by; called once for each.

        Args:
            losses: (m,) losses as told; inf and NaN must stay what they are.
            free: (m, n) free points of the candidates.
            distribution: that of this generation.
        """
        return losses

    def confined(self, distribution: SearchDistribution) -> SearchDistribution:
        """The distribution with no standard deviation above a third of the box.

        A variable that is wider than its box says nothing any more: every value is as likely. Its
        width would drift, and the search with it.
        """
        stds = distribution.stds
        if (stds <= self._widest).all():
            return distribution
        return distribution.narrowed(np.minimum(1.0, self._widest / stds))

    def unfrozen(self, distribution: SearchDistribution, popsize: int) -> SearchDistribution:
        """The distribution without variables that no candidate would ever change any more."""
        return distribution

    def embedded(self, values: FloatArray) -> FloatArray:
        """Values of the variables of the search, (m,), among all, with 0 for fixed ones, (n,)."""
        return values

    def feasible(self, points: FloatArray, losses: FloatArray) -> FloatArray:
        """The losses, (m,), with NaN in place of those of infeasible points, (m, n)."""
        if self.box.contains(points):
            return losses
        return np.where(self.box.contains_each(points), losses, np.nan)

    def _free(self, distribution: SearchDistribution, local: FloatArray) -> FloatArray:
        """Free points of local coordinates, in what was given back if there is any."""
        if self._scratch is None:
            return distribution.points(local)
        return distribution.points(local, self._scratch.take(local.shape, local.dtype))
