r"""The default update: the natural gradient with the memory that makes CMA-ES fast.

All in local coordinates, so that no C^-1/2 is ever needed:

* step-size path p_s <- (1 - c_s) p_s + sqrt(c_s (2 - c_s) mueff) delta, and sigma <- sigma
  exp((c_s / d_s) (|p_s| / E|N(0, I)| - 1));
* rank-one paths p_c (`shape_paths`), one more row of the gradient with weight c_1; the candidates
  enter with c_mu w_i, negative weights for the worse half scaled by n / |z_i|^2;
* learning rates by the structure's degrees of freedom (`rates`).

Sources: Hansen, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772); Akimoto & Hansen,
"Diagonal acceleration for covariance matrix adaptation evolution strategies" (ECJ 2020) for rates
by degrees of freedom.
"""

from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from structured_es.search.path_gradient import Generation, PathGradient
from structured_es.search.ranking import Weights
from structured_es.search.rates import (
    StepSizeRates,
    mean_pace,
    shape_rates,
    step_size_rates,
    weights_for,
)
from structured_es.search.scratch import Scratch
from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.shape_paths import ShapePaths
from structured_es.search.update_rule import UpdateRule
from structured_es.structures.arrays import LARGE, FloatArray, product
from structured_es.structures.retraction import Retraction
from structured_es.structures.structure import Structure


class Cumulation(UpdateRule):
    """Paths, negative weights and rates by degrees of freedom.

    Args:
        dim: number of variables n.
        signed: whether the worse half of the candidates pushes the mean away from itself. A large
            gain in many variables, with candidates that do not overlap (orthogonal ones); a loss
            in few.

    Attributes:
        sigma_path: p_s, shape (n,).
        shape_paths: p_c of each factor of the structure.
        generations: number of updates so far.
        hurried: whether the mean goes all the way of signed steps from the start.
    """

    hurried = False

    def __init__(self, dim: int, *, signed: bool = False) -> None:
        self.signed = signed
        self.sigma_path = np.zeros(dim)
        self.shape_paths = ShapePaths(dim)
        self.generations = 0
        self._gathered: list[Generation] = []
        self._scratch = Scratch()

    def mean_weights(self, count: int, dim: int) -> FloatArray:
        return self._pace(count, dim) * weights_for(count, dim, signed=self.signed).mean

    def update(
        self,
        distribution: SearchDistribution,
        local: FloatArray,
        order: NDArray[np.intp],
        retraction: Retraction,
    ) -> SearchDistribution:
        popsize, dim = local.shape
        structure = distribution.structure
        weights = weights_for(popsize, dim, signed=self.signed)
        rates = step_size_rates(dim, popsize, signed=self.signed)
        shares = np.empty(popsize, local.dtype)
        shares[order] = weights.mean
        step = product(shares, local)
        way = self._pace(popsize, dim) * step
        news = self._news(step, local, weights)
        growth, stalled = self._cumulate_sigma(news, rates)
        lost = self.shape_paths.advance(
            structure.dofs, step, weights.mueff_mean, popsize, stalled=stalled
        )
        rows = self._with_room(local, order, weights)
        paths = self.shape_paths
        self._gathered.append(Generation(popsize, rows, paths.dofs, paths.paths, lost))
        return self._move(distribution, way, growth, retraction)

    def carry(self, old: Structure, new: Structure) -> None:
        """The paths go along; what was gathered stays in the coordinates it was drawn in."""
        self.shape_paths.carry(old, new)

    def _pace(self, popsize: int, dim: int) -> float:
        """How much of the way of the next step the mean goes."""
        careful = self.signed and not self.hurried
        return mean_pace(dim, popsize, self.generations) if careful else 1.0

    def _news(self, step: FloatArray, local: FloatArray, weights: Weights) -> FloatArray:
        """The step as p_s cumulates it."""
        return step

    def _move(
        self,
        distribution: SearchDistribution,
        step: FloatArray,
        growth: float,
        retraction: Retraction,
    ) -> SearchDistribution:
        """Move the mean by a local step, log sigma by growth, the shape by what was gathered."""
        old = structure = distribution.structure
        log_volume = 0.0
        last = self._gathered[-1].popsize
        if len(self._gathered) >= shape_rates(min(self.shape_paths.dofs), len(step), last).gap:
            source, self._gathered = PathGradient(self._gathered, self._scratch), []
            structure, log_volume = old.update(source, retraction)
            self.carry(old, structure)
            source.give_back(self._scratch)
        return distribution.moved(step, exp(log_volume + growth), structure)

    def _cumulate_sigma(self, step: FloatArray, rates: StepSizeRates) -> tuple[float, bool]:
        """Advance p_s; the change of log sigma, and whether p_s is too long for p_c to follow."""
        self.generations += 1
        self.sigma_path = rates.memory * self.sigma_path
        self.sigma_path += rates.gain * step
        length = sqrt(product(self.sigma_path, self.sigma_path)) / rates.expected_length
        longest = rates.longest * sqrt(1.0 - rates.memory ** (2 * self.generations))
        return min(1.0, rates.speed * (length - 1.0)), length > longest

    def _with_room(
        self, local: FloatArray, order: NDArray[np.intp], weights: Weights
    ) -> FloatArray:
        """The telling rows and one more with any numbers in it, (t + 1, n)."""
        if local.size < LARGE:
            return local.take(order.take(weights.with_room), axis=0)
        which = order.take(weights.telling)
        rows = self._scratch.take((len(which) + 1, local.shape[1]), local.dtype)
        local.take(which, axis=0, out=rows[:-1], mode="clip")  # the other modes make a copy first
        return rows
