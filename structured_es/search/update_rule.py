"""The contract of an update rule: how one ranked generation moves the search distribution."""

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray, like, product
from structured_es.structures.retraction import Retraction
from structured_es.structures.structure import Structure


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

    @abstractmethod
    def carry(self, old: Structure, new: Structure) -> None:
        """Go along with a move of the structure that is not of an update."""

    def caught_up(
        self, distribution: SearchDistribution, lag: FloatArray, rate: float = 1.0
    ) -> SearchDistribution:
        """The distribution before an update by late candidates.

        They say where to go from where they were drawn. As they are today, all of them lie behind
        the mean, and shape and sigma would learn of nothing but that. Were the mean to go the whole
        way of all their steps, it would overshoot where whole generations are late. So the steps
        make shape and sigma; and the mean goes by a step where the lag is short, by where the
        candidate is today where that is far behind: a share l^2 / (1 + l^2) of a lag is taken off
        whose mean square is l^2, in standard deviations. What that comes to:
        `scripts/benchmark_async`.

        Args:
            distribution: the current search distribution.
            lag: (m, n) how far from where they were drawn the candidates are today, best first.
            rate: how much of the way of an update the mean goes.
        """
        square = np.einsum("ij,ij->i", lag, lag) / lag.shape[1]
        weights = rate * self.mean_weights(*lag.shape) * (square / (1.0 + square))
        return distribution.moved(product(like(weights, lag), lag), 1.0, distribution.structure)
