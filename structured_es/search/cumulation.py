r"""The default update: the natural gradient with the memory that makes CMA-ES fast.

All in local coordinates, so that no C^-1/2 is ever needed:

* step-size path p_s <- (1 - c_s) p_s + sqrt(c_s (2 - c_s) mueff) delta, and sigma <- sigma
  exp((c_s / d_s) (|p_s| / E|N(0, I)| - 1));
* rank-one path p_c, one more row of the gradient with weight c_1; the candidates enter with c_mu
  w_i, negative weights for the worse half scaled by n / |z_i|^2;
* learning rates by the structure's degrees of freedom (`rates`).

Sources: Hansen, "The CMA evolution strategy: a tutorial" (arXiv 1604.00772); Akimoto & Hansen,
"Diagonal acceleration for covariance matrix adaptation evolution strategies" (ECJ 2020) for rates
by degrees of freedom.
"""

from math import exp, sqrt

import numpy as np

from structured_es.search.ranking import Weights
from structured_es.search.rates import (
    ShapeRates,
    StepSizeRates,
    shape_rates,
    step_size_rates,
    weights_for,
)
from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.update_rule import UpdateRule
from structured_es.structures.gradient import FloatArray, Gradient
from structured_es.structures.retraction import Retraction
from structured_es.structures.structure import Structure


class Cumulation(UpdateRule):
    """Paths, negative weights and rates by degrees of freedom.

    Args:
        dim: number of variables n.

    Attributes:
        sigma_path: p_s, shape (n,).
        shape_path: p_c, shape (n,).
        generations: number of updates so far.
    """

    def __init__(self, dim: int) -> None:
        self.sigma_path = np.zeros(dim)
        self.shape_path = np.zeros(dim)
        self.generations = 0
        self._gathered: dict[int, list[Gradient]] = {}

    def update(
        self, distribution: SearchDistribution, ranked: FloatArray, retraction: Retraction
    ) -> SearchDistribution:
        popsize, dim = ranked.shape
        structure = distribution.structure
        weights, rates = weights_for(popsize), step_size_rates(dim, popsize)
        step = weights.mean @ ranked
        growth, stalled = self._cumulate_sigma(step, weights, rates)
        lost = self._cumulate_shape(step, weights, structure, stalled=stalled)
        source = _PathGradient(ranked, weights, self.shape_path, lost, self._gathered)
        structure, log_volume = structure.update(source, retraction)
        return distribution.moved(step, exp(log_volume + growth), structure)

    def _cumulate_sigma(
        self, step: FloatArray, weights: Weights, rates: StepSizeRates
    ) -> tuple[float, bool]:
        """Advance p_s; the change of log sigma, and whether p_s is too long for p_c to follow."""
        c = rates.c_sigma
        self.generations += 1
        self.sigma_path = (1.0 - c) * self.sigma_path
        self.sigma_path += sqrt(c * (2.0 - c) * weights.mueff) * step
        length = sqrt(self.sigma_path @ self.sigma_path) / rates.expected_length
        limit = 1.4 + 2.0 / (len(step) + 1.0)
        limit *= sqrt(1.0 - (1.0 - c) ** (2 * self.generations))
        return min(1.0, c / rates.damping * (length - 1.0)), length > limit

    def _cumulate_shape(
        self, step: FloatArray, weights: Weights, structure: Structure, *, stalled: bool
    ) -> float:
        """Advance p_c; the share of its variance that is lost because the search stalled."""
        c = shape_rates(structure.dof, len(step), weights.popsize).c_path
        variance = c * (2.0 - c)
        self.shape_path = (1.0 - c) * self.shape_path
        if stalled:
            return variance
        self.shape_path += sqrt(variance * weights.mueff) * step
        return 0.0


class _PathGradient:
    """Candidates and path as the rows of a gradient, for any number of degrees of freedom."""

    def __init__(
        self,
        ranked: FloatArray,
        weights: Weights,
        path: FloatArray,
        lost: float,
        gathered: dict[int, list[Gradient]],
    ) -> None:
        popsize, dim = ranked.shape
        self._rows = np.empty((popsize + 1, dim))
        self._rows[:-1], self._rows[-1] = ranked, path
        self._squares = np.einsum("ij,ij->i", self._rows, self._rows)
        self._worse = slice(weights.parents, popsize)
        self._correction = dim / np.maximum(self._squares[self._worse], 1e-6 * dim)
        self._lost = lost
        self._gathered = gathered
        self._answers: dict[int, Gradient | None] = {}

    def rate(self, dof: int) -> float:
        return self._rates(dof).rate

    def gradient(self, dof: int) -> Gradient | None:
        if dof not in self._answers:
            self._answers[dof] = self._gather(dof)
        return self._answers[dof]

    def _rates(self, dof: int) -> ShapeRates:
        return shape_rates(dof, self._rows.shape[1], len(self._rows) - 1)

    def _gather(self, dof: int) -> Gradient | None:
        rates = self._rates(dof)
        gradient = self._gradient(rates)
        if rates.gap == 1 and dof not in self._gathered:
            return gradient
        gathered = self._gathered.setdefault(dof, [])
        gathered.append(gradient)
        if len(gathered) < rates.gap:
            return None
        return Gradient.total(self._gathered.pop(dof))

    def _gradient(self, rates: ShapeRates) -> Gradient:
        weights = rates.rows.copy()
        weights[self._worse] *= self._correction
        shift = rates.total - rates.c_one * self._lost
        return Gradient(self._rows, weights, shift, float(weights @ self._squares), rates.rate)
