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
from structured_es.search.rates import shape_rates, step_size_rates, weights_for
from structured_es.search.search_distribution import SearchDistribution
from structured_es.search.update_rule import UpdateRule
from structured_es.structures.gradient import FloatArray, Gradient
from structured_es.structures.retraction import Retraction


class Cumulation(UpdateRule):
    """Paths, negative weights and rates by degrees of freedom.

    Args:
        dim: number of variables n.

    Attributes:
        sigma_path: p_s, shape (n,).
        paths: p_c, shape (n,), for each number of degrees of freedom that the structure asks for.
        generations: number of updates so far.
    """

    def __init__(self, dim: int) -> None:
        self.sigma_path = np.zeros(dim)
        self.paths: dict[int, FloatArray] = {}
        self.generations = 0

    def update(
        self, distribution: SearchDistribution, ranked: FloatArray, retraction: Retraction
    ) -> SearchDistribution:
        popsize, dim = ranked.shape
        weights, rates = weights_for(popsize), step_size_rates(dim, popsize)
        step = weights.mean @ ranked
        self._cumulate(step, weights.mueff, rates.c_sigma)
        length = sqrt(self.sigma_path @ self.sigma_path) / rates.expected_length
        limit = 1.4 + 2.0 / (dim + 1.0)
        limit *= sqrt(1.0 - (1.0 - rates.c_sigma) ** (2 * self.generations))
        source = _PathGradient(ranked, weights, step, self.paths, stalled=length > limit)
        structure, log_volume = distribution.structure.update(source, retraction)
        self.paths = source.new_paths
        log_growth = min(1.0, rates.c_sigma / rates.damping * (length - 1.0))
        return distribution.moved(step, exp(log_volume + log_growth), structure)

    def _cumulate(self, step: FloatArray, mueff: float, c_sigma: float) -> None:
        self.generations += 1
        self.sigma_path = (1.0 - c_sigma) * self.sigma_path
        self.sigma_path += sqrt(c_sigma * (2.0 - c_sigma) * mueff) * step


class _PathGradient:
    """Candidates and path as the rows of a gradient, for any number of degrees of freedom."""

    def __init__(
        self,
        ranked: FloatArray,
        weights: Weights,
        step: FloatArray,
        paths: dict[int, FloatArray],
        *,
        stalled: bool,
    ) -> None:
        self._ranked, self._step, self._paths = ranked, step, paths
        self._parents, self._mueff, self._stalled = weights.parents, weights.mueff, stalled
        self.new_paths: dict[int, FloatArray] = {}

    def gradient(self, dof: int) -> Gradient:
        popsize, dim = self._ranked.shape
        rates = shape_rates(dof, dim, popsize)
        gained = 0.0 if self._stalled else rates.c_path * (2.0 - rates.c_path)
        path = self._step * sqrt(gained * self._mueff)
        if dof in self._paths:
            path += (1.0 - rates.c_path) * self._paths[dof]
        self.new_paths[dof] = path
        rows = np.empty((popsize + 1, dim))
        rows[:-1], rows[-1] = self._ranked, path
        squares = np.einsum("ij,ij->i", rows, rows)
        weights = rates.rows.copy()
        weights[self._parents : -1] *= dim / squares[self._parents : -1]
        lost = rates.c_one * rates.c_path * (2.0 - rates.c_path) if self._stalled else 0.0
        return Gradient(rows, weights, rates.total - lost, float(weights @ squares))
