r"""Exponential natural evolution strategies: the bare natural gradient, no paths.

    delta = sum_i u_i z_i,      mean += sigma A delta
    G     = sum_i u_i z_i z_i^T - (sum_i u_i) I,    A <- A h(eta G / 2), trace to sigma

With `full` this is xNES (Glasmachers, Schaul, Sun, Wierstra & Schmidhuber, GECCO 2010, algorithm
1), eta_mean = 1 and eta_sigma = eta_A = 3 (3 + ln n) / (5 n sqrt n); with `diagonal` it is SNES
(Schaul, Glasmachers & Schmidhuber, GECCO 2011), eta = (3 + ln n) / (5 sqrt n).
"""

from dataclasses import dataclass
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from structured_es.search.ranking import xnes_utilities
from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.update_rule import UpdateRule
from structured_es.structures.arrays import FloatArray, like, product
from structured_es.structures.gradient import Gradient, GradientSource
from structured_es.structures.retraction import Retraction
from structured_es.structures.structure import Structure


class XNES(UpdateRule):
    """The update of xNES, for any structure; it has no state."""

    def mean_weights(self, count: int, dim: int) -> FloatArray:
        return xnes_utilities(count)

    def update(
        self,
        distribution: SearchDistribution,
        local: FloatArray,
        order: NDArray[np.intp],
        retraction: Retraction,
    ) -> SearchDistribution:
        ranked = local.take(order, axis=0)
        utilities = xnes_utilities(len(ranked))
        structure, log_volume = distribution.structure.update(
            _UtilityGradient(ranked, utilities), retraction
        )
        growth = float(retraction.value(np.array(log_volume)))
        step = product(like(utilities, ranked), ranked)
        return distribution.moved(step, growth, structure)

    def carry(self, old: Structure, new: Structure) -> None:
        pass


def learning_rate(dof: int, dim: int) -> float:
    """Rate for a structure with `dof` parameters in n dimensions.

    SNES's for up to n parameters, xNES's for n (n + 1) / 2, and between them inversely proportional
    to 2 dof / n - 1.
    """
    rate = (3.0 + log(dim)) / (5.0 * sqrt(dim))
    return rate if dof <= dim else rate * 3.0 * dim / (2 * dof - dim)


@dataclass(frozen=True, eq=False)
class _UtilityGradient(GradientSource):
    rows: FloatArray
    utilities: FloatArray

    def rate(self, dof: int) -> float:
        return learning_rate(dof, self.rows.shape[1])

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        weights = self.rate(dof) * self.utilities
        return Gradient.of(self.rows, like(weights, self.rows), float(weights.sum()))
