"""The gradient of the default update: candidates and paths of a few generations, as one.

Slow gradients are gathered while the frame hardly moves, where they simply add: it saves time and
changes next to nothing in the search.
"""

from typing import NamedTuple

import numpy as np

from structured_es.search.rates import gathered_rates
from structured_es.structures.arrays import FloatArray, product
from structured_es.structures.gradient import Gradient, GradientSource


class Generation(NamedTuple):
    """What one generation says about the shape.

    Attributes:
        popsize: number of candidates.
        telling: local coordinates of those whose weights count, best first, (t, n).
        dofs: degrees of freedom of each factor, the same in all that are gathered.
        paths: p_c of each factor, (factors, n).
        lost: share of each path's variance that is lost because the search stalled, (factors,).
    """

    popsize: int
    telling: FloatArray
    dofs: tuple[int, ...]
    paths: FloatArray
    lost: FloatArray


class PathGradient(GradientSource):
    """Generations as the rows of a gradient, for each number of degrees of freedom they know.

    Negative weights are scaled by n / |z|^2 (Hansen, arXiv 1604.00772, equation 46).

    Args:
        generations: at least one, in about the same frame.
    """

    def __init__(self, generations: list[Generation]) -> None:
        self._popsizes = tuple([one.popsize for one in generations])
        self._dofs = generations[0].dofs
        self._lost = np.array([one.lost for one in generations])
        count = sum([len(one.telling) for one in generations])
        self._dim = generations[0].telling.shape[1]
        self._rows = np.empty((len(self._dofs), count + len(generations), self._dim))
        np.concatenate([one.telling for one in generations], out=self._rows[0, :count])
        self._rows[1:, :count] = self._rows[0, :count]
        for i, one in enumerate(generations, count):
            self._rows[:, i] = one.paths
        self._squares = np.einsum("ijk,ijk->ij", self._rows, self._rows)
        self._correction = self._dim / np.maximum(self._squares[0], 1e-6 * self._dim)

    def rate(self, dof: int) -> float:
        return gathered_rates(dof, self._dim, self._popsizes, 1.0).rate

    def gradient(self, dof: int, negative: float = 1.0) -> Gradient:
        rates = gathered_rates(dof, self._dim, self._popsizes, negative)
        factor = self._dofs.index(dof)
        weights = np.where(rates.negative, rates.rows * self._correction, rates.rows)
        return Gradient(
            rows=self._rows[factor],
            weights=weights,
            shift=rates.total - float(product(rates.c_one, self._lost[:, factor])),
            square=float(product(weights, self._squares[factor])),
            rate=rates.rate,
        )
