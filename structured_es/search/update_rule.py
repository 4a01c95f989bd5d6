"""The contract of an update rule: how one ranked generation moves the search distribution."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray, like, product
from structured_es.structures.retraction import Retraction

_TRUST = 0.5
"""How much of the way of late candidates the mean catches up."""


class UpdateRule(ABC):
    """Turns ranked candidates into the next search distribution; may keep a memory (paths)."""

    @abstractmethod
    def mean_weights(self, count: int, dim: int) -> FloatArray:
        """Weights by which so many ranked candidates, in n variables, move the mean, (count,)."""

    @abstractmethod
    def update(
        self,
        distribution: SearchDistribution,
        local: FloatArray,
        order: NDArray[np.intp],
        retraction: Retraction,
    ) -> SearchDistribution:
        """One generation.

        Args:
            distribution: the current search distribution.
            local: (m, n) local coordinates of the candidates; m is usually popsize.
            order: (m,) their order, best first.
            retraction: how the structure follows its tangent.
        """

    def caught_up(self, distribution: SearchDistribution, lag: FloatArray) -> SearchDistribution:
        """The distribution before an update by late candidates.

        They say where to go from where they were drawn. As they are today, all of them lie behind
        the mean, and shape and sigma would learn of nothing but that. Were the mean to go the whole
        way of their steps, it would overshoot where whole generations are late. So the steps make
        shape and sigma, and the mean ends in the middle. What that comes to:
        `scripts/benchmark_async`.

        Args:
            distribution: the current search distribution.
            lag: (m, n) how far from where they were drawn the candidates are today, best first.
        """
        way = _TRUST * product(like(self.mean_weights(*lag.shape), lag), lag)
        return distribution.moved(way, 1.0, distribution.structure)
