r"""A penalty that adapts: evaluate the nearest feasible point, rank by loss plus distance to it.

    f(clip(u)) + (1/n) sum_i gamma_i (u_i - clip(u)_i)^2 / xi_i

xi holds the variances of the variables to the power 0.9, with geometric mean 1. The weights gamma
start when the mean first leaves the box, at twice the usual spread of losses in units of the
variance; they grow where the mean is several standard deviations outside and shrink where they are
much larger than that (Hansen, Niederberger, Guzzella & Koumoutsakos, "A method for handling
uncertainty in evolutionary optimization", IEEE TEC 2009, section IV-B). They change as in pycma's
BoundPenalty, only `_HASTE` times as fast: with 1 in place of 10, an ellipsoid in a corner takes
2.7 and 3.4 times the evaluations at n = 10 and 40 (`scripts/benchmark_bounds --methods penalty
--dims 10,40 --seeds 3 --cases "ellipsoid corner"`).
"""

from math import exp, sqrt

import numpy as np

from structured_es.search.bounds.boundary import Boundary
from structured_es.search.bounds.box import Box
from structured_es.search.rates import weights_for
from structured_es.search.search_distribution import SearchDistribution
from structured_es.structures.arrays import FloatArray

_HASTE = 10.0
"""How fast weights change, relative to pycma's."""

_LARGEST = np.finfo(np.float64).max
_TINIEST = np.finfo(np.float64).tiny

_LARGEST_SPREAD = 1e250
"""Spreads of losses beyond this count as this, so that no weight overflows."""


class Penalty(Boundary):
    """Weights, and the recent spreads of losses they are measured by.

    Args:
        box: lower and upper bounds.
        spread: (n,) initial standard deviations.

    Attributes:
        weights: gamma, shape (n,); None until the mean has been outside.
    """

    def __init__(self, box: Box, spread: FloatArray) -> None:
        super().__init__(box, spread)
        self.weights: FloatArray | None = None
        self._spreads: list[float] = []
        self._generations = 0

    def repair(self, free: FloatArray) -> FloatArray:
        return free if self.box.contains(free) else self.box.clip(free)

    def inverse(self, points: FloatArray) -> FloatArray:
        return points

    def penalized(
        self, losses: FloatArray, free: FloatArray, distribution: SearchDistribution
    ) -> FloatArray:
        variances = np.maximum(np.square(distribution.stds / distribution.scale), _TINIEST)
        self._remember(losses, variances)
        self._adapt(len(losses), distribution, variances)
        if self.weights is None or self.box.contains(free):
            return losses
        xi = np.exp(0.9 * (np.log(variances) - np.log(variances).mean()))
        with np.errstate(over="ignore"):
            outside = np.square((free - self.box.clip(free)) / distribution.scale)
            values = losses + outside @ (self.weights / xi) / len(xi)
        return np.where(np.isinf(losses), losses, np.minimum(values, _LARGEST))

    def _remember(self, losses: FloatArray, variances: FloatArray) -> None:
        """Keep the interquartile range of the losses, in units of the variance."""
        valid = np.sort(losses[np.isfinite(losses)])
        if len(valid) < 2:
            return
        low, high = valid[[len(valid) // 4, 3 * len(valid) // 4]]
        with np.errstate(over="ignore"):
            spread = float((high - low) / variances.mean())
        if spread > 0.0:
            self._spreads.append(min(spread, _LARGEST_SPREAD))
        del self._spreads[: -(20 + 3 * len(variances) // len(losses))]

    def _adapt(self, popsize: int, distribution: SearchDistribution, variances: FloatArray) -> None:
        """Start the weights, or let them grow and shrink."""
        mean, dim = distribution.mean, len(distribution.mean)
        self._generations += 1
        usual = float(np.median(self._spreads)) if self._spreads else 1.0
        outside = np.abs(mean - self.box.clip(mean)) / (np.sqrt(variances) * distribution.scale)
        if outside.any() and (self.weights is None or self._generations == 2):
            self.weights = np.full(dim, 2.0 * usual)
        if self.weights is None:
            return
        mueff = weights_for(popsize, dim).mueff
        rate = min(1.0, _HASTE * mueff / (10.0 * dim))
        excess = np.maximum(outside - 3.0 * max(1.0, sqrt(dim) / mueff), 0.0)
        self.weights *= np.exp(0.5 * rate * np.tanh(excess / 3.0))
        self.weights[self.weights > 5.0 * usual] *= exp(-rate / 3.0)
